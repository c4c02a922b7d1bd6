import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotHolder } from '../contract';
import {
  expire,
  FREE,
  holderOf,
  nextEnd,
  putOff,
  release,
  releaseAll,
  seenBusy,
  seenIdle,
  take,
  type HoldState,
} from './holds';

const call = (id: string, userId = 'olga'): SlotHolder => ({ kind: 'call', id, userId });
const script = (id: string, userId = 'olga'): SlotHolder => ({ kind: 'script', id, userId });
const command = (id: string, userId = 'olga'): SlotHolder => ({ kind: 'command', id, userId });
const person = (userId: string): SlotHolder => ({ kind: 'user', id: userId, userId });

/** Takes what must be free. */
function taken(state: HoldState, holder: SlotHolder, now = 1_000, life = 1_000, shared = false) {
  const result = take(state, holder, now, life, shared);
  if (!result.ok) throw new Error(`held by ${result.by.kind} ${result.by.id}`);
  return result;
}

describe('a hold', () => {
  it('has one holder until it is released', () => {
    const first = taken(FREE, call('c_1'));
    expect(take(first.state, call('c_2'), 1_001, 1_000)).toEqual({ ok: false, by: call('c_1') });
    const free = release(first.state, first.fence);
    expect(holderOf(free)).toBeNull();
    expect(taken(free, call('c_2'), 1_001).fence).toBeGreaterThan(first.fence);
  });

  it('ends by the clock, and not a moment sooner', () => {
    const { state } = taken(FREE, call('c_1'), 1_000, 500);
    expect(nextEnd(state)).toBe(1_500);
    expect(expire(state, 1_499)).toBe(state);
    expect(holderOf(expire(state, 1_500))).toBeNull();
    expect(take(state, call('c_2'), 1_500, 1)).toMatchObject({ ok: true });
  });

  it('is not ended by a former holder’s fence', () => {
    const first = taken(FREE, call('c_1'));
    const second = taken(release(first.state, first.fence), call('c_2'), 1_010);
    expect(release(second.state, first.fence)).toBe(second.state);
  });

  it('gives larger fences even when the count was lost', () => {
    const before = taken(FREE, call('c_1'), 5_000);
    expect(taken(FREE, call('c_2'), 6_000).fence).toBeGreaterThan(before.fence);
  });

  it('is waited for a little when its phone is idle, and goes on when it is not', () => {
    const { state } = taken(FREE, script('gacs_1_001'), 1_000, 100_000);
    const idle = seenIdle(state, 2_000, 15_000);
    expect(nextEnd(idle)).toBe(17_000);
    expect(nextEnd(seenIdle(idle, 9_000, 15_000))).toBe(17_000);
    expect(nextEnd(seenBusy(idle))).toBe(101_000);
    const reserved = taken(FREE, person('olga')).state;
    expect(seenIdle(reserved, 1_000, 1)).toBe(reserved);
  });
});

describe('a hold whose bridge is away', () => {
  it('is put off for calls and scripts, never shortened, and not for people and commands', () => {
    const { state } = taken(FREE, call('c_1'), 1_000, 500);
    expect(nextEnd(putOff(state, 9_000))).toBe(9_000);
    expect(nextEnd(seenBusy(seenIdle(putOff(state, 9_000), 2_000, 10)))).toBe(9_000);
    expect(putOff(state, 1_200)).toBe(state);
    for (const holder of [person('olga'), command('cmd_1_1')]) {
      const other = taken(FREE, holder).state;
      expect(putOff(other, 90_000)).toBe(other);
    }
  });
});

describe('commands', () => {
  it('of one person share the slot; of another wait', () => {
    const first = taken(FREE, command('cmd_1_1'), 1_000, 1_000, true);
    const second = taken(first.state, command('cmd_1_2'), 1_500, 1_000, true);
    expect(second.fence).toBe(first.fence);
    expect(nextEnd(second.state)).toBe(2_500);
    expect(take(second.state, command('cmd_1_3', 'oleg'), 1_600, 1_000, true)).toMatchObject({ ok: false });
    expect(take(second.state, call('c_1'), 1_600, 1_000)).toMatchObject({ ok: false });
    expect(take(second.state, command('reboot'), 1_600, 1_000)).toMatchObject({ ok: false });
  });
});

