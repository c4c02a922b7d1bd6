import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type { KeptAnswer, KeyClaim, RequestKeysApi } from './contract';
import { MIGRATIONS } from './migrations';

/** How long an answer is remembered. */
const KEPT_MS = 24 * 3_600_000;
/** A request that was begun and never settled (its Worker died) is given up after this long. */
const UNSETTLED_MS = 60_000;
const PRUNE_EVERY_MS = 3_600_000;

/** See `contract.ts`. Named by the authenticated scope: `<tenant>:<provider>`, `market:<credential>`. */
export class RequestKeys extends DurableObject<Env> implements RequestKeysApi {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      migrateObject(ctx.storage, MIGRATIONS);
    });
  }

  async claim({ key, hash }: { key: string; hash: string }): Promise<KeyClaim> {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    const [known] = sql
      .exec<{ hash: string; at: number; answer: string | null }>(
        'SELECT hash, at, answer FROM keys WHERE key = ? AND at > ?',
        key,
        now - KEPT_MS,
      )
      .toArray();
    if (known !== undefined && (known.answer !== null || known.at > now - UNSETTLED_MS)) {
      if (known.hash !== hash) return { kind: 'reused' };
      if (known.answer === null) return { kind: 'in_flight' };
      // Written by `settle` of this class only.
      return { kind: 'answered', answer: JSON.parse(known.answer) as KeptAnswer };
    }
    sql.exec('INSERT OR REPLACE INTO keys (key, hash, at, answer) VALUES (?, ?, ?, NULL)', key, hash, now);
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(now + KEPT_MS + PRUNE_EVERY_MS);
    return { kind: 'run' };
  }

  async settle({ key, hash, answer }: Parameters<RequestKeysApi['settle']>[0]): Promise<void> {
    const { sql } = this.ctx.storage;
    // A key that was given up meanwhile may belong to another request by now.
    if (answer === null)
      sql.exec('DELETE FROM keys WHERE key = ? AND hash = ? AND answer IS NULL', key, hash);
    else
      sql.exec(
        'UPDATE keys SET answer = ? WHERE key = ? AND hash = ? AND answer IS NULL',
        JSON.stringify(answer),
        key,
        hash,
      );
  }

  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec('DELETE FROM keys WHERE at <= ?', Date.now() - KEPT_MS);
    const [oldest] = sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM keys').toArray();
    const at = oldest?.at ?? null;
    if (at !== null) await this.ctx.storage.setAlarm(at + KEPT_MS + PRUNE_EVERY_MS);
  }
}
