import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { Timers } from './timers';

let turn = 0;
/** Storage that has the table already: a BridgeLink's. */
const withTimers = (
  work: (timers: Timers, storage: DurableObjectStorage) => Promise<void>,
): Promise<void> => {
  turn += 1;
  return runInDurableObject(env.BRIDGE_LINK.getByName(`0101:timers-${turn}`), (_, { storage }) =>
    work(new Timers(storage), storage),
  );
};
const FAR = Date.now() + 3_600_000;

it('keeps one alarm for the earliest of many', () =>
  withTimers(async (timers, storage) => {
    timers.set('b', FAR + 2_000);
    timers.set('a', FAR + 1_000);
    timers.set('c', FAR + 3_000);
    expect(await storage.getAlarm()).toBe(FAR + 1_000);
    expect(timers.due(FAR + 2_000)).toEqual(['a', 'b']);
    expect(await storage.getAlarm()).toBe(FAR + 3_000);
    expect(timers.due(FAR + 2_999)).toEqual([]);
    expect(timers.due(FAR + 3_000)).toEqual(['c']);
    expect(timers.due(FAR + 9_000)).toEqual([]);
  }));

it('moves a timer, keeps the sooner one where asked, and forgets a cleared one', () =>
  withTimers(async (timers, storage) => {
    timers.set('a', FAR);
    timers.setBy('a', FAR + 5_000);
    expect(timers.at('a')).toBe(FAR);
    timers.setBy('a', FAR - 5_000);
    expect(timers.at('a')).toBe(FAR - 5_000);
    timers.set('a', FAR + 7_000);
    expect(timers.at('a')).toBe(FAR + 7_000);
    timers.clear('a');
    expect(timers.at('a')).toBeNull();
    expect(timers.due(FAR + 9_000)).toEqual([]);
    expect(await storage.getAlarm()).not.toBeNull();
  }));

it('sets its alarm again in the object’s next life', () =>
  withTimers(async (timers, storage) => {
    timers.set('a', FAR);
    await storage.deleteAlarm();
    new Timers(storage).resume();
    expect(await storage.getAlarm()).toBe(FAR);
  }));
