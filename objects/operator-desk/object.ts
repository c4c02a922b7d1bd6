import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { bridgeLinkName } from '../bridge-link/contract';
import { admit, afterFailure, CLOSED, type BreakerPolicy } from '../lib/breaker';
import { migrateObject } from '../lib/migrations';
import type * as c from './contract';
import { advance, differs, OFF, pausesAfter, summaryOf, type Cause } from './machine';
import { MIGRATIONS } from './migrations';
import { DeskStore, queueView, type KnownOperator } from './store';

/** A change that telephony tells within this long after it was asked for through us was ours. */
const OURS_MS = 15_000;
/** Time-lines are kept for this long. */
const KEPT_MS = 400 * 24 * 3_600_000;
const DAY_MS = 24 * 3_600_000;
/** A pause by rule that telephony does not take is tried so often; then drift shows what is missing. */
const TRIES = 5;
const AGAIN_MS = 5_000;
const MISSED_REASON = 'missed calls';
const BREAKER: BreakerPolicy = {
  breakerAfter: 5,
  breakerBaseMs: 5_000,
  breakerMaxMs: 120_000,
  maxRetryAfterMs: 300_000,
};

/** One per tenant: where its operators stand in their queues, and their time-lines. See contract.ts. */
export class OperatorDesk extends DurableObject<Env> implements c.OperatorDeskApi {
  readonly #store: DeskStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    this.#store = new DeskStore(ctx.storage.sql);
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
    this.ctx.storage.transactionSync(() => {
      for (const operator of operators) this.#store.put(operator);
    });
    return this.#wakeBy(Date.now() + DAY_MS);
  }

  remove(uuids: string[]): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const uuid of uuids) {
        this.#move(uuid, { state: 'off', reason: null }, 'asked', null, now);
        this.#store.remove(uuid);
      }
    });
    return Promise.resolve();
  }

  want(input: Parameters<c.OperatorDeskApi['want']>[0]): Promise<void> {
    const { operator, ...asked } = input;
    this.ctx.storage.transactionSync(() => {
      this.#store.put(operator);
      this.#want({ uuid: operator.uuid, ...asked });
    });
    return Promise.resolve();
  }

  seen({ operator, standings, whole, now }: Parameters<c.OperatorDeskApi['seen']>[0]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      const { uuid } = operator;
      this.#store.put(operator);
      this.#see(uuid, whole ? this.#whole(uuid, standings) : standings, now);
    });
    return Promise.resolve();
  }

  async ingest({ bridgeId, journal, events }: c.DeskEvents): Promise<void> {
    const settings = this.#store.settings();
    const acts = this.ctx.storage.transactionSync(() => {
      const seen = this.#store.journal(bridgeId, journal);
      const news = events.filter(({ seq }) => seq > seen);
      for (const { at, event } of news) {
        const isOurs =
          (settings.bridgeId === null || settings.bridgeId === bridgeId) &&
          (settings.pbx === null || settings.pbx === event.data.pbx);
        if (!isOurs) continue;
        if (event.kind === 'pbx.members') this.#members(event.data, at);
        else this.#missed(bridgeId, event.data, settings.pauseAfterMissed, at);
      }
      const last = news.at(-1);
      if (last) this.#store.stored(bridgeId, journal, last.seq);
      return this.#store.acts();
    });
    // The rows are there: should this life end now, the alarm asks instead.
    if (acts.length > 0) await this.#wakeBy(Date.now());
  }

  operator(uuid: string): Promise<c.OperatorView | null> {
    const operator = this.#store.operator(uuid);
    return Promise.resolve(operator && this.#view(operator));
  }

  board(): Promise<c.OperatorView[]> {
    return Promise.resolve(this.#store.operators().map((operator) => this.#view(operator)));
  }

  timeline(query: { uuid?: string; from: number; to: number }): Promise<c.TimelineDay[]> {
    return Promise.resolve(this.#store.segments(query));
  }

  /** Idempotent: asks for what is still to be done, under ids by which a bridge does it once. */
  override async alarm(): Promise<void> {
    for (const act of this.#store.acts()) {
      this.#store.triedAct(act.id);
      const done = await this.#pause(act).catch((error: unknown) => {
        console.warn(`operator desk: a pause by rule was not asked for (${String(error)})`);
        return false;
      });
      if (done || act.tries + 1 >= TRIES) this.#store.acted(act.id);
    }
    const now = Date.now();
    this.#store.prune(now - KEPT_MS);
    await this.ctx.storage.setAlarm(this.#store.acts().length > 0 ? now + AGAIN_MS : now + DAY_MS);
  }

  async #pause(act: {
    id: string;
    queue: string;
    bridgeId: string;
    pbx: string;
    extension: string;
    reason: string;
  }) {
    const link = this.env.BRIDGE_LINK.getByName(bridgeLinkName(this.ctx.id.name ?? '', act.bridgeId));
    const { id, queue, pbx, extension, reason } = act;
    const args = { pbx, queue, extension, paused: true, reason };
    const answer = await link.request({ verb: 'pbx.queue.pause', id, args, by: 'rule:missed-calls' });
    if (!answer.ok) console.warn(`operator desk: ${answer.code}: ${answer.message}`);
    // What telephony refused for good is drift, not something to repeat.
    return answer.ok || !['OFFLINE', 'OVERLOADED', 'PBX_OFFLINE'].includes(answer.code);
  }

  #members(
    { whole, members }: Extract<c.DeskEvents['events'][number]['event'], { kind: 'pbx.members' }>['data'],
    at: number,
  ): void {
    const byOperator = new Map<string, c.Seen[]>();
    if (whole) for (const { uuid } of this.#store.operators()) byOperator.set(uuid, []);
    for (const member of members) {
      const operator = member.extension === null ? null : this.#store.byExtension(member.extension);
      if (operator === null) continue;
      const list = byOperator.get(operator.uuid) ?? [];
      byOperator.set(operator.uuid, list);
      list.push({
        queue: member.queue,
        connected: member.present,
        paused: member.present && member.paused,
        priority: member.penalty,
        reason: member.paused && member.paused_reason !== '' ? member.paused_reason : null,
        device: member.status,
      });
      if (member.in_call) this.#store.missed(operator.uuid, 0);
    }
    for (const [uuid, standings] of byOperator) {
      this.#see(uuid, whole ? this.#whole(uuid, standings) : standings, at);
    }
  }

  /** Of a telling of all queues: those that are not named hold the operator no more. */
  #whole(uuid: string, standings: readonly c.Seen[]): c.Seen[] {
    const named = new Set(standings.map(({ queue }) => queue));
    const gone = this.#store.positions(uuid).filter(({ queue, seen }) => seen !== null && !named.has(queue));
    return [...standings, ...gone.map(({ queue }) => ({ queue, ...OFF }))];
  }

  #missed(
    bridgeId: string,
    { pbx, extension }: { pbx: string; extension: string },
    limit: number,
    at: number,
  ): void {
    const operator = this.#store.byExtension(extension);
    if (operator === null) return;
    const missed = operator.missed + 1;
    this.#store.missed(operator.uuid, missed);
    if (!pausesAfter(missed, limit)) return;
    const there = this.#store
      .positions(operator.uuid)
      .filter(({ seen }) => seen?.connected === true && !seen.paused);
    if (there.length === 0) return;
    const wishes = there.map(({ queue }) => ({ queue, paused: true, reason: MISSED_REASON }));
    this.#want({ uuid: operator.uuid, wishes, by: null, cause: 'rule', now: at });
    for (const { queue } of there)
      this.#store.act({
        id: crypto.randomUUID(),
        uuid: operator.uuid,
        queue,
        bridgeId,
        pbx,
        extension,
        reason: MISSED_REASON,
      });
  }

  #want({
    uuid,
    wishes,
    by,
    cause,
    now,
  }: Omit<Parameters<c.OperatorDeskApi['want']>[0], 'operator'> & { uuid: string }): void {
    const known = new Map(this.#store.positions(uuid).map((position) => [position.queue, position]));
    for (const { queue, ...wish } of wishes) {
      const position = known.get(queue);
      const { connected, paused, priority, reason } = position?.desired ?? position?.seen ?? OFF;
      const next = { connected, paused, priority, reason, ...defined(wish) };
      // Off the line nobody is paused.
      const paused_ = next.connected && next.paused;
      this.#store.desire(uuid, queue, {
        ...next,
        paused: paused_,
        reason: paused_ ? next.reason : null,
        by: cause === 'rule' ? RULE : by,
        at: now,
      });
    }
  }

  #see(uuid: string, standings: readonly c.Seen[], at: number): void {
    for (const { queue, device = null, ...standing } of standings)
      this.#store.see(uuid, queue, { ...standing, device, at });
    const positions = this.#store.positions(uuid);
    const { state, reason } = summaryOf(positions.flatMap(({ seen }) => (seen === null ? [] : [seen])));
    // Ours is what became as it was asked for a moment ago; anything else somebody did in telephony.
    const asked = positions
      .filter(({ desired, seen }) => !differs(desired, seen))
      .flatMap(({ desired }) => (desired !== null && at - desired.at <= OURS_MS ? [desired] : []))
      .sort((one, other) => other.at - one.at)[0];
    const drifts = standings.some(({ queue }) =>
      positions.some((position) => position.queue === queue && differs(position.desired, position.seen)),
    );
    const cause: Cause = asked === undefined || drifts ? 'telephony' : asked.by === RULE ? 'rule' : 'asked';
    this.#move(uuid, { state, reason }, cause, cause === 'asked' ? (asked?.by ?? null) : null, at);
  }

  #move(
    uuid: string,
    next: { state: c.LineState; reason: string | null },
    cause: Cause,
    actor: string | null,
    at: number,
  ): void {
    const open = this.#store.openSegment(uuid);
    // Somebody of whom nothing is known and who is off has no time-line yet.
    if (open === null && next.state === 'off') return;
    const change = advance(open, { ...next, cause, actor }, at);
    if (change === null) return;
    this.#store.changeSegment(uuid, change.ended, change.begun);
    if (next.state === 'line') this.#store.missed(uuid, 0);
  }

  #view({ uuid, missed, queues }: KnownOperator): c.OperatorView {
    const known = this.#store.positions(uuid);
    const positions = [
      ...known,
      ...queues
        .filter((queue) => !known.some((position) => position.queue === queue))
        .map((queue) => ({ queue, desired: null, seen: null })),
    ];
    const views = positions.map(queueView);
    const summary = summaryOf(positions.flatMap(({ seen }) => (seen === null ? [] : [seen])));
    const open = this.#store.openSegment(uuid);
    return {
      uuid,
      ...summary,
      since: open?.from ?? null,
      cause: open?.cause ?? null,
      actor: open?.actor ?? null,
      drift: views.some(({ drift }) => drift),
      missed,
      queues: views,
    };
  }

  async #wakeBy(at: number): Promise<void> {
    const known = await this.ctx.storage.getAlarm();
    if (known === null || known > at) await this.ctx.storage.setAlarm(at);
  }
}

/** Who asked, of a change that a rule of the tenant made. */
const RULE = 'rule';

const defined = <T extends object>(wish: T): Partial<T> =>
  Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as Partial<T>;
