import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { migrateObject } from '../lib/migrations';
import type { RateLimiterApi } from './contract';
import { RATE_LIMITER_MIGRATIONS } from './migrations';

const POLICY = { free: 2, baseDelayMs: 1_000, maxDelayMs: 8_000, windowMs: 60_000, maxParallel: 4 };

let limiter: DurableObjectStub<RateLimiterApi>;
let turn = 0;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  limiter = env.RATE_LIMITER.getByName(`test:${(turn += 1)}`);
});
afterEach(() => vi.useRealTimers());

const failTimes = async (times: number) => {
  for (let i = 0; i < times; i += 1) {
    expect(await limiter.begin(POLICY)).toEqual({ ok: true });
    const { retryAfterMs } = await limiter.fail(POLICY);
    vi.setSystemTime(Date.now() + retryAfterMs);
  }
};
const tables = () =>
  runInDurableObject(limiter, (_, { storage }) =>
    storage.sql.exec(`SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'`).toArray(),
  );

describe('attempts', () => {
  it('grow a delay that an eviction does not forget', async () => {
    await failTimes(2);
    await limiter.begin(POLICY);
    expect(await limiter.fail(POLICY)).toEqual({ failures: 3, retryAfterMs: 1_000 });
    await evictDurableObject(limiter);
    expect(await limiter.begin(POLICY)).toEqual({ ok: false, retryAfterMs: 1_000 });
    vi.setSystemTime(Date.now() + 1_000);
    expect(await limiter.begin(POLICY)).toEqual({ ok: true });
    expect(await limiter.fail(POLICY)).toEqual({ failures: 4, retryAfterMs: 2_000 });
  });

  it('do not slip past the count in parallel', async () => {
    const tried = await Promise.all(Array.from({ length: 20 }, () => limiter.begin(POLICY)));
    expect(tried.filter((result) => result.ok)).toHaveLength(4);
    await limiter.release();
    expect((await limiter.begin(POLICY)).ok).toBe(true);
  });

  it('are forgotten after a success', async () => {
    await failTimes(5);
    await limiter.begin(POLICY);
    await limiter.succeed();
    await limiter.begin(POLICY);
    expect(await limiter.fail(POLICY)).toEqual({ failures: 1, retryAfterMs: 0 });
  });

  it('leave nothing behind: neither a key without failures nor one whose window is over', async () => {
    await limiter.begin(POLICY);
    await limiter.succeed();
    expect(await tables()).toEqual([]);
    await failTimes(3);
    expect(await tables()).not.toEqual([]);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await runDurableObjectAlarm(limiter)).toBe(true);
    expect(await tables()).toEqual([]);
    await failTimes(1);
  });
});

it('the bucket survives an eviction', async () => {
  const policy = { capacity: 3, refillPerSec: 1 };
  expect(await limiter.take(policy, 2)).toEqual({ ok: true });
  await evictDurableObject(limiter);
  expect(await limiter.take(policy, 2)).toEqual({ ok: false, retryAfterMs: 1_000 });
  vi.setSystemTime(Date.now() + 1_000);
  expect(await limiter.take(policy, 2)).toEqual({ ok: true });
  vi.setSystemTime(Date.now() + 3_000);
  expect(await runDurableObjectAlarm(limiter)).toBe(true);
  expect(await tables()).toEqual([]);
});

it('reads what the first version stored', async () => {
  await runInDurableObject(limiter, (_, { storage }) => {
    migrateObject(storage, RATE_LIMITER_MIGRATIONS.slice(0, 1));
    storage.sql.exec('INSERT INTO attempts VALUES (1, 7, ?, ?)', Date.now(), Date.now() + 5_000);
  });
  await evictDurableObject(limiter);
  expect(await limiter.begin(POLICY)).toEqual({ ok: false, retryAfterMs: 5_000 });
});
