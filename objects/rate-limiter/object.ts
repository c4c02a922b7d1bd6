import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type { AttemptPolicy, BucketPolicy, LimitResult, RateLimiterApi } from './contract';
import {
  ABANDONED_MS,
  afterFailure,
  type Attempts,
  type Bucket,
  fullAt,
  mayBegin,
  NO_ATTEMPTS,
  takeTokens,
} from './machine';
import { RATE_LIMITER_MIGRATIONS } from './migrations';

/**
 * Counts attempts of one key. Failures survive eviction and restart; attempts under way are kept in memory, since a
 * restart ends them too. A key without failures stores nothing at all, and one whose window is over deletes itself:
 * anybody can make keys up by signing in under invented names.
 */
export class RateLimiter extends DurableObject<Env> implements RateLimiterApi {
  #underWay: number[] = [];
  #migrated = false;

  begin(policy: AttemptPolicy): Promise<LimitResult> {
    const now = Date.now();
    this.#underWay = this.#underWay.filter((at) => now - at < ABANDONED_MS);
    const result = mayBegin(this.#attempts(), this.#underWay, policy, now);
    if (result.ok) this.#underWay.push(now);
    return Promise.resolve(result);
  }

  async fail(policy: AttemptPolicy): Promise<{ failures: number; retryAfterMs: number }> {
    const now = Date.now();
    this.#underWay.shift();
    const after = afterFailure(this.#attempts(), policy, now);
    this.#migrate();
    this.ctx.storage.sql.exec(
      `INSERT INTO attempts (id, failures, last_failure_at, locked_until) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET failures = excluded.failures, last_failure_at = excluded.last_failure_at,
         locked_until = excluded.locked_until`,
      after.failures,
      after.lastFailureAt,
      after.lockedUntil,
    );
    await this.ctx.storage.setAlarm(Math.max(now + policy.windowMs, after.lockedUntil));
    return { failures: after.failures, retryAfterMs: after.lockedUntil - now };
  }

  async succeed(): Promise<void> {
    this.#underWay.shift();
    if (this.#attempts().failures > 0) await this.#forget();
  }

  release(): Promise<void> {
    this.#underWay.shift();
    return Promise.resolve();
  }

  async take(policy: BucketPolicy, cost = 1): Promise<LimitResult> {
    const { bucket, result } = takeTokens(this.#bucket(), policy, cost, Date.now());
    if (!result.ok) return result;
    this.#migrate();
    this.ctx.storage.sql.exec(
      'INSERT INTO bucket (id, tokens, at) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens, at = excluded.at',
      bucket.tokens,
      bucket.at,
    );
    await this.ctx.storage.setAlarm(fullAt(bucket, policy));
    return result;
  }

  /** The window is over, or the bucket full again. */
  override async alarm(): Promise<void> {
    await this.#forget();
  }

  async #forget(): Promise<void> {
    this.#migrated = false;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  #migrate(): void {
    if (!this.#migrated) migrateObject(this.ctx.storage, RATE_LIMITER_MIGRATIONS);
    this.#migrated = true;
  }

  /** Whether this key ever stored something; asking must not make tables. */
  #hasStorage(): boolean {
    if (this.#migrated) return true;
    const tables = this.ctx.storage.sql
      .exec(`SELECT 1 FROM sqlite_master WHERE name = 'object_migrations'`)
      .toArray();
    if (tables.length > 0) this.#migrate();
    return tables.length > 0;
  }

  #attempts(): Attempts {
    if (!this.#hasStorage()) return NO_ATTEMPTS;
    const [row] = this.ctx.storage.sql
      .exec<{ failures: number; last_failure_at: number; locked_until: number }>('SELECT * FROM attempts')
      .toArray();
    return row === undefined
      ? NO_ATTEMPTS
      : { failures: row.failures, lastFailureAt: row.last_failure_at, lockedUntil: row.locked_until };
  }

  #bucket(): Bucket | null {
    if (!this.#hasStorage()) return null;
    const [row] = this.ctx.storage.sql
      .exec<{ tokens: number; at: number }>('SELECT tokens, at FROM bucket')
      .toArray();
    return row ?? null;
  }
}
