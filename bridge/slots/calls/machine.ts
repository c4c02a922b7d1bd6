/** A slot's call, followed by what its phone tells. Pure: snapshots and moments in, events out. */
import type { BridgeEventOf } from '../../protocol/events.ts';
import type { Telephony } from './telephony.ts';

type Told = Omit<BridgeEventOf<'slot.call'>, 'slot'>;

export interface Call {
  callId: string | null;
  direction: 'in' | 'out';
  number: string | null;
  /** `asked`: the intent is sent, the phone is not off the hook yet. */
  phase: 'asked' | 'ringing' | 'active';
  since: number;
  /** We ended it. */
  hungUp: boolean;
  /** The phone tells the precise state: a call that was never active was not answered. */
  precise: boolean;
}

export type CallState = Call | null;

export type CallInput =
  | { is: 'asked'; callId: string | null; number: string | null; at: number }
  /** The intent was refused. */
  | { is: 'refused' }
  | { is: 'seen'; telephony: Telephony; at: number }
  | { is: 'hung_up' }
  /** Nothing was heard of the phone for too long: the call can't be followed any more. */
  | { is: 'lost' };

export interface Step {
  call: CallState;
  events: Told[];
}

/** A phone that is not off the hook after this did not take the call. */
export const OFFHOOK_WITHIN_MS = 15_000;

/** android.telephony.DisconnectCause, as far as it says how a call that nobody answered ended. */
const OUT: Record<number, Told['outcome']> = {
  2: 'no_answer',
  3: 'cancelled',
  4: 'busy',
  13: 'no_answer',
  44: 'cancelled',
};
const IN: Record<number, Told['outcome']> = { 1: 'no_answer', 3: 'rejected', 16: 'rejected' };

export function step(call: CallState, input: CallInput): Step {
  switch (input.is) {
    case 'asked': {
      const asked: Call = {
        callId: input.callId,
        direction: 'out',
        number: input.number,
        phase: 'asked',
        since: input.at,
        hungUp: false,
        precise: false,
      };
      return { call: asked, events: [told(asked, 'ringing', null)] };
    }
    case 'refused':
      return call === null ? still(null) : end(call, 'failed');
    case 'hung_up':
      return still(call === null ? null : { ...call, hungUp: true });
    case 'lost':
      return call === null ? still(null) : end(call, call.phase === 'active' ? 'answered' : null);
    case 'seen':
      return seen(call, input.telephony, input.at);
  }
}

function seen(call: CallState, telephony: Telephony, at: number): Step {
  if (call === null) return telephony.state === 'idle' ? still(null) : found(telephony, at);
  if (telephony.state === 'idle') {
    if (call.phase === 'asked' && !call.hungUp && at - call.since < OFFHOOK_WITHIN_MS) return still(call);
    if (call.phase === 'asked') return end(call, call.hungUp ? 'cancelled' : 'failed');
    return end(call, outcomeOf(call, telephony));
  }
  const precise = call.precise || telephony.precise !== null;
  const number = call.number ?? telephony.number;
  const known: Call = { ...call, precise, number };
  if (call.phase === 'active') return still(known);
  if (isActive(call, telephony)) {
    const active: Call = { ...known, phase: 'active' };
    return { call: active, events: [told(active, 'active', null)] };
  }
  if (call.phase === 'asked') return still({ ...known, phase: 'ringing' });
  // The number of an incoming call may come a moment after the ring.
  if (call.number === null && number !== null) return { call: known, events: [told(known, 'ringing', null)] };
  return still(known);
}

/** A call that we did not ask for: incoming, or dialled on the phone itself. */
function found(telephony: Telephony, at: number): Step {
  const incoming =
    telephony.state === 'ringing' || telephony.precise === 'incoming' || telephony.precise === 'waiting';
  const call: Call = {
    callId: null,
    direction: incoming ? 'in' : 'out',
    number: incoming ? telephony.number : null,
    phase: 'ringing',
    since: at,
    hungUp: false,
    precise: telephony.precise !== null,
  };
  const events = [told(call, 'ringing', null)];
  if (!isActive(call, telephony)) return { call, events };
  const active: Call = { ...call, phase: 'active' };
  return { call: active, events: [...events, told(active, 'active', null)] };
}

function isActive(call: Call, telephony: Telephony): boolean {
  if (telephony.state !== 'offhook') return false;
  if (telephony.precise === 'active' || telephony.precise === 'holding') return true;
  // A ringing call that went off the hook was answered on this phone; the precise state is not needed to know.
  return call.direction === 'in' && call.phase === 'ringing' && telephony.precise === null;
}

function outcomeOf(call: Call, telephony: Telephony): Told['outcome'] {
  if (call.phase === 'active') return 'answered';
  if (call.hungUp) return call.direction === 'in' ? 'rejected' : 'cancelled';
  const { cause } = telephony;
  if (call.direction === 'in') return (cause !== null ? IN[cause] : undefined) ?? 'no_answer';
  // Without the precise state a call that was talked in looks the same as one that was not.
  if (!call.precise) return null;
  if (cause === null || cause === 0) return 'no_answer';
  return OUT[cause] ?? 'failed';
}

const still = (call: CallState): Step => ({ call, events: [] });

const end = (call: Call, outcome: Told['outcome']): Step => ({
  call: null,
  events: [told(call, 'ended', outcome)],
});

const told = (call: Call, state: Told['state'], outcome: Told['outcome']): Told => ({
  call_id: call.callId,
  direction: call.direction,
  number: call.number,
  state,
  outcome,
});
