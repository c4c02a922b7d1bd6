import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeOf, follow } from './follow';
import type { Change, Chat } from './model';

const chat = (id: string, rev: number): Chat => ({ id, rev }) as Chat;
const change = (prev: number, rev: number, id: string | null = 'c'): Change => ({
  prev,
  rev,
  chat: id === null ? null : chat(id, rev),
  messages: [],
});

describe('changeOf', () => {
  it('reads a change and refuses what is none', () => {
    expect(changeOf({ prev: 1, rev: 2, chat: { id: 'c' }, messages: null })).toMatchObject({
      prev: 1,
      rev: 2,
    });
    for (const bad of [
      null,
      7,
      {},
      { prev: -1, rev: 2, chat: null, messages: null },
      { prev: 1, rev: 2, chat: {} },
    ])
      expect(changeOf(bad), JSON.stringify(bad)).toBeNull();
  });
});

describe('follow', () => {
  it('takes what follows on what is known, all of it at once', () => {
    const told = [change(5, 9, 'a'), change(5, 9, 'b')];
    const { known, effects } = follow(5, told);
    expect(known).toBe(9);
    expect(effects.map((effect) => effect.do)).toEqual(['apply', 'apply']);
  });

  it('shows what is told beyond a hole and asks for what lies in it', () => {
    const { known, effects } = follow(5, [change(7, 9)]);
    expect(known).toBe(5);
    expect(effects.map((effect) => effect.do)).toEqual(['apply', 'catch_up']);
  });

  it('asks where it is told to look, even when nothing seems to be missing', () => {
    expect(follow(9, [change(9, 9, null)]).effects).toEqual([{ do: 'catch_up' }]);
  });

  it('never believes to know more than it was told or asked for, whatever is lost, repeated or late', () => {
    /** One change of a chat after the other, told two at a time; a client that asks is told how far the inbox is. */
    const rounds = fc.array(
      fc.record({ grows: fc.integer({ min: 1, max: 3 }), lost: fc.boolean(), repeat: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(rounds, (told) => {
        let [rev, known] = [0, 0];
        const seen = new Set<number>();
        for (const { grows, lost, repeat } of told) {
          const prev = rev;
          rev += grows;
          const changes = Array.from({ length: grows }, (_, n) => ({
            ...change(prev, rev, `c${prev + n + 1}`),
          }));
          if (lost) continue;
          for (let time = 0; time < (repeat ? 2 : 1); time += 1) {
            const result = follow(known, changes);
            known = result.known;
            for (const effect of result.effects) {
              if (effect.do === 'apply') seen.add(Number(effect.change.chat.id.slice(1)));
              else {
                for (let n = known + 1; n <= rev; n += 1) seen.add(n);
                known = rev;
              }
            }
          }
          for (let n = 1; n <= known; n += 1) expect(seen.has(n)).toBe(true);
          expect(known).toBe(rev);
        }
      }),
    );
  });
});
