import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import type { CrmIntent } from '../call-hub/crm/contract';
import { migrateObject } from '../lib/migrations';
import type { Fetcher } from '../lib/outgoing-fetch';
import type * as contract from './contract';
import { CrmOffice } from './office';
import { LinkCopy } from './link-copy';
import { LogStore } from './log-store';
import { Lookups } from './lookups';
import { MIGRATIONS } from './migrations';
import { State } from './state';
import { DeliveryStore } from './store';
import { Teller } from './teller';

const MOST_IN_ONE_GO = 1_000;

/** See `contract.ts`. Named `<tenant>:<family>`. */
export class CrmLink extends DurableObject<Env> implements contract.CrmLinkApi {
  /** How the CRM is reached; tests put their own in its place. */
  protected fetcher: Fetcher = (url, init) => fetch(url, init);
  private readonly copy: LinkCopy;
  private readonly store: DeliveryStore;
  private readonly log: LogStore;
  private readonly teller: Teller;
  private readonly office: CrmOffice;
  private readonly lookups: Lookups;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { storage } = ctx;
    const state = new State(storage.sql);
    this.copy = new LinkCopy(state, env);
    this.store = new DeliveryStore(storage.sql);
    this.log = new LogStore(storage.sql, () => this.copy.secrets());
    const reach: Fetcher = (url, init) => this.fetcher(url, init);
    this.teller = new Teller({
      env,
      storage,
      state,
      copy: this.copy,
      store: this.store,
      log: this.log,
      reach,
    });
    this.office = new CrmOffice({ env, state, copy: this.copy, log: this.log, reach });
    this.lookups = new Lookups({ env, state, copy: this.copy, log: this.log, reach });
    void ctx.blockConcurrencyWhile(async () => {
      migrateObject(storage, MIGRATIONS);
      if (ctx.id.name !== undefined) this.copy.named(ctx.id.name);
      // The runtime repeats an alarm that failed, but not for ever: whoever wakes the object sets it going again.
      if ((await storage.getAlarm()) === null) await this.wakeAtNext();
    });
  }

  async takeIntents(intents: CrmIntent[]): Promise<void> {
    if (intents.length > MOST_IN_ONE_GO) throw new Error(`more than ${MOST_IN_ONE_GO} intents at once`);
    const config = await this.copy.current();
    const now = Date.now();
    if (config?.enabled !== true) return;
    this.ctx.storage.transactionSync(() => {
      for (const intent of intents) this.store.add(intent, now);
    });
    this.teller.kick();
    await this.wakeAtNext();
  }

  async configChanged(written = false): Promise<void> {
    if (written) this.copy.count({ dbWrites: 1 });
    const config = await this.copy.load();
    // What a link that is no more had still to tell is nobody's business any more.
    if (config === null) this.store.clear();
    await this.resume();
  }

  async resume(): Promise<void> {
    this.teller.resume(Date.now());
    await this.wakeAtNext();
  }

  async status(): Promise<contract.LinkStatus> {
    const config = await this.copy.current();
    return { ...this.teller.status(config), ...this.office.status() };
  }

  async note({ error, ...asked }: contract.AskedOfUs): Promise<void> {
    await this.copy.current();
    this.log.add({ ...asked, status: error === null ? 'success' : 'error', error }, Date.now());
  }

  async logs(query: contract.LogQuery): Promise<{ items: contract.LogEntry[]; next: number | null }> {
    return this.log.page({ ...query, limit: within(query.limit) });
  }

  async digest(): Promise<{ successes: contract.LogEntry[]; errors: contract.LogEntry[] }> {
    return { successes: this.log.last('success', 5), errors: this.log.last('error', 5) };
  }

  async deadLetters(query: {
    cursor?: string | null;
    limit: number;
  }): Promise<{ items: contract.DeadLetter[]; next: string | null }> {
    const before = query.cursor && /^\d{1,15}$/.test(query.cursor) ? Number(query.cursor) : null;
    return this.store.dead(before, within(query.limit));
  }

  async replay(ids?: string[]): Promise<{ replayed: number }> {
    const replayed = this.ctx.storage.transactionSync(() => this.store.replay(ids, Date.now()));
    this.teller.kick();
    await this.wakeAtNext();
    return { replayed };
  }

  async discard(ids?: string[]): Promise<{ discarded: number }> {
    return { discarded: this.store.discard(ids, Date.now()) };
  }

  async tryOut(candidate?: contract.LinkCandidate): Promise<contract.CrmAnswer<{ details: string }>> {
    const answer = await this.office.test(candidate);
    // The key the CRM had refused is good again.
    if (answer.ok && candidate === undefined && this.teller.held() !== null) await this.resume();
    return answer;
  }

  async tryPopup(input: { userId: string; code: string }): Promise<contract.CrmAnswer<null>> {
    return this.office.tryPopup(input);
  }

  async register(
    input: contract.RegisterInput,
  ): Promise<contract.CrmAnswer<{ created: boolean; unknownUsers: string[] }>> {
    return this.office.register(input);
  }

  async users(): Promise<contract.CrmAnswer<contract.CrmUserView[]>> {
    return this.office.users();
  }

  async sync(): Promise<contract.CrmAnswer<{ pushed: number; unknownUsers: string[] }>> {
    const answer = await this.office.sync();
    await this.wakeAtNext();
    return answer;
  }

  async drift(): Promise<contract.CrmAnswer<contract.CrmDrift>> {
    return this.office.drift();
  }

  async lookUp(input: {
    phone: string;
    ignoreStatus: boolean;
  }): Promise<contract.CrmAnswer<contract.CrmCaller>> {
    return this.lookups.lookUp(input);
  }

  override async alarm(): Promise<void> {
    await this.copy.current();
    const unknown = await this.teller.run();
    if (unknown) this.office.askSync(Date.now());
    await this.office.syncIfDue(Date.now());
    const now = Date.now();
    this.store.prune(now);
    this.log.prune(now);
    await this.wakeAtNext();
  }

  private async wakeAtNext(): Promise<void> {
    const { storage } = this.ctx;
    const times = [this.teller.nextWake(), this.office.nextWake()].filter((at) => at !== null);
    const at = times.length === 0 ? null : Math.min(...times);
    if ((await storage.getAlarm()) === at) return;
    if (at === null) await storage.deleteAlarm();
    else await storage.setAlarm(at);
  }
}

const within = (limit: number): number => Math.min(Math.max(Math.trunc(limit), 1), 200);
