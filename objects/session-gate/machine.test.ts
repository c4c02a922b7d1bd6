import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IDLE_LIMIT_MS,
  isForgettable,
  isTouchDue,
  KEEP_DEAD_MS,
  refusalOf,
  retryDelay,
  type SessionRow,
} from './machine';

const NOW = 1_800_000_000_000;
const session = (changes: Partial<SessionRow> = {}): SessionRow => ({
  sid: 's1',
  userId: 'u1',
  kind: 'browser',
  jti: 'j1',
  createdAt: NOW - 1_000,
  lastUsedAt: NOW - 1_000,
  expiresAt: NOW + 1_000,
  revokedAt: null,
  userAgent: null,
  address: null,
  ...changes,
});

describe('refusalOf', () => {
  it('lets a living session with its own token pass', () => {
    expect(refusalOf(session(), 'j1', NOW)).toBeNull();
    expect(refusalOf(session(), null, NOW)).toBeNull();
  });

  it.each([
    ['revoked', { revokedAt: NOW }],
    ['expired', { expiresAt: NOW }],
    ['idle', { lastUsedAt: NOW - IDLE_LIMIT_MS.browser }],
    ['replaced', { jti: 'j2' }],
  ] as const)('%s', (reason, changes) => {
    expect(refusalOf(session(changes), 'j1', NOW)).toBe(reason);
  });

  it('keeps a phone for 90 idle days and without an absolute end', () => {
    const phone = { kind: 'phone', expiresAt: null, createdAt: 0 } as const;
    const days = (n: number) => NOW - n * 86_400_000;
    expect(refusalOf(session({ ...phone, lastUsedAt: days(89) }), null, NOW)).toBeNull();
    expect(refusalOf(session({ ...phone, lastUsedAt: days(90) }), null, NOW)).toBe('idle');
  });
});

it('writes a use at most every five minutes', () => {
  expect(isTouchDue(session({ lastUsedAt: NOW - 299_999 }), NOW)).toBe(false);
  expect(isTouchDue(session({ lastUsedAt: NOW - 300_000 }), NOW)).toBe(true);
});

it('forgets only sessions that are refused anyway', () => {
  const times = fc.integer({ min: NOW - 200 * 86_400_000, max: NOW + 30 * 86_400_000 });
  fc.assert(
    fc.property(
      fc.constantFrom('browser', 'api', 'phone'),
      times,
      fc.option(times),
      fc.option(times),
      (kind, lastUsedAt, expiresAt, revokedAt) => {
        const row = session({
          kind,
          lastUsedAt: Math.min(lastUsedAt, NOW),
          expiresAt,
          revokedAt: revokedAt === null ? null : Math.min(revokedAt, NOW),
        });
        if (isForgettable(row, NOW)) expect(refusalOf(row, null, NOW)).not.toBeNull();
      },
    ),
  );
});

it('keeps what has just ended, so that its tokens are refused without asking D1', () => {
  for (const end of ['revokedAt', 'expiresAt'] as const) {
    expect(isForgettable(session({ [end]: NOW - KEEP_DEAD_MS + 1 }), NOW)).toBe(false);
    expect(isForgettable(session({ [end]: NOW - KEEP_DEAD_MS }), NOW)).toBe(true);
  }
});

it('waits longer after each attempt, spread out, up to a minute', () => {
  expect([0, 1, 2, 3].map((attempts) => retryDelay(attempts, 1))).toEqual([500, 1_000, 2_000, 4_000]);
  expect(retryDelay(3, 0)).toBe(2_000);
  expect(retryDelay(1_000, 1)).toBe(60_000);
});
