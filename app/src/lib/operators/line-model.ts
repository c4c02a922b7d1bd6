/** What the bar of one's own line shows, read from what the server says; pure. */
import type { components, paths } from '#lib/api/schema.js';

export type MyLine =
  paths['/callcenter_operators/v1/operator/mine']['get']['responses']['200']['content']['application/json'];
export type Me = NonNullable<MyLine['operator']>;
export type LineState = Me['state'];
export type LineQueue = Me['queues'][number];
export type QueueMembers = components['schemas']['OperatorQueueMembers'];
export type Member = QueueMembers['members'][number];
export type Outcome = components['schemas']['OperatorQueueOutcome'];

export type Readiness = Member['phone'];

/** Where one stands in a queue. `ahead`: asked before; `level`: of one's own priority, in an order the queue chooses. */
export interface Place {
  queue: string;
  state: LineState;
  reason: string | null;
  priority: number;
  drift: boolean;
  ahead: Crowd;
  level: Crowd;
}

/** Others in a queue. `named`: the first of them. */
export interface Crowd {
  there: number;
  free: number;
  named: Member[];
}

/** One's place in each queue one works or stands in, by name. */
export function placesOf(me: Me, queues: readonly QueueMembers[]): Place[] {
  const names = new Set([...me.assigned, ...me.queues.map(({ queue }) => queue)]);
  return [...names].sort().map((name) => {
    const { seen = null, drift = false } = me.queues.find(({ queue }) => queue === name) ?? {};
    const { levels = [], members = [] } = queues.find(({ queue }) => queue === name) ?? {};
    const priority = seen?.priority ?? 0;
    const isThere = seen?.connected === true;
    const crowd = (isOne: (of: { priority: number }) => boolean): Crowd => {
      const ones = levels.filter(isOne);
      // Oneself is none of the others, named or not.
      const self = members.find((one) => one.yandex_uuid === me.yandex_uuid && isOne(one));
      const isIn = isThere && !seen.paused && isOne({ priority });
      const sum = (of: 'there' | 'free') => ones.reduce((all, level) => all + level[of], 0);
      return {
        there: Math.max(0, sum('there') - (isIn ? 1 : 0)),
        free: sum('free') - (self?.phone === 'free' ? 1 : 0),
        named: members.filter((one) => one !== self && isOne(one)),
      };
    };
    return {
      queue: name,
      state: !isThere ? 'off' : seen.paused ? 'paused' : 'line',
      reason: isThere ? seen.reason : null,
      priority,
      drift,
      ahead: crowd((other) => other.priority < priority),
      level: crowd((other) => other.priority === priority),
    };
  });
}

/** One thing to ask for, in some of the queues; null: wherever it can be. */
export type Step =
  | { do: 'connection'; connected: boolean; queues: string[] | null }
  | { do: 'pause'; paused: boolean; reason: string | null; priority?: number; queues: string[] | null };

type Standing = Pick<NonNullable<LineQueue['seen']>, 'connected' | 'paused' | 'priority' | 'reason'>;

/** What to ask for in queues so that they stand as `to` and no longer as `from`. */
function steps(changes: readonly { queue: string; from: Standing; to: Standing }[]): Step[] {
  const moved = changes.filter(({ from, to }) => from.connected !== to.connected);
  const named = (connected: boolean) =>
    moved.filter(({ to }) => to.connected === connected).map(({ queue }) => queue);
  const all: Step[] = [
    { do: 'connection', connected: false, queues: named(false) },
    { do: 'connection', connected: true, queues: named(true) },
  ];
  for (const { queue, from, to } of changes) {
    // Who comes into a queue is not paused there.
    const wasPaused = from.connected && from.paused;
    if (!to.connected || (to.paused === wasPaused && to.priority === from.priority)) continue;
    const reason = to.paused ? to.reason : null;
    all.push({ do: 'pause', paused: to.paused, reason, priority: to.priority, queues: [queue] });
  }
  return all.filter((step) => step.queues === null || step.queues.length > 0);
}

/** Queues where what was asked for and what telephony does differ. */
const drifting = (queues: readonly LineQueue[]) =>
  queues.flatMap(({ queue, desired, seen, drift }) =>
    drift && desired !== null && seen !== null ? [{ queue, desired, seen }] : [],
  );

/** What to ask for so that telephony does what was asked for before. */
export const mending = (queues: readonly LineQueue[]): Step[] =>
  steps(drifting(queues).map(({ queue, desired, seen }) => ({ queue, from: seen, to: desired })));

/** What to ask for so that what telephony does is what is wanted; a reason that is none of the company's is left out. */
export const keeping = (queues: readonly LineQueue[], reasons: readonly string[]): Step[] =>
  steps(
    drifting(queues).map(({ queue, desired, seen }) => {
      const isOurs = seen.reason !== null && (reasons.length === 0 || reasons.includes(seen.reason));
      return { queue, from: desired, to: { ...seen, reason: isOurs ? seen.reason : null } };
    }),
  );

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** An `operator.update` of oneself laid over what is known; null: it is about somebody else. */
export function withUpdate(mine: MyLine, userId: string, data: unknown): MyLine | null {
  if (!isRecord(data) || mine.operator === null || data.yandex_uuid !== mine.operator.yandex_uuid)
    return null;
  // Somebody else is this operator from now on, or nobody is.
  if (data.removed === true || data.user_id !== userId) return { ...mine, operator: null, queues: [] };
  const { state, reason, since, cause, actor, missed, drift, queues, full_name, extension } = data as Me;
  const told = { state, reason, since, cause, actor, missed, drift, queues, full_name, extension };
  return { ...mine, operator: { ...mine.operator, ...told } };
}

/** The same of a `queue.update`. */
export function withQueue(mine: MyLine, data: unknown): MyLine | null {
  if (!isRecord(data) || typeof data.queue !== 'string' || !Array.isArray(data.members)) return null;
  const { queue, levels, members } = data as QueueMembers;
  const others = mine.queues.filter((one) => one.queue !== queue);
  return { ...mine, queues: [...others, { queue, levels, members }] };
}
