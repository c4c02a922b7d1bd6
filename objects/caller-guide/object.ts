import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { untilAborted } from '../lib/until-aborted';
import { GuideCopy } from './config';
import type * as contract from './contract';
import { GuideDesk } from './desk';
import { Finder } from './finder';
import { BUDGET_MS, digitsOf } from './machine';
import { CALLER_GUIDE_MIGRATIONS } from './migrations';
import { Redirects } from './redirects';
import { GuideStore } from './store';

const TIDY_MS = 24 * 3_600_000;
/** A click that waits for the first one waits no longer than a bridge is given to ring. */
const CLICK_WAIT_MS = 12_000;

interface Placing extends PromiseWithResolvers<contract.ClickOutcome> {
  at: number;
}

/** One per tenant: who a caller is, and who of ours knows him. See contract.ts. */
export class CallerGuide extends DurableObject<Env> implements contract.CallerGuideApi {
  readonly #store: GuideStore;
  readonly #copy: GuideCopy;
  readonly #finder: Finder;
  readonly #desk: GuideDesk;
  readonly #redirects: Redirects;
  /** Clicks being placed: whoever repeats one waits for it. */
  readonly #placing = new Map<string, Placing>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, CALLER_GUIDE_MIGRATIONS);
    this.#store = new GuideStore(ctx.storage.sql);
    // Remembered because an alarm may find the object without its name.
    if (ctx.id.name !== undefined && this.#store.read('tenant') === undefined)
      this.#store.write('tenant', ctx.id.name);
    const tenantId = (): string => this.#store.read<string>('tenant') ?? '';
    const later = (work: Promise<unknown>): void => ctx.waitUntil(work);
    const now = (): number => Date.now();
    this.#copy = new GuideCopy(this.#store, env, tenantId, later);
    this.#finder = new Finder(env, tenantId, now);
    this.#desk = new GuideDesk({
      store: this.#store,
      config: () => this.#copy.current(),
      finder: this.#finder,
      now,
      later,
    });
    this.#redirects = new Redirects({
      env,
      tenantId,
      store: this.#store,
      now,
      later,
      tidy: () => this.#tidyLater(),
    });
  }

  async settingsChanged(): Promise<void> {
    await this.#copy.load();
    this.#desk.forget();
  }

  advise(question: contract.Question): Promise<contract.Advice> {
    return this.#desk.advise(question, AbortSignal.timeout(BUDGET_MS));
  }

  prefetch(question: contract.Question): Promise<boolean> {
    return this.#desk.prefetch(question);
  }

  async nameOf(phone: string, withinMs: number): Promise<string | null> {
    const name = this.#customerName(phone);
    this.ctx.waitUntil(name.catch(() => undefined));
    return untilAborted(name, AbortSignal.timeout(withinMs)).catch(() => null);
  }

  redirect(input: contract.RedirectInput): Promise<contract.RedirectResult> {
    return this.#redirects.send(input);
  }

  async claimClick(click: { extension: string; phone: string }): Promise<contract.ClickClaim> {
    const { extension, phone } = click;
    const placing = this.#placing.get(keyOf(click));
    // Whoever placed an older one is gone and will not tell any more.
    if (placing !== undefined && placing.at + CLICK_WAIT_MS > Date.now()) {
      const signal = AbortSignal.timeout(CLICK_WAIT_MS);
      return { fresh: false, outcome: await untilAborted(placing.promise, signal).catch(() => null) };
    }
    const known = this.#store.click(extension, phone, Date.now());
    if (known !== undefined) return { fresh: false, outcome: known };
    this.#store.beginClick(extension, phone, Date.now());
    this.#placing.set(keyOf(click), { at: Date.now(), ...Promise.withResolvers<contract.ClickOutcome>() });
    await this.#tidyLater();
    return { fresh: true };
  }

  settleClick({ outcome, ...click }: Parameters<contract.CallerGuideApi['settleClick']>[0]): Promise<void> {
    this.#store.settleClick(click.extension, click.phone, outcome);
    this.#placing.get(keyOf(click))?.resolve(outcome);
    this.#placing.delete(keyOf(click));
    return Promise.resolve();
  }

  metrics(): Promise<contract.GuideMetrics> {
    return Promise.resolve(this.#desk.metrics());
  }

  /** Idempotent: what is old is a matter of what is stored. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    if (this.#store.prune(now)) await this.ctx.storage.setAlarm(now + TIDY_MS);
  }

  async #customerName(phone: string): Promise<string | null> {
    const { settings } = await this.#copy.current();
    const answer = await this.#finder.customer('retailcrm', digitsOf(phone), settings.ignore_status);
    return answer.ok ? answer.value.customerName : null;
  }

  async #tidyLater(): Promise<void> {
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + TIDY_MS);
  }
}

const keyOf = ({ extension, phone }: { extension: string; phone: string }): string => `${extension}|${phone}`;
