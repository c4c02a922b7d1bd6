/** Replies on their way to the server, beside the messages it has. Pure. */
import type { Message } from './model';

export interface Unsent {
  /** Its idempotency key. */
  key: string;
  text: string;
  /** Highest `number` that was on screen when it was written: what the server made of it stands above. */
  after: number;
}

/**
 * Those that are not among the messages yet. The socket may tell of a message before the answer to its request comes; it
 * is known by its author and words, each message standing for one reply.
 */
export function notYetThere<T extends Unsent>(
  rows: readonly T[],
  messages: readonly Message[],
  me: string,
): readonly T[] {
  if (rows.length === 0) return rows;
  const lowest = Math.min(...rows.map(({ after }) => after));
  const mine = messages.filter(({ author, number }) => author?.id === me && number > lowest);
  const taken = new Set<string>();
  return rows.filter((row) => {
    const match = mine.find(
      ({ id, number, text }) => !taken.has(id) && number > row.after && text === row.text,
    );
    if (match !== undefined) taken.add(match.id);
    return match === undefined;
  });
}
