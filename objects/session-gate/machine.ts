import type { SessionKind, SessionRefusal } from './contract';

export interface SessionRow {
  sid: string;
  userId: string;
  kind: SessionKind;
  jti: string;
  createdAt: number;
  lastUsedAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  userAgent: string | null;
  address: string | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long a session may lie unused. An API client's access token lives an hour and can't be refreshed afterwards, so
 * its session is over soon after; a phone that was off over a long holiday must still be signed in.
 */
export const IDLE_LIMIT_MS: Readonly<Record<SessionKind, number>> = {
  browser: 12 * HOUR_MS,
  api: 2 * HOUR_MS,
  phone: 90 * DAY_MS,
};

/** `last_used_at` is written at most this often. */
export const TOUCH_EVERY_MS = 5 * 60_000;
/** Copies of D1 rows older than this are read again: a missed notice of a change never lasts longer. */
export const COPY_LIFE_MS = HOUR_MS;
/** How long a dead session is kept, so that its tokens are refused without asking D1. */
export const KEEP_DEAD_MS = 7 * DAY_MS;

/** Why a session is refused, null when it is alive. `jti` null skips the check of the token. */
export function refusalOf(session: SessionRow, jti: string | null, now: number): SessionRefusal | null {
  if (session.revokedAt !== null) return 'revoked';
  if (session.expiresAt !== null && now >= session.expiresAt) return 'expired';
  if (now - session.lastUsedAt >= IDLE_LIMIT_MS[session.kind]) return 'idle';
  return jti !== null && jti !== session.jti ? 'replaced' : null;
}

/** Whether this use is worth a write. */
export const isTouchDue = (session: SessionRow, now: number): boolean =>
  now - session.lastUsedAt >= TOUCH_EVERY_MS;

/** Whether a session has been dead for so long that its row may go. */
export function isForgettable(session: SessionRow, now: number): boolean {
  const ends = [
    session.revokedAt,
    session.expiresAt,
    session.lastUsedAt + IDLE_LIMIT_MS[session.kind],
  ].filter((at) => at !== null);
  return now - Math.min(...ends) >= KEEP_DEAD_MS;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 60_000;

/** Wait before the next attempt, doubling from half a second to a minute. `random` 0–1 spreads it over its upper half. */
export const retryDelay = (attempts: number, random: number): number => {
  const full = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts, 20), MAX_RETRY_MS);
  return Math.ceil(full / 2 + (full / 2) * random);
};
