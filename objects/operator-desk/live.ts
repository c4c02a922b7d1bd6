/** What the tenant's live feed tells of operators: `operator.update` and `queue.update`; pure. Times are ISO 8601. */
import type { Cause, LineState, Standing } from './machine';
import type { DeskOperator, OperatorView, QueueView } from './shapes';

interface ToldStanding extends Standing {
  at: string;
}

/** What an operator does, as the API says it. */
export interface ToldLine {
  state: LineState;
  reason: string | null;
  since: string | null;
  cause: Cause | null;
  actor: string | null;
  /** Calls in a row that rang in vain. */
  missed: number;
  drift: boolean;
  queues: {
    queue: string;
    desired: ToldStanding | null;
    seen: (ToldStanding & { device: string | null }) | null;
    drift: boolean;
  }[];
}

/** `data` of an `operator.update`: to the operator's own user, and to who may see all operators. */
export interface OperatorUpdate extends ToldLine {
  yandex_uuid: string;
  user_id: string | null;
  full_name: string;
  extension: string | null;
  /** There is no such operator any more: the rest says nothing. */
  removed: boolean;
}

/** Whether a queue's call could ring a phone now. */
export type Readiness = 'free' | 'busy' | 'away';

/** Somebody a queue may ring. */
export interface QueueMember {
  yandex_uuid: string;
  full_name: string;
  /** Lower is asked first. */
  priority: number;
  phone: Readiness;
}

/** Members named of each queue: an update stays small however many there are. */
const NAMED = 50;

/** `data` of a `queue.update`: to the users of whoever stands in the queue, and to who may see all operators. */
export interface QueueUpdate {
  queue: string;
  /** On the line and not paused, by priority; those of a lower one are asked first. */
  levels: { priority: number; there: number; free: number }[];
  /** The first of them by name. */
  members: QueueMember[];
}

/** Of telephony's word for a phone. One it has no word for is asked too. */
export function readinessOf(device: string | null): Readiness {
  if (device === null || device === 'Not in use' || device === 'Unknown') return 'free';
  return device === 'Unavailable' || device === 'Invalid' ? 'away' : 'busy';
}

const iso = (at: number): string => new Date(at).toISOString();

const told = ({ connected, paused, priority, reason, at }: Standing & { at: number }): ToldStanding => ({
  connected,
  paused,
  priority,
  reason,
  at: iso(at),
});

/** `view` undefined: the desk knows nothing of the operator yet. */
export const lineOf = (view: OperatorView | undefined): ToldLine => ({
  state: view?.state ?? 'off',
  reason: view?.reason ?? null,
  since: view?.since == null ? null : iso(view.since),
  cause: view?.cause ?? null,
  actor: view?.actor ?? null,
  missed: view?.missed ?? 0,
  drift: view?.drift ?? false,
  queues: (view?.queues ?? []).map(({ queue, desired, seen, drift }) => ({
    queue,
    desired: desired && told(desired),
    seen: seen && { ...told(seen), device: seen.device },
    drift,
  })),
});

export const operatorUpdate = (uuid: string, view: OperatorView | null): OperatorUpdate => ({
  yandex_uuid: uuid,
  user_id: view?.userId ?? null,
  full_name: view?.name ?? '',
  extension: view?.extension ?? null,
  removed: view === null,
  ...lineOf(view ?? undefined),
});

/** `standing`: everybody who stands in the queue, by anybody's word. */
export function queueUpdate(
  queue: string,
  standing: readonly { operator: DeskOperator; seen: QueueView['seen'] }[],
): { data: QueueUpdate; viewers: string[] } {
  const members = standing
    .flatMap(({ operator: { uuid, name }, seen }): QueueMember[] =>
      seen?.connected === true && !seen.paused
        ? [
            {
              yandex_uuid: uuid,
              full_name: name,
              priority: seen.priority,
              phone: readinessOf(seen.device),
            },
          ]
        : [],
    )
    .sort((one, other) => one.priority - other.priority);
  const levels: QueueUpdate['levels'] = [];
  for (const { priority, phone } of members) {
    let level = levels.at(-1);
    if (level?.priority !== priority) levels.push((level = { priority, there: 0, free: 0 }));
    level.there += 1;
    if (phone === 'free') level.free += 1;
  }
  const viewers = standing.flatMap(({ operator: { userId } }) => userId ?? []);
  return { data: { queue, levels, members: members.slice(0, NAMED) }, viewers: [...new Set(viewers)].sort() };
}

/** Of two updates that differ in nothing but when telephony was asked last, the second is no news. */
export const isNews = (
  before: OperatorUpdate | QueueUpdate | null,
  now: OperatorUpdate | QueueUpdate,
): boolean => before === null || timeless(before) !== timeless(now);

const timeless = (update: OperatorUpdate | QueueUpdate): string =>
  JSON.stringify(update, (key, value: unknown) =>
    key === 'seen' && value !== null ? { ...(value as object), at: '' } : value,
  );
