/**
 * What the Worker and a PhoneQueue say to each other over the socket that carries parked polls. On the edge a socket
 * carries the one poll of one request; a self-hosted line carries up to `POLLS_PER_CHANNEL` of them, each under its
 * own number. Frames are text: one letter, the poll's number, then what belongs to it.
 */

/** So many that the socket's attachment, in which they survive the object's sleep, stays under its 2,048 bytes. */
export const POLLS_PER_CHANNEL = 14;

/** Header of the upgrade request with the one poll of a request; absent on a line. */
export const POLL_HEADER = 'x-phone-poll';
/** Header of the 101 answer: how long an empty plain poll is held, milliseconds. */
export const HOLD_HEADER = 'x-hold-ms';

/** Close code: the poll was answered empty or its phone is gone; a command sent to it meanwhile was not handed over. */
export const CLOSE_ENDED = 4204;
/** Close code: nothing is left to say. */
export const CLOSE_DONE = 1000;

/** A poll as the Worker announces it, its token verified. */
export interface PollRequest {
  n: number;
  userId: string;
  sid: string;
  deviceId: string;
  /** It came with `wait_seconds`. */
  long: boolean;
}

/** What becomes of a poll besides its command. */
export type PollVerdict = 'superseded' | 'unauthorized' | 'forbidden';

/** Worker → object. */
export type ToQueue = { type: 'poll'; poll: PollRequest } | { type: 'ended'; n: number };

/** Object → Worker. `command.body` is the JSON the phone gets. */
export type ToWorker =
  | { type: 'command'; n: number; body: string }
  | { type: 'parked'; n: number; holdMs: number }
  | { type: PollVerdict; n: number };

const LETTERS = { superseded: 'S', unauthorized: 'U', forbidden: 'F' } as const;
const VERDICTS: Readonly<Record<string, PollVerdict>> = {
  S: 'superseded',
  U: 'unauthorized',
  F: 'forbidden',
};

export const encodeToQueue = (frame: ToQueue): string =>
  frame.type === 'poll' ? `P${JSON.stringify(frame.poll)}` : `E${frame.n}`;

/** Null for anything that is no frame of ours. */
export function decodeToQueue(text: string): ToQueue | null {
  if (text.startsWith('E')) return { type: 'ended', n: Number(text.slice(1)) };
  return text.startsWith('P') ? { type: 'poll', poll: JSON.parse(text.slice(1)) as PollRequest } : null;
}

export function encodeToWorker(frame: ToWorker): string {
  if (frame.type === 'command') return `C${frame.n} ${frame.body}`;
  if (frame.type === 'parked') return `K${frame.n} ${frame.holdMs}`;
  return `${LETTERS[frame.type]}${frame.n}`;
}

/** Null for anything that is no frame of ours. */
export function decodeToWorker(text: string): ToWorker | null {
  const space = text.indexOf(' ');
  const n = Number(space < 0 ? text.slice(1) : text.slice(1, space));
  const letter = text.charAt(0);
  if (letter === 'C') return { type: 'command', n, body: text.slice(space + 1) };
  if (letter === 'K') return { type: 'parked', n, holdMs: Number(text.slice(space + 1)) };
  const verdict = VERDICTS[letter];
  return verdict === undefined ? null : { type: verdict, n };
}
