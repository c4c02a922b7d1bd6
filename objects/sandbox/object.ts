import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { State } from '../lib/state';
import { Timers } from '../lib/timers';
import { takeTokens, type Bucket } from '../lib/token-bucket';
import { providerLinkName, type Exchange, type LinkConfig } from '../provider-link/contract';
import type * as c from './contract';
import { cancel, newRun, type Run } from './machine';
import { MIGRATIONS } from './migrations';
import { newSandboxTenant, sandboxName } from './names';
import {
  ACT_LIMIT,
  ADMIT_LIMIT,
  AGAIN_MS,
  GOOD_BYE_MS,
  HOUR,
  LIFE_MS,
  MOST_TOKENS,
  RUN_LIMIT,
  viewOf,
  type Opening,
} from './opening';
import { Runs } from './runs';
import { Stand } from './stand';
import { SandboxStore } from './store';

const refused = (code: Exclude<c.SandboxRefusal['code'], 'limited'>): c.SandboxRefusal => ({
  ok: false,
  code,
});

/** See `contract.ts`. */
export class Sandbox extends DurableObject<Env> implements c.SandboxApi {
  readonly #state: State;
  readonly #store: SandboxStore;
  readonly #timers: Timers;
  readonly #runs: Runs;
  /** Changes in this life that the link has to hear of. */
  #changes = 0;
  /** Kept in memory: what an eviction forgives is one burst. */
  readonly #buckets = new Map<'act' | 'run', Bucket>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    this.#state = new State(ctx.storage.sql);
    this.#store = new SandboxStore(ctx.storage.sql);
    this.#timers = new Timers(ctx.storage);
    this.#timers.resume();
    const stand = new Stand({
      store: this.#store,
      origin: () => this.#mustBeOpen().origin,
      inbox: () => env.INBOX.getByName(this.#mustBeOpen().tenantId),
      probe: (request) => this.#link(this.#mustBeOpen()).probe(request),
      resume: () => this.#link(this.#mustBeOpen()).resume(),
      disconnect: () => this.#disconnect(),
      transaction: (work) => this.#commit(work),
    });
    this.#runs = new Runs({
      env,
      store: this.#store,
      timers: this.#timers,
      stand,
      opening: () => this.#opening,
      commit: (work) => this.#commit(work),
    });
  }

  async open({ appCode, tie, origin }: Parameters<c.SandboxApi['open']>[0]) {
    const now = Date.now();
    const opening = this.#opening;
    if (opening?.state === 'closing') return refused('closing');
    const moves = opening !== null && opening.tie.configurationId !== tie.configurationId;
    if (moves && this.#store.running() !== null) return refused('run_in_progress');
    const tenantId = opening?.tenantId ?? newSandboxTenant(sandboxName(appCode, tie.appVersion));
    this.#commit(() => {
      const openedAt = opening?.openedAt ?? now;
      const what = { appCode, tenantId, openedAt, tie, origin };
      this.#state.write('opening', { ...what, state: 'open', usedAt: now, closedAt: null } satisfies Opening);
      this.#timers.set('expire', now + LIFE_MS);
      this.#toTell(now);
    });
    await this.#tell();
    return { ok: true as const, value: { made: opening === null, view: this.#view(this.#mustBeOpen()) } };
  }

  async view(): Promise<c.SandboxView | null> {
    return this.#opening && this.#view(this.#opening);
  }

  async close() {
    const opening = this.#opening;
    if (opening === null) return refused('closed');
    const now = Date.now();
    if (opening.state === 'open')
      this.#commit(() => {
        const run = this.#store.running();
        if (run !== null) this.#store.save(cancel(run, now));
        this.#store.removeTokens();
        this.#state.write('opening', { ...opening, state: 'closing', closedAt: now } satisfies Opening);
        this.#timers.clear('expire');
        this.#toTell(now);
        this.#timers.setBy('remove', now + 1_000);
      });
    await this.#tell();
    return { ok: true as const, value: this.#view(this.#opening ?? opening) };
  }

  async addToken({ tenantId, id, hint }: { tenantId: string; id: string; hint: string }) {
    const now = Date.now();
    const opening = this.#used(now);
    if (!('tenantId' in opening)) return opening;
    // It was signed for an opening that is over by now.
    if (opening.tenantId !== tenantId) return refused('closed');
    if (this.#store.tokens().length >= MOST_TOKENS) return refused('too_many_tokens');
    const token = { id, hint, createdAt: now };
    this.#commit(() => {
      this.#store.addToken(token);
      this.#toTell(now);
    });
    await this.#tell();
    return { ok: true as const, value: token };
  }

  async revokeToken(id: string) {
    const now = Date.now();
    const opening = this.#used(now);
    if (!('tenantId' in opening)) return opening;
    const token = this.#store.tokens().find((one) => one.id === id);
    if (token === undefined) return refused('no_such_token');
    this.#commit(() => {
      this.#store.removeToken(id);
      this.#toTell(now);
    });
    await this.#tell();
    return { ok: true as const, value: token };
  }

  async tenant(): Promise<c.SandboxResult<string>> {
    const opening = this.#used(Date.now());
    return 'tenantId' in opening ? { ok: true, value: opening.tenantId } : opening;
  }

  async mayAct(): Promise<c.SandboxResult<{ tenantId: string }>> {
    const now = Date.now();
    const opening = this.#used(now);
    if (!('tenantId' in opening)) return opening;
    return this.#take('act', ACT_LIMIT, now) ?? { ok: true, value: { tenantId: opening.tenantId } };
  }

  async events({ limit, ...place }: Parameters<c.SandboxApi['events']>[0]) {
    if (this.#opening === null) return refused('closed');
    const items = this.#store.events({ ...place, limit: limit + 1 });
    return { ok: true as const, value: { items: items.slice(0, limit), more: items.length > limit } };
  }

  async linkConfig(tenantId: string): Promise<LinkConfig> {
    const opening = this.#opening;
    if (opening?.tenantId !== tenantId || opening.state === 'closing') return { tie: null, tokens: [] };
    return { tie: opening.tie, tokens: this.#store.tokens().map(({ id }) => id) };
  }

  async admit({ tenantId, cost }: { tenantId: string; cost: number }) {
    const now = Date.now();
    // The link has refused whoever is of no opening.
    if (this.#opening?.tenantId !== tenantId) return { ok: true as const };
    this.#used(now);
    const before = this.#state.read<Bucket>('admitted') ?? null;
    const { bucket, result } = takeTokens(before, ADMIT_LIMIT, cost, now);
    this.#commit(() => this.#state.write('admitted', bucket));
    return result;
  }

  async note(tenantId: string, exchange: Exchange): Promise<void> {
    if (this.#opening?.tenantId !== tenantId) return;
    this.#commit(() => this.#store.addEvent(exchange, Date.now()));
    if (this.#store.running() !== null) this.ctx.waitUntil(this.#runs.carryOn());
  }

  async startRun(by: string): Promise<c.SandboxResult<Run>> {
    const now = Date.now();
    const opening = this.#used(now);
    if (!('tenantId' in opening)) return opening;
    if (this.#store.running() !== null) return refused('run_in_progress');
    if (this.#store.tokens().length === 0) return refused('no_token');
    const limited = this.#take('run', RUN_LIMIT, now);
    if (limited !== null) return limited;
    const { tenantId, tie } = opening;
    const { configurationId, configurationVersion } = tie;
    const of = { id: crypto.randomUUID(), by, tenantId, configurationId, configurationVersion };
    const run = newRun(of, tie.content, now);
    this.#runs.begin(run, now);
    this.ctx.waitUntil(this.#runs.carryOn());
    return { ok: true, value: run };
  }

  async cancelRun(id: string): Promise<c.SandboxResult<Run>> {
    const run = this.#runs.cancel(id, Date.now());
    return run === null ? refused('no_such_run') : { ok: true, value: run };
  }

  async run(id: string): Promise<Run | null> {
    return this.#store.run(id);
  }

  async runs({ before, limit }: { before?: number | undefined; limit: number }) {
    const items = this.#store.runs(before, limit + 1);
    return { items: items.slice(0, limit), more: items.length > limit };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    const due = this.#timers.due(now);
    // What is spent here is set again until it is done: the object may die in between.
    for (const name of due) if (name !== 'expire') this.#timers.set(name, now + AGAIN_MS);
    if (due.includes('expire') && this.#opening?.state === 'open') await this.close();
    if (due.includes('tell')) await this.#tell();
    if (due.includes('step')) await this.#runs.carryOn();
    if (due.includes('record')) await this.#runs.record();
    if (due.includes('remove')) await this.#remove(now);
  }

  get #opening(): Opening | null {
    return this.#state.read<Opening>('opening') ?? null;
  }

  #mustBeOpen(): Opening {
    const opening = this.#opening;
    if (opening === null) throw new Error('the sandbox is not open any more');
    return opening;
  }

  #link({ tenantId, appCode }: Opening) {
    return this.env.PROVIDER_LINK.getByName(providerLinkName(tenantId, appCode));
  }

  #view(opening: Opening): c.SandboxView {
    return viewOf(opening, this.#store.tokens(), this.#store.lastEvent);
  }

  /** What is open; its end moves away, which is written once an hour at most. */
  #used(now: number): Opening | c.SandboxRefusal {
    const opening = this.#opening;
    if (opening === null) return refused('closed');
    if (opening.state === 'closing') return refused('closing');
    if (now - opening.usedAt < HOUR) return opening;
    const used = { ...opening, usedAt: now };
    this.#commit(() => {
      this.#state.write('opening', used);
      this.#timers.set('expire', now + LIFE_MS);
    });
    return used;
  }

  #take(name: 'act' | 'run', limit: Parameters<typeof takeTokens>[1], now: number): c.SandboxRefusal | null {
    const { bucket, result } = takeTokens(this.#buckets.get(name) ?? null, limit, 1, now);
    this.#buckets.set(name, bucket);
    return result.ok ? null : { ok: false, code: 'limited', retryAfterMs: result.retryAfterMs };
  }

  /** In the transaction of a change that the link has to hear of. */
  #toTell(now: number): void {
    this.#changes += 1;
    this.#timers.setBy('tell', now + AGAIN_MS);
  }

  /** The link reads what changed. What it was not told, the alarm tells. */
  async #tell(): Promise<void> {
    const opening = this.#opening;
    if (opening === null) return;
    try {
      const changes = this.#changes;
      await this.#link(opening).configChanged({ origin: opening.origin });
      // Of what changed meanwhile the link may have read nothing.
      if (changes === this.#changes) this.#timers.clear('tell');
    } catch (error) {
      console.warn('a sandbox could not tell its link what changed:', error);
    }
  }

  async #disconnect(): Promise<void> {
    this.#commit(() => {
      this.#store.removeTokens();
      this.#toTell(Date.now());
    });
    await this.#tell();
  }

  /** After the provider heard the good-bye, or too long without. */
  async #remove(now: number): Promise<void> {
    const opening = this.#opening;
    if (opening?.state !== 'closing') return;
    const link = this.#link(opening);
    const { state } = await link.status();
    if (state === 'disconnecting' && now < (opening.closedAt ?? 0) + GOOD_BYE_MS) return;
    await this.#runs.record();
    await link.erase();
    await this.env.INBOX.getByName(opening.tenantId).erase();
    const { storage } = this.ctx;
    await storage.deleteAlarm();
    await storage.deleteAll();
    this.#state.forget();
    migrateObject(storage, MIGRATIONS);
    // No alarm is set any more, which the timers have to know before the next opening.
    this.#timers.due(0);
  }

  #commit<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#state.forget();
      throw error;
    }
  }
}
