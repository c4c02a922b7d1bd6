import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { outgoingFetch, type Fetcher } from '../lib/outgoing-fetch';
import { originsOf } from '../lib/outgoing-url';
import { State } from '../lib/state';
import { sandboxOf } from '../sandbox/contract';
import { takeTokens, type Bucket } from '../lib/token-bucket';
import { Asking } from './asking';
import { Calls } from './calls';
import * as c from './contract';
import { ConfigCopy } from './copy';
import { exchangeOf } from './exchange';
import { Lane } from './lane';
import { readAnswer, TIMEOUT_MS, type Outcome, type Verdict } from './machine';
import { MIGRATIONS } from './migrations';
import { NewsTeller } from './news';
import { LinkStore, type StoredDelivery } from './store';
import { Webhook } from './webhook';

/** What a provider may ask for one tenant: bursts of a busy morning, and 200 requests a second for long. */
const CLIENT_LIMIT = { capacity: 1_000, refillPerSec: 200 } as const;
const MOST_IN_ONE_GO = 1_000;
/** Nothing of a webhook's answer counts but its status. */
const WEBHOOK_ANSWER_BYTES = 4_096;

/** What people did, as the webhook names it. */
const EVENTS: Record<c.DeliveryKind, string> = {
  send_message: 'message.sent',
  update_message: 'message.updated',
  update_status: 'message.status',
  mark_read: 'chat.read',
};

