import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { bridgeLinkName } from '../bridge-link/contract';
import { admit, afterFailure, CLOSED, type BreakerPolicy } from '../lib/breaker';
import { migrateObject } from '../lib/migrations';
import { Timers } from '../lib/timers';
import { DeskBook } from './book';
import type * as c from './contract';
import { operatorUpdate, queueUpdate } from './live';
import { MIGRATIONS } from './migrations';
import { DeskStore, type Act } from './store';
import { Telling, type TellingParts } from './telling';

/** Time-lines are kept for this long. */
const KEPT_MS = 400 * 24 * 3_600_000;
const DAY_MS = 24 * 3_600_000;
/** A pause by rule that telephony does not take is tried so often; then drift shows what is missing. */
const TRIES = 5;
const AGAIN_MS = 5_000;
const BREAKER: BreakerPolicy = {
  breakerAfter: 5,
  breakerBaseMs: 5_000,
  breakerMaxMs: 120_000,
  maxRetryAfterMs: 300_000,
};

/** One per tenant: where its operators stand in their queues, and their time-lines. See contract.ts. */
export class OperatorDesk extends DurableObject<Env> implements c.OperatorDeskApi {
  readonly #store: DeskStore;
  readonly #book: DeskBook;
  readonly #timers: Timers;
  readonly #telling: Telling;
  readonly #tenant: string;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    const { sql } = ctx.storage;
    this.#store = new DeskStore(sql);
    this.#timers = new Timers(ctx.storage);
    this.#tenant = this.#store.tenant(ctx.id.name);
    this.#telling = new Telling({
      sql,
      read: (key) => this.#toldOf(key),
      tell: (told) => env.CALL_HUB.getByName(this.#tenant).tellOperators(told),
    });
    this.#book = new DeskBook(this.#store, this.#telling);
    this.#timers.resume();
  }

  configure(settings: c.DeskSettings): Promise<void> {
    this.#store.configure(settings);
    return Promise.resolve();
  }

  restsUntil(now: number): Promise<number | null> {
    const { breaker, slots } = admit(this.#store.breaker(), now, 1);
    if (slots > 0) this.#store.saveBreaker(breaker);
    return Promise.resolve(slots > 0 ? null : breaker.until);
  }

  heard({ endpoint, status, failed, now }: Parameters<c.OperatorDeskApi['heard']>[0]): Promise<void> {
    const before = this.#store.breaker();
    const after = failed ? afterFailure(before, {}, now, Math.random, BREAKER) : CLOSED;
    this.ctx.storage.transactionSync(() => {
      this.#store.countAnswer(endpoint, status, now);
      if (after !== before) this.#store.saveBreaker(after);
    });
    return Promise.resolve();
  }

  answers(): ReturnType<c.OperatorDeskApi['answers']> {
    const { state, until } = this.#store.breaker();
    return Promise.resolve({ breaker: state, restsUntil: until, counts: this.#store.answers() });
  }

  put(operators: c.DeskOperator[]): Promise<void> {
    this.#commit(() => {
      for (const operator of operators) this.#book.put(operator);
    });
    this.#timers.setBy('trim', Date.now() + DAY_MS);
    return Promise.resolve();
  }

  remove(uuids: string[]): Promise<void> {
    const now = Date.now();
    this.#commit(() => {
      for (const uuid of uuids) this.#book.leaves(uuid, now);
    });
    return Promise.resolve();
  }

  want(input: Parameters<c.OperatorDeskApi['want']>[0]): Promise<void> {
    const { operator, ...asked } = input;
    this.#commit(() => {
      this.#book.put(operator);
      this.#book.want({ uuid: operator.uuid, ...asked });
    });
    return Promise.resolve();
  }

  seen({ operator, standings, whole, now }: Parameters<c.OperatorDeskApi['seen']>[0]): Promise<void> {
    this.#commit(() => {
      const { uuid } = operator;
      this.#book.put(operator);
      this.#book.see(uuid, whole ? this.#book.whole(uuid, standings) : standings, now);
    });
    return Promise.resolve();
  }

  ingest({ bridgeId, journal, events }: c.DeskEvents): Promise<void> {
    const settings = this.#store.settings();
    const acts = this.#commit(() => {
      const seen = this.#store.journal(bridgeId, journal);
      const news = events.filter(({ seq }) => seq > seen);
      for (const { at, event } of news) {
        const isOurs =
          (settings.bridgeId === null || settings.bridgeId === bridgeId) &&
          (settings.pbx === null || settings.pbx === event.data.pbx);
        if (!isOurs) continue;
        if (event.kind === 'pbx.members') this.#book.members(event.data, at);
        else this.#book.missed(bridgeId, event.data, settings.pauseAfterMissed, at);
      }
      const last = news.at(-1);
      if (last) this.#store.stored(bridgeId, journal, last.seq);
      return this.#store.acts();
    });
    if (acts.length > 0) this.#timers.setBy('acts', Date.now());
    return Promise.resolve();
  }

  operator(uuid: string): Promise<c.OperatorView | null> {
    const operator = this.#store.operator(uuid);
    return Promise.resolve(operator && this.#book.view(operator));
  }

  mine(operator: c.DeskOperator): ReturnType<c.OperatorDeskApi['mine']> {
    this.#commit(() => {
      this.#book.put(operator);
    });
    const known = this.#store.operator(operator.uuid) ?? { ...operator, missed: 0 };
    const view = this.#book.view(known);
    const queues = view.queues.map(({ queue }) => queueUpdate(queue, this.#store.standing(queue)).data);
    return Promise.resolve({ view, queues });
  }

  board(): Promise<c.OperatorView[]> {
    return Promise.resolve(this.#store.operators().map((operator) => this.#book.view(operator)));
  }

  timeline(query: c.TimelineQuery): Promise<c.TimelineDay[]> {
    return Promise.resolve(this.#store.segments(query));
  }

  /** Idempotent: asks for what is still to be done, under ids by which a bridge does it once. */
  override async alarm(): Promise<void> {
    this.#timers.due(Date.now());
    for (const act of this.#store.acts()) {
      this.#store.triedAct(act.id);
      const done = await this.#pause(act).catch((error: unknown) => {
        console.warn(`operator desk: a pause by rule was not asked for (${String(error)})`);
        return false;
      });
      if (done || act.tries + 1 >= TRIES) this.#store.acted(act.id);
    }
    if (!(await this.#telling.drain())) this.#timers.setBy('tell', Date.now() + AGAIN_MS);
    const now = Date.now();
    this.#store.prune(now - KEPT_MS);
    if (this.#store.acts().length > 0) this.#timers.setBy('acts', now + AGAIN_MS);
    this.#timers.setBy('trim', now + DAY_MS);
  }

  /** A change and the marks of what is to be told of it; told right after, or by the alarm where this life ends. */
  #commit<T>(work: () => T): T {
    const result = this.ctx.storage.transactionSync(work);
    if (this.#telling.waiting) {
      this.#timers.setBy('tell', Date.now() + AGAIN_MS);
      this.ctx.waitUntil(this.#telling.drain());
    }
    return result;
  }

  #toldOf(key: string): ReturnType<TellingParts['read']> {
    const at = key.indexOf(':');
    const name = key.slice(at + 1);
    if (key.slice(0, at) === 'queue')
      return { event: 'queue.update', ...queueUpdate(name, this.#store.standing(name)) };
    const operator = this.#store.operator(name);
    const data = operatorUpdate(name, operator && this.#book.view(operator));
    return { event: 'operator.update', data, viewers: data.user_id === null ? [] : [data.user_id] };
  }

  async #pause({ id, queue, bridgeId, pbx, extension, reason }: Act): Promise<boolean> {
    const link = this.env.BRIDGE_LINK.getByName(bridgeLinkName(this.#tenant, bridgeId));
    const args = { pbx, queue, extension, paused: true, reason };
    const answer = await link.request({ verb: 'pbx.queue.pause', id, args, by: 'rule:missed-calls' });
    if (!answer.ok) console.warn(`operator desk: ${answer.code}: ${answer.message}`);
    // What telephony refused for good is drift, not something to repeat.
    return answer.ok || !['OFFLINE', 'OVERLOADED', 'PBX_OFFLINE'].includes(answer.code);
  }
}
