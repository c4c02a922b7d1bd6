import type { BridgeEventOf } from '../../bridge/protocol/events';
import type * as c from './contract';
import { advance, differs, OFF, pausesAfter, summaryOf, type Cause } from './machine';
import { queueView, type DeskStore, type KnownOperator } from './store';

/** A change that telephony tells within this long after it was asked for through us was ours. */
const OURS_MS = 15_000;
const MISSED_REASON = 'missed calls';
/** Who asked, of a change that a rule of the tenant made. */
const RULE = 'rule';

/**
 * The desk's book: where each operator stands, by whose word, and since when. Everything here runs within a transaction
 * of the object; `mark` notes what the live feed is to be told of.
 */
export class DeskBook {
  readonly #store: DeskStore;
  readonly #feed: { mark(key: string): void };

  constructor(store: DeskStore, feed: { mark(key: string): void }) {
    this.#store = store;
    this.#feed = feed;
  }

  put(operator: c.DeskOperator): void {
    if (this.#store.put(operator)) this.#mark(operator.uuid);
  }

  /** The operator is no more; its time-line ends. */
  leaves(uuid: string, now: number): void {
    this.#move(uuid, { state: 'off', reason: null }, 'asked', null, now);
    this.#mark(uuid);
    this.#store.remove(uuid);
  }

  /** A PBX tells who is in its queues. */
  members({ whole, members }: BridgeEventOf<'pbx.members'>, at: number): void {
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
      this.see(uuid, whole ? this.whole(uuid, standings) : standings, at);
    }
  }

  /** Of a telling of all queues: those that are not named hold the operator no more. */
  whole(uuid: string, standings: readonly c.Seen[]): c.Seen[] {
    const named = new Set(standings.map(({ queue }) => queue));
    const gone = this.#store.positions(uuid).filter(({ queue, seen }) => seen !== null && !named.has(queue));
    return [...standings, ...gone.map(({ queue }) => ({ queue, ...OFF }))];
  }

  /** A call rang an operator in vain; `limit` of them in a row pause it wherever it is on the line. */
  missed(
    bridgeId: string,
    { pbx, extension }: { pbx: string; extension: string },
    limit: number,
    at: number,
  ): void {
    const operator = this.#store.byExtension(extension);
    if (operator === null) return;
    const missed = operator.missed + 1;
    this.#store.missed(operator.uuid, missed);
    this.#mark(operator.uuid);
    if (!pausesAfter(missed, limit)) return;
    const there = this.#store
      .positions(operator.uuid)
      .filter(({ seen }) => seen?.connected === true && !seen.paused);
    if (there.length === 0) return;
    const wishes = there.map(({ queue }) => ({ queue, paused: true, reason: MISSED_REASON }));
    this.want({ uuid: operator.uuid, wishes, by: null, cause: 'rule', now: at });
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

  /** Keeps what is about to be asked of telephony. */
  want({
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
    this.#mark(uuid);
  }

  /** Keeps what telephony says, and goes on with the time-line. */
  see(uuid: string, standings: readonly c.Seen[], at: number): void {
    for (const { queue, device = null, ...standing } of standings)
      this.#store.see(uuid, queue, { ...standing, device, at });
    this.#mark(uuid);
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

  /** An operator as it is shown. */
  view({ uuid, name, userId, extension, missed, queues }: KnownOperator): c.OperatorView {
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
      name,
      userId,
      extension,
      ...summary,
      since: open?.from ?? null,
      cause: open?.cause ?? null,
      actor: open?.actor ?? null,
      drift: views.some(({ drift }) => drift),
      missed,
      queues: views,
    };
  }

  /** The live feed is told of an operator, and of the queues it stands in. */
  #mark(uuid: string): void {
    this.#feed.mark(`operator:${uuid}`);
    for (const { queue } of this.#store.positions(uuid)) this.#feed.mark(`queue:${queue}`);
  }
}

const defined = <T extends object>(wish: T): Partial<T> =>
  Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as Partial<T>;