describe('a reservation', () => {
  it('keeps others out and lets its person work', () => {
    const reserved = taken(FREE, person('olga'), 1_000, 60_000);
    expect(take(reserved.state, call('c_1', 'oleg'), 1_001, 10)).toEqual({ ok: false, by: person('olga') });
    expect(take(reserved.state, person('oleg'), 1_001, 10)).toEqual({ ok: false, by: person('olga') });
    const working = taken(reserved.state, call('c_2'), 1_001, 10);
    expect(holderOf(working.state)?.holder).toEqual(call('c_2'));
    const done = release(working.state, working.fence);
    expect(holderOf(done)?.holder).toEqual(person('olga'));
  });

  it('is prolonged by its own person', () => {
    const first = taken(FREE, person('olga'), 1_000, 1_000);
    const again = taken(first.state, person('olga'), 1_500, 1_000);
    expect(again.fence).toBe(first.fence);
    expect(nextEnd(again.state)).toBe(2_500);
  });

  it('can’t be made on a slot that works', () => {
    const { state } = taken(FREE, call('c_1'));
    expect(take(state, person('olga'), 1_001, 10)).toEqual({ ok: false, by: call('c_1') });
  });

  it('is gone with everything else by force, and the fence stays', () => {
    const reserved = taken(FREE, person('olga'));
    const working = taken(reserved.state, call('c_1'), 1_001);
    const free = releaseAll(working.state);
    expect(holderOf(free)).toBeNull();
    expect(free.fence).toBe(working.fence);
  });
});

describe('whatever happens', () => {
  const who = fc.constantFrom('olga', 'oleg', 'boss');
  const step = fc.oneof(
    fc.record({
      do: fc.constant('take' as const),
      kind: fc.constantFrom('call' as const, 'script' as const, 'command' as const, 'user' as const),
      who,
      life: fc.integer({ min: 1, max: 400 }),
    }),
    fc.record({ do: fc.constant('release' as const), which: fc.nat(30) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ do: fc.constant('idle' as const) }),
    fc.record({ do: fc.constant('force' as const) }),
  );

  it('two holders never overlap, and fences only grow', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let state = FREE;
        let now = 1_000;
        let largest = 0;
        const fences: number[] = [];
        /** What a reader of the log would say is live: by fence, with its end. */
        let live: { fence: number; who: string; kind: string; until: number }[] = [];
        steps.forEach((at, index) => {
          live = live.filter(({ until }) => until > now);
          if (at.do === 'wait') now += at.ms;
          else if (at.do === 'force') {
            state = releaseAll(state);
            live = [];
          } else if (at.do === 'idle') {
            state = seenIdle(state, now, 50);
            live = live.map((held) =>
              held.kind === 'call' || held.kind === 'script'
                ? { ...held, until: Math.min(held.until, now + 50) }
                : held,
            );
          } else if (at.do === 'release') {
            const fence = fences[at.which % Math.max(1, fences.length)] ?? -1;
            state = release(state, fence);
            live = live.filter((held) => held.fence !== fence);
          } else {
            const holder: SlotHolder = {
              kind: at.kind,
              id: at.kind === 'user' ? at.who : `w${index}`,
              userId: at.who,
            };
            const result = take(state, holder, now, at.life);
            const others = live.filter((held) => held.kind !== 'user' || held.who !== at.who);
            // A new holder is let in exactly when nothing but the person's own reservation is live.
            const mayEnter =
              at.kind === 'user'
                ? live.every((held) => held.who === at.who) &&
                  (live.length === 0 || live.some((held) => held.kind === 'user'))
                : others.length === 0;
            expect(result.ok).toBe(mayEnter);
            if (!result.ok) return;
            ({ state } = result);
            const known = live.find((held) => held.fence === result.fence);
            if (known !== undefined) known.until = result.until;
            else {
              expect(result.fence).toBeGreaterThan(largest);
              largest = result.fence;
              fences.push(result.fence);
              live.push({ fence: result.fence, who: at.who, kind: at.kind, until: result.until });
            }
          }
          const settled = expire(state, now);
          const work = live.filter((held) => held.kind !== 'user' && held.until > now);
          expect(work.length).toBeLessThanOrEqual(1);
          expect(settled.work?.fence ?? null).toBe(work[0]?.fence ?? null);
          const reserved = live.find((held) => held.kind === 'user' && held.until > now);
          expect(settled.reserved?.fence ?? null).toBe(reserved?.fence ?? null);
        });
      }),
      { numRuns: 500 },
    );
  });
});
