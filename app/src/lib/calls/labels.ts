import { m } from '#lib/paraglide/messages.js';
import type { Call, CallDirection, CallOutcome, CallStatus } from '#lib/api/model.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';

const STATUS: Record<Exclude<CallStatus, 'ended'>, { text: () => string; tone: BadgeTone }> = {
  queued: { text: m.status_queued, tone: 'neutral' },
  ringing: { text: m.status_ringing, tone: 'warn' },
  connected: { text: m.status_connected, tone: 'ok' },
};

const OUTCOME: Record<CallOutcome, { text: () => string; tone: BadgeTone }> = {
  answered: { text: m.outcome_answered, tone: 'ok' },
  no_answer: { text: m.outcome_no_answer, tone: 'neutral' },
  busy: { text: m.outcome_busy, tone: 'warn' },
  rejected: { text: m.outcome_rejected, tone: 'bad' },
  failed: { text: m.outcome_failed, tone: 'bad' },
  cancelled: { text: m.outcome_cancelled, tone: 'neutral' },
};

const DIRECTION: Record<CallDirection, () => string> = {
  in: m.direction_in,
  out: m.direction_out,
  internal: m.direction_internal,
};

const SOURCE: Record<Call['source'], () => string> = {
  phone: m.source_phone,
  pbx: m.source_pbx,
  slot: m.source_slot,
};

/** What a call runs over. */
export const sourceText = ({ source, slot }: Pick<Call, 'source' | 'slot'>): string =>
  slot === null ? SOURCE[source]() : m.source_slot_number({ id: slot });

/** What a call of this kind runs over. */
export const sourceName = (source: Call['source']): string => SOURCE[source]();

/** How a call ended; null: nothing says it. */
export const outcomeText = (outcome: CallOutcome | null): string =>
  outcome === null ? m.outcome_unknown() : OUTCOME[outcome].text();

export const directionText = (direction: CallDirection): string => DIRECTION[direction]();

/** What a call's badge says: where it stands while it runs, how it ended afterwards. */
export function standing(call: Pick<Call, 'status' | 'outcome'>): {
  text: string;
  tone: BadgeTone;
  live: boolean;
} {
  if (call.status !== 'ended')
    return { text: STATUS[call.status].text(), tone: STATUS[call.status].tone, live: true };
  if (call.outcome === null) return { text: m.outcome_unknown(), tone: 'neutral', live: false };
  return { text: OUTCOME[call.outcome].text(), tone: OUTCOME[call.outcome].tone, live: false };
}

/** A simulator's name without the word every simulator's begins with: a badge beside it says the same in any language. */
export const deviceName = (device: { name: string; simulator: boolean }): string =>
  device.simulator ? device.name.replace(/^Simulator: /, '') : device.name;

export const stateText = (state: CallStatus): string =>
  state === 'ended' ? m.status_ended() : STATUS[state].text();