/** See `contract.ts`. Named `<tenant>:<provider>`. */
export class ProviderLink extends DurableObject<Env> implements c.ProviderLinkApi {
  /** How the provider is reached; tests put their own in its place. */
  protected fetcher: Fetcher = (url, init) => fetch(url, init);
  private readonly state: State;
  private readonly store: LinkStore;
  private readonly copy: ConfigCopy;
  private readonly hook: Webhook;
  private readonly work: Calls;
  private readonly asking: Asking;
  private readonly calls: Lane;
  private readonly events: Lane;
  private readonly news: NewsTeller;
  /** Kept in memory: what an eviction forgives is one burst. */
  private bucket: Bucket | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { storage } = ctx;
    this.state = new State(storage.sql);
    this.store = new LinkStore(storage.sql);
    this.copy = new ConfigCopy(this.state, env, (config, keep) => {
      this.within(() => {
        const { uninstalled } = this.work.apply(this.copy.kept, config, Date.now());
        if (uninstalled) this.hook.delete();
        keep();
      });
      this.calls.kick();
      ctx.waitUntil(this.news.run().then(() => this.wakeAtNext()));
    });
    this.hook = new Webhook(this.state, env, () => this.copy.tenantId);
    const { state, store } = this;
    const reach: Fetcher = (url, init) => this.fetcher(url, init);
    this.work = new Calls({ state, store, copy: this.copy, underWay: () => this.calls.underWay });
    this.asking = new Asking({
      env,
      state,
      copy: this.copy,
      reach,
      tie: () => this.work.tie,
      isActive: () => this.work.isActive,
      watch: (exchange) => this.watch(exchange),
    });
    this.calls = new Lane('calls', {
      storage,
      state,
      store,
      gate: () => this.work.gate(),
      deliver: (delivery) => this.asking.deliver(delivery),
      bulk: this.asking,
      settle: (...settled) => {
        this.work.settle(...settled);
        // Told at once, but not of what this transaction may still take back.
        ctx.waitUntil(Promise.resolve().then(() => this.news.run()));
      },
    });
    this.events = new Lane('webhook', {
      storage,
      state,
      store,
      gate: () => (this.work.isActive && this.hook.target !== null ? 'open' : 'closed'),
      deliver: (delivery) => this.deliverEvent(delivery),
      settle: (...settled) => this.settleEvent(...settled),
    });
    this.news = new NewsTeller({
      state,
      store,
      listener: () => ({ inbox: env.INBOX.getByName(this.copy.tenantId), provider: this.copy.provider }),
      durable: () => storage.sync(),
      passedOver: (passed) => this.work.passedOver(passed),
    });
    void ctx.blockConcurrencyWhile(async () => {
      migrateObject(storage, MIGRATIONS);
      if (ctx.id.name !== undefined) this.copy.named(ctx.id.name);
      // The runtime repeats an alarm that failed, but not for ever: whoever wakes the object sets it going again.
      if ((await storage.getAlarm()) === null) await this.wakeAtNext();
    });
  }

  async admit({ jti, cost = 1 }: { jti: string; cost?: number }): Promise<c.Admission> {
    const config = await this.copy.current();
    if (config.tie === null || !config.tokens.includes(jti)) return { ok: false, code: 'unknown_token' };
    const { bucket, result } = takeTokens(this.bucket, CLIENT_LIMIT, cost, Date.now());
    this.bucket = bucket;
    return result.ok ? result : { ok: false, code: 'rate_limited', retryAfterMs: result.retryAfterMs };
  }

  async takeDeliveries(deliveries: c.ProviderDelivery[]): Promise<c.TakeResult> {
    if (deliveries.length > MOST_IN_ONE_GO) throw new Error(`more than ${MOST_IN_ONE_GO} deliveries at once`);
    await this.copy.current();
    if (!this.work.isActive) return { ok: false, code: 'inactive' };
    if (this.store.isFull) return { ok: false, code: 'full' };
    const now = Date.now();
    let added = 0;
    this.within(() => {
      for (const { id, kind, chatId, payload, sentAs } of deliveries) {
        if (!this.store.add({ id, lane: 'calls', kind, key: chatId, payload, sentAs }, now)) continue;
        added += 1;
        if (this.hook.target !== null) this.addEvent(`evt_${id}`, EVENTS[kind], chatId, payload, now);
      }
    });
    this.calls.kick();
    this.events.kick();
    await this.wakeAtNext();
    return { ok: true, added };
  }

  async configChanged({ origin }: { origin?: string } = {}): Promise<void> {
    if (origin !== undefined) this.state.write('origin', origin);
    await this.copy.load();
    await this.wakeAtNext();
  }

  async status(): Promise<c.ProviderLinkStatus> {
    const config = await this.copy.current();
    const { breaker, last } = this.calls;
    const closing = this.store.saysGoodBye;
    const idle = config.tie === null ? 'none' : 'installed';
    return {
      state: this.work.isActive ? 'active' : closing ? 'disconnecting' : idle,
      breaker: breaker.state,
      breakerUntil: breaker.until,
      ...this.store.waiting('calls'),
      nextTryAt: this.calls.nextWake(),
      ...last,
      sync: this.work.sync,
      webhook: this.hook.view(Date.now()),
    };
  }

  async deliveries({
    cursor,
    limit,
    ...filter
  }: Parameters<c.ProviderLinkApi['deliveries']>[0]): Promise<c.DeliveriesPage> {
    const before = cursor && /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;
    return this.store.page(filter, before, Math.min(Math.max(Math.trunc(limit), 1), 200));
  }

  async replay(ids?: string[]): Promise<{ replayed: number }> {
    await this.copy.current();
    const replayed = this.within(() => {
      const again = this.store.replay(ids, this.work.replayable(), Date.now());
      this.work.replayed(again);
      return again.length;
    });
    this.calls.kick();
    this.events.kick();
    await this.wakeAtNext();
    return { replayed };
  }

  async discard(ids?: string[]): Promise<{ discarded: number }> {
    return { discarded: this.within(() => this.store.discard(ids, Date.now())) };
  }

  async resume(): Promise<void> {
    const now = Date.now();
    this.within(() => {
      this.calls.resume(now);
      this.events.resume(now);
    });
    await this.wakeAtNext();
  }

  async synchronise(): Promise<boolean> {
    await this.copy.current();
    const started = this.within(() => this.work.synchronise(Date.now()));
    await this.wakeAtNext();
    return started;
  }

  async setWebhook(url: string): Promise<{ webhook: c.WebhookView; secret: string }> {
    // What waited for another address is nobody's business there.
    return this.within(() => {
      this.store.dropLane('webhook');
      return this.hook.set(url, Date.now());
    });
  }

  async webhook(): Promise<c.WebhookView | null> {
    return this.hook.view(Date.now());
  }

  async rotateWebhook(): Promise<{ webhook: c.WebhookView; secret: string } | null> {
    return this.hook.rotate(Date.now());
  }

  async deleteWebhook(): Promise<boolean> {
    return this.within(() => {
      this.store.dropLane('webhook');
      return this.hook.delete();
    });
  }

  async probe(request: c.ProbeRequest): Promise<c.Probe> {
    this.mustBeSandbox();
    await this.copy.current();
    return this.asking.probe(request);
  }

  async erase(): Promise<void> {
    const name = this.mustBeSandbox();
    const { storage } = this.ctx;
    await storage.deleteAlarm();
    await storage.deleteAll();
    this.state.forget();
    migrateObject(storage, MIGRATIONS);
    this.copy.named(name);
  }

  override async alarm(): Promise<void> {
    await this.copy.current();
    await Promise.all([this.calls.run(), this.events.run(), this.news.run()]);
    await this.news.run();
    this.store.prune(Date.now());
    await this.wakeAtNext();
  }

  private addEvent(id: string, type: string, key: string, data: unknown, now: number): void {
    const payload = { type, timestamp: new Date(now).toISOString(), data };
    this.store.add({ id, lane: 'webhook', kind: type, key, payload }, now);
  }

  private async deliverEvent(event: StoredDelivery): Promise<Outcome> {
    const url = this.hook.target;
    if (url === null) return { kind: 'refused', error: 'There is no webhook any more.' };
    const body = JSON.stringify(event.payload);
    const headers = this.hook.headers(event.id, body, Date.now());
    const request = { url, init: { method: 'POST', headers, body } };
    const answer = await outgoingFetch(
      (to, init) => this.fetcher(to, init),
      request,
      { timeoutMs: TIMEOUT_MS, maxBytes: WEBHOOK_ANSWER_BYTES },
      originsOf(this.env.OUTGOING_ORIGINS),
    );
    const of = { kind: 'webhook', deliveries: [event.id], attempt: event.attempts };
    await this.watch(() => exchangeOf(of, request, answer));
    return readAnswer(answer, event.repeated, Date.now());
  }

  private settleEvent({ id }: StoredDelivery, outcome: Outcome, verdict: Verdict, now: number): void {
    if (outcome.kind === 'delivered') this.hook.succeeded();
    const gone = outcome.kind === 'refused' && outcome.gone === true;
    const givenUp = outcome.kind !== 'delivered' && this.hook.failed(outcome.error, gone, now);
    if (verdict.kind === 'delivered') this.store.done(id, now);
    else if (verdict.kind === 'dead' || givenUp) this.store.die(id, verdict.error, now);
    else this.store.retry(id, verdict.at, verdict.error);
  }

  /** A sandbox shows its developer what goes over the wire; nobody else does. */
  private async watch(exchange: () => c.Exchange): Promise<void> {
    const { tenantId } = this.copy;
    const sandbox = sandboxOf(tenantId);
    if (sandbox === null) return;
    try {
      await this.env.SANDBOX.getByName(sandbox).note(tenantId, exchange());
    } catch (error) {
      console.warn('a sandbox could not be shown what went over the wire:', error);
    }
  }

  /** The link's name. @throws where it is a real tenant's */
  private mustBeSandbox(): string {
    const { tenantId, provider } = this.copy;
    if (sandboxOf(tenantId) === null) throw new Error('this is of a real tenant');
    return c.providerLinkName(tenantId, provider);
  }

  /** A transaction after whose failure nothing of it is remembered either. */
  private within<T>(change: () => T): T {
    try {
      return this.ctx.storage.transactionSync(change);
    } catch (error) {
      this.state.forget();
      throw error;
    }
  }

  private async wakeAtNext(): Promise<void> {
    const { storage } = this.ctx;
    const times = [this.calls.nextWake(), this.events.nextWake(), this.news.nextWake()].filter(
      (at) => at !== null,
    );
    // The runtime takes no alarm at the epoch.
    const at = times.length === 0 ? null : Math.max(Math.min(...times), 1);
    if ((await storage.getAlarm()) === at) return;
    if (at === null) await storage.deleteAlarm();
    else await storage.setAlarm(at);
  }
}
