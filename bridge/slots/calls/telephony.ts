/**
 * Reads `dumpsys telephony.registry`: what the phone says of its calls. The call's own state has been printed since
 * Android 4; whether the other side answered only where the phone prints the precise state (`mForegroundCallState`
 * since Android 6 for all SIMs together, since 10 for each; `mPreciseCallState` beside it).
 */
export interface Telephony {
  state: 'idle' | 'ringing' | 'offhook';
  /** Of the call in front, by PreciseCallState: null where this phone does not tell. */
  precise: 'idle' | 'active' | 'holding' | 'dialing' | 'alerting' | 'incoming' | 'waiting' | 'ended' | null;
  /** Of an incoming call; null when hidden or not told. */
  number: string | null;
  /** DisconnectCause of the last call; null where it is not told. */
  cause: number | null;
}

const STATES = ['idle', 'ringing', 'offhook'] as const;
const PRECISE = [
  'idle',
  'active',
  'holding',
  'dialing',
  'alerting',
  'incoming',
  'waiting',
  'ended',
  'ended',
] as const;

const numbers = (text: string, pattern: RegExp): number[] =>
  [...text.matchAll(pattern)].map((match) => Number(match[1]));

/** Null for a text that does not tell of calls: a tablet, a refused dump, a cut one. */
export function parseTelephony(text: string): Telephony | null {
  // The lists of listeners and the log further down repeat the names with values of long ago.
  const now = text.split(/^\s*(?:local logs|registrations):/m)[0] ?? '';
  const phones = now.split(/^\s*Phone Id=\d+/m);
  // Android 5 and earlier print one phone without a heading.
  const parts = phones.length > 1 ? phones.slice(1) : phones;
  const states = parts.map((part) => numbers(part, /^\s*mCallState=(\d)/gm)[0]);
  if (states.every((state) => state === undefined)) return null;
  // Of two SIMs the one with a call counts; a ringing one before one in a talk.
  const order = [1, 2, 0];
  const which = order.map((wanted) => states.indexOf(wanted)).find((index) => index >= 0) ?? 0;
  const part = parts[which] ?? '';
  const number = /^[ \t]*mCallIncomingNumber=(.*)$/m.exec(part)?.[1]?.trim() ?? '';
  return {
    state: STATES[states[which] ?? 0] ?? 'idle',
    precise: preciseOf(part, now),
    number: /^\+?[0-9*#]{2,30}$/.test(number) ? number : null,
    cause: causeOf(part, now),
  };
}

function preciseOf(part: string, all: string): Telephony['precise'] {
  const front = last(part, all, /mForegroundCallState=(-?\d+)/g, /Foreground call state: (-?\d+)/g);
  const ringing = last(part, all, /mRingingCallState=(-?\d+)/g, /Ringing call state: (-?\d+)/g);
  if (front === null) return null;
  // -1: not valid, the telephony service never told anything.
  if (front < 0) return null;
  if (front === 0 && ringing !== null && ringing > 0) return PRECISE[ringing] ?? null;
  return PRECISE[front] ?? null;
}

function causeOf(part: string, all: string): number | null {
  const cause = last(part, all, /mCallDisconnectCause=(-?\d+)/g, /[,{ ]Disconnect cause: (-?\d+)/g);
  return cause === null || cause < 0 ? null : cause;
}

/** The value where the phone of this call prints it, else where it is printed for all. */
function last(part: string, all: string, ...patterns: RegExp[]): number | null {
  for (const text of [part, all]) {
    for (const pattern of patterns) {
      const value = numbers(text, pattern).at(-1);
      if (value !== undefined) return value;
    }
  }
  return null;
}
