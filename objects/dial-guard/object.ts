import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type * as c from './contract';
import { DIAL_GUARD_MIGRATIONS } from './migrations';
import { GuardStore } from './store';

const TIDY_MS = 24 * 3_600_000;

/** One per tenant: whom nobody dials, and how often anybody was dialled today. See contract.ts. */
export class DialGuard extends DurableObject<Env> implements c.DialGuardApi {
  readonly #store: GuardStore;
  #isTidied = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, DIAL_GUARD_MIGRATIONS);
    this.#store = new GuardStore(ctx.storage.sql);
  }

  admit(input: c.AdmitInput): Promise<c.AdmitResult> {
    return this.#change(() => this.#store.admit(input));
  }

  release(attemptId: string): Promise<void> {
    return this.#change(() => {
      this.#store.release(attemptId);
    });
  }

  listed(numbers: string[], now: number): Promise<string[]> {
    return Promise.resolve(this.#store.listed(numbers, now));
  }

  dnc(query: c.DncQuery): Promise<c.DncPage> {
    return Promise.resolve(this.#store.page(query, Date.now()));
  }

  dncEntry(number: string): Promise<c.DncEntry | null> {
    return Promise.resolve(this.#store.entry(number, Date.now()));
  }

  addDnc(
    entries: c.DncInput[],
    by: string,
    now: number,
  ): Promise<{ added: number; changed: number; full: boolean }> {
    return this.#change(() => this.#store.add(entries, by, now));
  }

  removeDnc(number: string): Promise<boolean> {
    return this.#change(() => this.#store.remove(number));
  }

  limits(): Promise<c.DialLimits> {
    return Promise.resolve(this.#store.limits());
  }

  setLimits(limits: c.DialLimits): Promise<c.DialLimits> {
    return this.#change(() => {
      this.#store.setLimits(limits);
      return this.#store.limits();
    });
  }

  claimAgent(userId: string, campaignId: string): Promise<{ before: string | null }> {
    return this.#change(() => {
      const before = this.#store.agentCampaign(userId);
      this.#store.claimAgent(userId, campaignId);
      return { before: before === campaignId ? null : before };
    });
  }

  freeAgent(userId: string, campaignId: string): Promise<void> {
    return this.#change(() => {
      this.#store.freeAgent(userId, campaignId);
    });
  }

  agentCampaign(userId: string): Promise<string | null> {
    return Promise.resolve(this.#store.agentCampaign(userId));
  }

  /** Idempotent: what is past its time is a matter of what is stored. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const next = this.ctx.storage.transactionSync(() => this.#store.prune(now));
    if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, now + 60_000));
  }

  #change<T>(work: () => T): Promise<T> {
    const result = this.ctx.storage.transactionSync(work);
    // Once per life: whatever was stored grows old some time.
    if (!this.#isTidied) this.ctx.waitUntil(this.#tidyLater());
    this.#isTidied = true;
    return Promise.resolve(result);
  }

  async #tidyLater(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + TIDY_MS);
  }
}
