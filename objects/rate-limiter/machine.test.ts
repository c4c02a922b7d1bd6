import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABANDONED_MS, afterFailure, fullAt, mayBegin, NO_ATTEMPTS, takeTokens } from './machine';

const POLICY = { free: 3, baseDelayMs: 1_000, maxDelayMs: 8_000, windowMs: 60_000, maxParallel: 4 };
const NOW = 1_000_000;

const failed = (times: number, at = NOW) => {
  let attempts = NO_ATTEMPTS;
  for (let i = 0; i < times; i += 1) attempts = afterFailure(attempts, POLICY, at);
  return attempts;
};

describe('failed attempts', () => {
  it('cost nothing while they are free, then a delay that doubles up to its maximum', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 60].map((times) => failed(times).lockedUntil - NOW);
    expect(delays).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it('refuse until the delay is over, and say how long', () => {
    const attempts = failed(5);
    expect(mayBegin(attempts, [], POLICY, NOW + 500)).toEqual({ ok: false, retryAfterMs: 1_500 });
    expect(mayBegin(attempts, [], POLICY, NOW + 2_000)).toEqual({ ok: true });
  });

  it('are forgotten a window after the last one', () => {
    expect(afterFailure(failed(10), POLICY, NOW + 59_999).failures).toBe(11);
    expect(afterFailure(failed(10), POLICY, NOW + 60_000).failures).toBe(1);
  });

  it('under way at once are limited, to one beyond the free ones, and abandoned ones do not count', () => {
    const open = [NOW, NOW, NOW, NOW];
    expect(mayBegin(NO_ATTEMPTS, open.slice(1), POLICY, NOW).ok).toBe(true);
    expect(mayBegin(NO_ATTEMPTS, open, POLICY, NOW).ok).toBe(false);
    expect(mayBegin(failed(4), [NOW], POLICY, NOW + 2_000).ok).toBe(false);
    expect(mayBegin(NO_ATTEMPTS, open, POLICY, NOW + ABANDONED_MS).ok).toBe(true);
  });
});

describe('the bucket', () => {
  const policy = { capacity: 5, refillPerSec: 2 };

  it('never gives more than its burst and its refill over any stretch of time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }), (gaps) => {
        let bucket = null;
        let now = NOW;
        let given = 0;
        for (const gap of gaps) {
          now += gap;
          const taken = takeTokens(bucket, policy, 1, now);
          bucket = taken.bucket;
          if (taken.result.ok) given += 1;
        }
        expect(given).toBeLessThanOrEqual(
          policy.capacity + ((now - NOW) / 1_000) * policy.refillPerSec + 1e-6,
        );
      }),
    );
  });

  it('keeps its word about when to come back', () => {
    let { bucket } = takeTokens(null, policy, 5, NOW);
    const refused = takeTokens(bucket, policy, 1, NOW + 100).result;
    expect(refused).toEqual({ ok: false, retryAfterMs: 400 });
    bucket = takeTokens(bucket, policy, 1, NOW + 100).bucket;
    expect(takeTokens(bucket, policy, 1, NOW + 500).result.ok).toBe(true);
  });

  it('gives nothing for a clock that went back, and knows when it is full', () => {
    const { bucket } = takeTokens(null, policy, 5, NOW);
    expect(takeTokens(bucket, policy, 1, NOW - 60_000).result.ok).toBe(false);
    expect(fullAt(bucket, policy)).toBe(NOW + 2_500);
  });
});
