/** What the live socket says of the feed, as text; docs/calls.md has every message. */

/** `prev` is the offset of the event before it that concerned the receiver, so that a hole shows. */
export const eventMessage = (
  { offset, event, data }: { offset: number; event: string; data: string },
  prev: number,
): string => `{"type":"event","offset":${offset},"prev":${prev},"event":"${event}","data":${data}}`;

/** `last`: offset of the newest event that concerned the receiver. */
export const headMessage = (offset: number, last: number): string =>
  `{"type":"head","offset":${offset},"last":${last}}`;

export const helloMessage = (epoch: string, offset: number): string =>
  JSON.stringify({ type: 'hello', epoch, offset });

/** New entries of the tenant's log; no part of the feed, without its offsets. */
export const logMessage = (entries: string): string => `{"type":"log","entries":${entries}}`;

export const RELOAD_MESSAGE = '{"type":"reload"}';
