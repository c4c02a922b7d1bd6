import { describe, expect, it } from 'vitest';
import type { Chats } from './chats';
import type { InboxChange } from './contract';
import { Teller } from './teller';
import type { Views } from './views';

/** A teller whose messages arrive when the test says so. Looks alone are told: no chat is read. */
function newTeller() {
  const sent: InboxChange[][] = [];
  const arrive: ((error?: Error) => void)[] = [];
  let retries = 0;
  const chats = { rev: 1 };
  const teller = new Teller(
    {
      chats: chats as Chats,
      views: {} as Views,
      send: (changes) =>
        new Promise((done, fail) => {
          sent.push(changes);
          arrive.push((error) => (error === undefined ? done() : fail(error)));
        }),
      later: () => {
        retries += 1;
      },
    },
    false,
  );
  return { teller, chats, sent, arrive, retries: () => retries };
}

const LOOK = { chat: null, messages: null };

describe('a look that is told', () => {
  it('is told again where another was asked for meanwhile', async () => {
    const { teller, chats, sent, arrive } = newTeller();
    teller.noteAll();
    const told = teller.tell();
    chats.rev = 2;
    teller.noteAll();
    arrive[0]?.();
    await expect.poll(() => sent.length).toBe(2);
    expect(teller.idle).toBe(false);
    arrive[1]?.();
    await told;
    expect(sent).toEqual([[{ prev: 1, rev: 1, ...LOOK }], [{ prev: 1, rev: 2, ...LOOK }]]);
    expect(teller.idle).toBe(true);
  });

  it('waits again where nobody heard it', async () => {
    const { teller, sent, arrive, retries } = newTeller();
    teller.noteAll();
    const told = teller.tell();
    arrive[0]?.(new Error('away'));
    await told;
    expect(retries()).toBe(1);
    expect(teller.waiting).toBe(true);
    const again = teller.tell();
    arrive[1]?.();
    await again;
    expect(sent).toHaveLength(2);
    expect(teller.idle).toBe(true);
  });
});
