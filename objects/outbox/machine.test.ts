import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, afterAttempt, backoff, CLOSED, judge, POLICY, type Breaker, type Outcome } from './machine';

const FAILED: Outcome = { kind: 'failed', error: 'down' };
const half = () => 0.5;

describe('backoff', () => {
  it('doubles up to its ceiling, jittered over the whole of it', () => {
    expect([1, 2, 3, 7, 20].map((n) => backoff(n, () => 0.999_999))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000,
    ]);
    expect(backoff(5, () => 0)).toBe(0);
  });
  it('never comes back before the destination asked, nor believes any length', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(10_000_000),
        (n, r, asked) => {
          const delay = backoff(n + 1, () => r, asked);
          expect(delay).toBeGreaterThanOrEqual(Math.min(asked, POLICY.maxRetryAfterMs));
          expect(delay).toBeLessThanOrEqual(POLICY.maxRetryAfterMs + POLICY.maxDelayMs);
        },
      ),
    );
  });
});

describe('judge', () => {
  const message = { attempts: 1, createdAt: 0 };
  it('retries failures until attempts or life run out', () => {
    expect(judge(message, FAILED, 1_000, half)).toEqual({ kind: 'retry', at: 1_500, error: 'down' });
    expect(judge({ ...message, attempts: POLICY.maxAttempts }, FAILED, 1_000, half)).toEqual({
      kind: 'dead',
      error: 'down',
    });
    expect(judge(message, FAILED, POLICY.lifeMs, half).kind).toBe('dead');
  });
  it('settles the rest', () => {
    expect(judge(message, { kind: 'delivered' }, 1, half).kind).toBe('delivered');
    expect(judge(message, { kind: 'gone', reason: 'x' }, 1, half)).toEqual({ kind: 'skipped', reason: 'x' });
    expect(judge(message, { kind: 'refused', error: 'x' }, 1, half)).toEqual({ kind: 'dead', error: 'x' });
  });
});

describe('breaker', () => {
  const opened = (): Breaker => {
    let breaker = CLOSED;
    for (let i = 0; i < POLICY.breakerAfter; i += 1) breaker = afterAttempt(breaker, FAILED, 0, half);
    return breaker;
  };
  it('opens after a row of failures, rests, lets one through, and closes on success', () => {
    const open = opened();
    expect(open).toMatchObject({ state: 'open', until: 11_250 });
    expect(admit(open, 11_249, 8).slots).toBe(0);
    const probe = admit(open, 11_250, 8);
    expect(probe).toMatchObject({ slots: 1, breaker: { state: 'half_open' } });
    expect(afterAttempt(probe.breaker, { kind: 'delivered' }, 11_300, half)).toEqual(CLOSED);
    expect(afterAttempt(probe.breaker, FAILED, 11_300, half)).toMatchObject({
      state: 'open',
      until: 11_300 + 22_500,
    });
  });
  it('takes any answer about a recipient as a sign of life, and learns nothing from what was not sent', () => {
    const probe = admit(opened(), 20_000, 8).breaker;
    expect(afterAttempt(probe, { kind: 'gone', reason: 'x' }, 20_000, half)).toEqual(CLOSED);
    expect(afterAttempt(probe, { kind: 'skipped', reason: 'x' }, 20_000, half)).toBe(probe);
  });
  it('always lets something through in the end', () => {
    const outcome = fc.constantFrom<Outcome>(
      FAILED,
      { kind: 'delivered' },
      { kind: 'skipped', reason: '' },
      { kind: 'failed', error: '', retryAfterMs: 1e9 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, fc.nat(100_000)), { maxLength: 60 }), (steps) => {
        let [breaker, now] = [CLOSED, 0];
        for (const [result, wait] of steps) {
          now += wait;
          const gate = admit(breaker, now, 4);
          if (gate.slots > 0) breaker = afterAttempt(gate.breaker, result, now, half);
        }
        expect(admit(breaker, now + POLICY.maxRetryAfterMs, 4).slots).toBeGreaterThan(0);
      }),
    );
  });
});
