import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RECONNECT_MAX_MS, RECONNECT_MIN_MS } from '../protocol/limits.ts';
import { freshBackoff, GOOD_AFTER_MS, nextAttempt } from './backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('waits between half a second and half a minute, however often it fails', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20_000), random), { maxLength: 60 }), (endings) => {
      let backoff = freshBackoff;
      for (const [liveMs, chance] of endings) {
        const next = nextAttempt(backoff, { liveMs, refused: false }, chance);
        expect(next.waitMs).toBeGreaterThanOrEqual(RECONNECT_MIN_MS);
        expect(next.waitMs).toBeLessThanOrEqual(RECONNECT_MAX_MS);
        ({ backoff } = next);
      }
    }),
  );
});

it('spreads over the whole range once it failed for long', () => {
  let backoff = freshBackoff;
  for (let failure = 0; failure < 20; failure += 1) {
    ({ backoff } = nextAttempt(backoff, { liveMs: 0, refused: false }, 0.5));
  }
  expect(nextAttempt(backoff, { liveMs: 0, refused: false }, 0).waitMs).toBe(RECONNECT_MIN_MS);
  expect(nextAttempt(backoff, { liveMs: 0, refused: false }, 0.999_999).waitMs).toBe(RECONNECT_MAX_MS);
});

it('starts anew after a good connection, and not after one that was cut at once', () => {
  const tired = { failures: 9 };
  expect(nextAttempt(tired, { liveMs: GOOD_AFTER_MS, refused: false }, 0.999).waitMs).toBeLessThanOrEqual(
    2 * RECONNECT_MIN_MS,
  );
  expect(nextAttempt(tired, { liveMs: 100, refused: false }, 0.999).waitMs).toBeGreaterThan(20_000);
});

it('asks slowly when the edge refuses the bridge', () => {
  expect(nextAttempt(freshBackoff, { liveMs: 0, refused: true }, 0).waitMs).toBe(60_000);
  expect(nextAttempt({ failures: 30 }, { liveMs: 0, refused: true }, 0.999_999).waitMs).toBeLessThanOrEqual(
    300_000,
  );
});
