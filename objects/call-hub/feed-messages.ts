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

/** What is told beside the feed, without its offsets: by topic the name of the list that the message carries. */
const ASIDES = { log: 'entries', inbox: 'changes' } as const;

/** Told to those subscribers who may see the topic. `list`: JSON text. */
export interface Aside {
  topic: keyof typeof ASIDES;
  list: string;
}

export const asideMessage = ({ topic, list }: Aside): string =>
  `{"type":"${topic}","${ASIDES[topic]}":${list}}`;

export const RELOAD_MESSAGE = '{"type":"reload"}';
