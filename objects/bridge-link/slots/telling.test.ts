import { describe, expect, it } from 'vitest';
import type { SlotState } from '../contract';
import { Telling, TELL_TIMER } from './telling';

/** A telling whose hub takes, refuses or keeps waiting, and whose timers are to be seen. */
function bench() {
  const timers = new Map<string, number>();
  const told: number[][] = [];
  const hub = { answer: (): Promise<void> => Promise.resolve() };
  const telling = new Telling({
    timers: {
      set: (name, at) => void timers.set(name, at),
      setBy: (name, at) => void timers.set(name, Math.min(at, timers.get(name) ?? at)),
      clear: (name) => void timers.delete(name),
    },
    now: () => 1_000,
    // 9 is a slot that is gone.
    statesOf: (ids) => [...ids].filter((id) => id !== 9).map((id) => ({ id }) as SlotState),
    tell: async (states) => {
      await hub.answer();
      told.push(states.map(({ id }) => id));
    },
  });
  return { telling, timers, told, hub };
}

describe('telling', () => {
  it('tells each changed slot once, and needs no timer when it worked', async () => {
    const { telling, timers, told } = bench();
    for (const id of [1, 2, 1, 9]) telling.changed(id);
    expect(timers.get(TELL_TIMER)).toBe(6_000);
    await telling.flush();
    expect(told).toEqual([[1, 2]]);
    expect(timers.size).toBe(0);
    await telling.flush();
    expect(told).toHaveLength(1);
  });

  it('says nothing of slots that are gone', async () => {
    const { telling, timers, told } = bench();
    telling.changed(9);
    await telling.flush();
    expect([told, timers.size]).toEqual([[], 0]);
  });

  it('tries again by its timer while the hub is away', async () => {
    const { telling, timers, told, hub } = bench();
    hub.answer = () => Promise.reject(new Error('away'));
    telling.changed(1);
    await telling.flush();
    expect(timers.get(TELL_TIMER)).toBe(6_000);
    telling.changed(2);
    hub.answer = () => Promise.resolve();
    await telling.flush();
    expect(told).toEqual([[1, 2]]);
    expect(timers.size).toBe(0);
  });

  it('takes along what changes while it tells, in order', async () => {
    const { telling, timers, told, hub } = bench();
    let release = (): void => undefined;
    hub.answer = () => new Promise((resolve) => (release = resolve));
    telling.changed(1);
    const first = telling.flush();
    telling.changed(2);
    telling.changed(1);
    await telling.flush();
    expect(told).toEqual([]);
    hub.answer = () => Promise.resolve();
    release();
    await first;
    expect(told).toEqual([[1], [2, 1]]);
    expect(timers.size).toBe(0);
  });
});
