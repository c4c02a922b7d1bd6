import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { State } from '../lib/state';
import { takeTokens, type Bucket } from '../lib/token-bucket';
import type * as c from './contract';
import { ConfigCopy } from './copy';
import { MIGRATIONS } from './migrations';

/** What a provider may ask for one tenant: bursts of a busy morning, and 200 requests a second for long. */
const CLIENT_LIMIT = { capacity: 1_000, refillPerSec: 200 } as const;

/** See `contract.ts`. Named `<tenant>:<provider>`. */
export class ProviderLink
  extends DurableObject<Env>
  implements Pick<c.ProviderLinkApi, 'admit' | 'configChanged'>
{
  private readonly copy: ConfigCopy;
  /** Kept in memory: what an eviction forgives is one burst. */
  private bucket: Bucket | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const state = new State(ctx.storage.sql);
    this.copy = new ConfigCopy(state, env, (_config, keep) => keep());
    void ctx.blockConcurrencyWhile(async () => {
      migrateObject(ctx.storage, MIGRATIONS);
      if (ctx.id.name !== undefined) this.copy.named(ctx.id.name);
    });
  }

  async admit({ jti, cost = 1 }: { jti: string; cost?: number }): Promise<c.Admission> {
    const config = await this.copy.current();
    if (config.tie === null || !config.tokens.includes(jti)) return { ok: false, code: 'unknown_token' };
    const { bucket, result } = takeTokens(this.bucket, CLIENT_LIMIT, cost, Date.now());
    this.bucket = bucket;
    return result.ok ? result : { ok: false, code: 'rate_limited', retryAfterMs: result.retryAfterMs };
  }

  async configChanged(): Promise<void> {
    await this.copy.load();
  }
}
