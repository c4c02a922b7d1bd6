import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { AttemptPolicy, LimitResult } from '../../objects/rate-limiter/contract';
import { openDb } from '../db';
import { hosts, tenants, users } from '../db/schema';
import type { Env } from '../env';
import { networkOf } from '../http/client-address';
import { hashPassword, verifyNobody, verifyPassword } from './passwords';
import { sha256Hex } from './digest';

const MINUTE_MS = 60_000;

/** Per name as it was typed: 5 free failures, then 5 s, 10 s, 20 s … up to a quarter of an hour. */
export const ACCOUNT_POLICY: AttemptPolicy = {
  free: 5,
  baseDelayMs: 5_000,
  maxDelayMs: 15 * MINUTE_MS,
  windowMs: 60 * MINUTE_MS,
  maxParallel: 10,
};

/** Per address: an office behind one address mistypes more often than one person does. */
export const ADDRESS_POLICY: AttemptPolicy = {
  free: 30,
  baseDelayMs: 5_000,
  maxDelayMs: 15 * MINUTE_MS,
  windowMs: 60 * MINUTE_MS,
  maxParallel: 100,
};

export interface PasswordAttempt {
  /** `name` or `name@tenant`. */
  username: string;
  password: string;
  /** Host the request was made to, without its port. */
  host: string;
  /** Null when no trusted proxy tells it: then only the account is limited. */
  address: string | null;
  /** Limits of this door when they are not the platform's own. */
  accountPolicy?: AttemptPolicy;
}

export type PasswordResult =
  | { ok: true; tenantId: string; userId: string }
  /** Unknown, ambiguous, disabled or wrong: the caller must answer all of them alike. */
  | { ok: false; reason: 'wrong' }
  | { ok: false; reason: 'limited'; retryAfterSec: number };

/** Splits `name@tenant`, where a tenant is four digits; names are compared in lower case and may hold an @ themselves. */
export function readUsername(typed: string): { name: string; tenantId: string | null } {
  const text = typed.trim().normalize('NFKC').toLowerCase();
  const [, name, tenantId] = /^(.+)@(\d{4})$/.exec(text) ?? [];
  return name === undefined || tenantId === undefined ? { name: text, tenantId: null } : { name, tenantId };
}

interface Candidate {
  userId: string;
  tenantId: string;
  passwordHash: string;
  disabled: boolean;
}

/** The one user a typed name means on this host; null when there is none, or more than one. */
export async function findUser(env: Env, typed: string, host: string): Promise<Candidate | null> {
  const db = openDb(env.DB);
  const { name, tenantId } = readUsername(typed);
  const served = await db
    .select({ tenantId: hosts.tenantId })
    .from(hosts)
    .where(eq(hosts.host, host.toLowerCase()));
  const found = await db
    .select({
      userId: users.id,
      tenantId: users.tenantId,
      passwordHash: users.passwordHash,
      disabledAt: users.disabledAt,
    })
    .from(users)
    .innerJoin(tenants, eq(users.tenantId, tenants.id))
    .where(
      and(
        eq(users.username, name),
        isNull(users.deletedAt),
        isNull(tenants.disabledAt),
        tenantId === null ? undefined : eq(users.tenantId, tenantId),
        // A host without rows serves every tenant.
        served.length === 0
          ? undefined
          : inArray(
              users.tenantId,
              served.map((row) => row.tenantId),
            ),
      ),
    )
    .limit(2);
  const [only] = found;
  if (only === undefined || found.length > 1) return null;
  const { disabledAt, ...candidate } = only;
  return { ...candidate, disabled: disabledAt !== null };
}

/**
 * Checks a password behind the limits of its account and address. Whatever is wrong costs the same work and gives
 * the same answer. Opens no session: that is `startSession`.
 */
export async function checkPassword(env: Env, attempt: PasswordAttempt): Promise<PasswordResult> {
  const accountPolicy = attempt.accountPolicy ?? ACCOUNT_POLICY;
  // By what was typed, not by whom it means: a shared counter for `name` and `name@tenant` would tell that the user
  // is there. Hashed, because anything may be typed and an object's name ends up in logs.
  const { name, tenantId } = readUsername(attempt.username);
  const account = env.RATE_LIMITER.getByName(`login:${sha256Hex(`${name}@${tenantId ?? ''}`)}`);
  const address =
    attempt.address === null
      ? null
      : env.RATE_LIMITER.getByName(`login-address:${networkOf(attempt.address)}`);

  const mayTry = await account.begin(accountPolicy);
  if (!mayTry.ok) return limited(mayTry);
  const mayTryHere: LimitResult = (await address?.begin(ADDRESS_POLICY)) ?? { ok: true };
  if (!mayTryHere.ok) {
    await account.release();
    return limited(mayTryHere);
  }

  let user: Candidate | null;
  let isRight = false;
  try {
    user = await findUser(env, attempt.username, attempt.host);
    const verdict =
      user === null
        ? await verifyNobody(attempt.password, env)
        : await verifyPassword(attempt.password, user.passwordHash, env);
    isRight = verdict.ok && user !== null && !user.disabled;
    if (isRight && user !== null && verdict.outdated) await rehash(env, user, attempt.password);
  } catch (error) {
    await Promise.all([account.release(), address?.release()]);
    throw error;
  }
  if (!isRight || user === null) {
    await Promise.all([account.fail(accountPolicy), address?.fail(ADDRESS_POLICY)]);
    return { ok: false, reason: 'wrong' };
  }
  // One good sign-in clears the account; the address may still be guessing at others.
  await Promise.all([account.succeed(), address?.release()]);
  return { ok: true, tenantId: user.tenantId, userId: user.userId };
}

const limited = (result: { retryAfterMs: number }): PasswordResult => ({
  ok: false,
  reason: 'limited',
  retryAfterSec: Math.ceil(result.retryAfterMs / 1_000),
});

/** Puts a hash of today's cost in the place of an older one, unless the password was changed meanwhile. */
async function rehash(env: Env, user: Candidate, password: string): Promise<void> {
  const passwordHash = await hashPassword(password, env);
  await openDb(env.DB)
    .update(users)
    .set({ passwordHash })
    .where(and(eq(users.id, user.userId), eq(users.passwordHash, user.passwordHash)));
}
