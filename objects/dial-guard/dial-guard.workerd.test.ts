import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

const DAY = '2026-11-23';
const HOUR_MS = 3_600_000;
let guards = 0;
const newGuard = () => env.DIAL_GUARD.getByName(`guard-${(guards += 1)}`);
const NUMBER = '+375290000001';

const admit = (guard: ReturnType<typeof newGuard>, attemptId: string, campaignId = 'c1', day = DAY) =>
  guard.admit({ attemptId, campaignId, number: NUMBER, day, now: Date.now() });

describe('DialGuard', () => {
  it('counts an attempt once, of all campaigns together, and not when it came to nothing', async () => {
    const guard = newGuard();
    await guard.setLimits({ calls_per_number_per_day: 2 });
    expect(await admit(guard, 'a1')).toMatchObject({ ok: true, callsToday: 1, cap: 2 });
    expect(await admit(guard, 'a1')).toMatchObject({ ok: true, callsToday: 1 });
    expect(await admit(guard, 'a2', 'c2')).toMatchObject({ ok: true, callsToday: 2 });
    expect(await admit(guard, 'a3', 'c3')).toMatchObject({ ok: false, code: 'capped', callsToday: 2 });
    // Who was let through before is let through again.
    expect(await admit(guard, 'a2', 'c2')).toMatchObject({ ok: true });
    await guard.release('a1');
    await guard.release('a1');
    expect(await admit(guard, 'a3', 'c3')).toMatchObject({ ok: true });
    expect(await admit(guard, 'a4', 'c1', '2026-11-24')).toMatchObject({ ok: true, callsToday: 1 });
    await guard.setLimits({ calls_per_number_per_day: null });
    expect(await admit(guard, 'a5')).toMatchObject({ ok: true, cap: null });
  });

  it('refuses a listed number, also one that was let through a moment ago, until its time is over', async () => {
    const guard = newGuard();
    expect(await admit(guard, 'a1')).toMatchObject({ ok: true });
    const now = Date.now();
    await guard.addDnc([{ number: NUMBER, reason: 'asked', until: now + HOUR_MS }], 'user:u', now);
    expect(await admit(guard, 'a1')).toMatchObject({
      ok: false,
      code: 'listed',
      reason: 'asked',
      dncVersion: 1,
    });
    expect(await guard.listed([NUMBER, '+375290000002'], now)).toEqual([NUMBER]);
    expect(await guard.listed([NUMBER], now + HOUR_MS)).toEqual([]);
    expect(
      await guard.admit({ attemptId: 'a2', campaignId: 'c', number: NUMBER, day: DAY, now: now + HOUR_MS }),
    ).toMatchObject({ ok: true });
    expect(await guard.removeDnc(NUMBER)).toBe(true);
    expect(await guard.removeDnc(NUMBER)).toBe(false);
  });

  it('knows what it knew after it was evicted, and drops what is old', async () => {
    const guard = newGuard();
    await guard.addDnc([{ number: NUMBER, reason: null, until: null }], 'import', 1);
    await guard.claimAgent('u1', 'c1');
    await guard.setLimits({ calls_per_number_per_day: 7 });
    await evictDurableObject(guard);
    expect(await guard.dnc({ limit: 10 })).toMatchObject({
      items: [{ number: NUMBER }],
      total: 1,
      version: 1,
    });
    expect(await guard.agentCampaign('u1')).toBe('c1');
    expect(await guard.limits()).toEqual({ calls_per_number_per_day: 7 });
    await guard.admit({
      attemptId: 'old',
      campaignId: 'c',
      number: '+375290000009',
      day: '2020-01-01',
      now: 1,
    });
    await guard.addDnc([{ number: '+375290000008', reason: null, until: 5 }], 'import', 1);
    await runDurableObjectAlarm(guard);
    const left = await runInDurableObject(guard, (_, { storage: { sql } }) => [
      sql.exec('SELECT attempt_id FROM admitted').toArray().length,
      sql.exec('SELECT number FROM dnc').toArray().length,
    ]);
    expect(left).toEqual([0, 1]);
    expect(await guard.dnc({ limit: 10 })).toMatchObject({ total: 1 });
  });

  it('lets an agent work in one campaign', async () => {
    const guard = newGuard();
    expect(await guard.claimAgent('u1', 'c1')).toEqual({ before: null });
    expect(await guard.claimAgent('u1', 'c1')).toEqual({ before: null });
    expect(await guard.claimAgent('u1', 'c2')).toEqual({ before: 'c1' });
    await guard.freeAgent('u1', 'c1');
    expect(await guard.agentCampaign('u1')).toBe('c2');
    await guard.freeAgent('u1', 'c2');
    expect(await guard.agentCampaign('u1')).toBeNull();
  });
});
