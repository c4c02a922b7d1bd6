/** What the tenant's live feed tells of operators: `operator.update` and `queue.update`; pure. Times are ISO 8601. */
import type { DeskOperator, OperatorView, QueueView } from './contract';
import type { Cause, LineState, Standing } from './machine';

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

/** Somebody a queue may ring. */
export interface QueueMember {
  yandex_uuid: string;
  full_name: string;
  /** Lower is asked first. */
  priority: number;
  /** Telephony's word for the phone; null where it has none. */
  device: string | null;
}

/** `data` of a `queue.update`: to the users of whoever stands in the queue, and to who may see all operators. */
export interface QueueUpdate {
  queue: string;
  /** On the line and not paused, in the order of their priority. */
  members: QueueMember[];
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
    .flatMap(({ operator: { uuid, name }, seen }) =>
      seen?.connected === true && !seen.paused
        ? [{ yandex_uuid: uuid, full_name: name, priority: seen.priority, device: seen.device }]
        : [],
    )
    .sort((one, other) => one.priority - other.priority);
  const viewers = standing.flatMap(({ operator: { userId } }) => userId ?? []);
  return { data: { queue, members }, viewers: [...new Set(viewers)].sort() };
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
