/** What the board shows of its rows, and how the live feed changes them; pure. */
import type { Board, BoardRow, LineState } from './model';

export type BoardFilter = 'all' | LineState | 'drift';

/** Fields of a row that an `operator.update` tells anew. */
const TOLD = [
  'full_name',
  'user_id',
  'extension',
  'state',
  'reason',
  'since',
  'cause',
  'actor',
  'missed',
  'drift',
  'queues',
] as const;

type Told = Pick<BoardRow, 'yandex_uuid' | (typeof TOLD)[number]> & { removed: boolean };

/** Reads the data of an `operator.update`; null for anything else. */
export function toldOf(data: unknown): Told | null {
  if (typeof data !== 'object' || data === null) return null;
  const told = data as Partial<Told>;
  const isTold =
    typeof told.yandex_uuid === 'string' && typeof told.state === 'string' && Array.isArray(told.queues);
  return isTold ? (told as Told) : null;
}

/**
 * The board after an update. `reload`: what was told needs more than the update says (somebody new, or asked for by a
 * user whose name is not known yet).
 */
export function updated(board: Board, told: Told): { board: Board; reload: boolean } {
  if (told.removed) {
    const operators = board.operators.filter((row) => row.yandex_uuid !== told.yandex_uuid);
    return { board: { ...board, operators }, reload: false };
  }
  const known = board.operators.find((row) => row.yandex_uuid === told.yandex_uuid);
  if (known === undefined) return { board, reload: true };
  const news = Object.fromEntries(TOLD.map((field) => [field, told[field]])) as Omit<
    Told,
    'yandex_uuid' | 'removed'
  >;
  const row: BoardRow = { ...known, ...news };
  return {
    board: { ...board, operators: board.operators.map((one) => (one === known ? row : one)) },
    reload: row.actor !== null && board.actors[row.actor] === undefined && row.actor !== row.user_id,
  };
}

/** Queues that anybody works in or stands in, by name. */
export const queuesOf = (rows: readonly BoardRow[]): string[] =>
  [...new Set(rows.flatMap(({ queues }) => queues.map(({ queue }) => queue)))].sort();

export function countsOf(rows: readonly BoardRow[]): Record<BoardFilter, number> {
  const counts = { all: rows.length, line: 0, paused: 0, off: 0, drift: 0 };
  for (const { state, drift } of rows) {
    counts[state] += 1;
    if (drift) counts.drift += 1;
  }
  return counts;
}

const fits = (row: BoardRow, filter: BoardFilter): boolean =>
  filter === 'all' || (filter === 'drift' ? row.drift : row.state === filter);

export interface Wanted {
  filter: BoardFilter;
  /** Empty: every one. */
  queue: string;
  search: string;
}

/** The rows that are asked for: who is paused first, then on the line, then off, each by name. */
export function shownOf(rows: readonly BoardRow[], { filter, queue, search }: Wanted): BoardRow[] {
  const words = search.trim().toLowerCase();
  const order: Record<LineState, number> = { paused: 0, line: 1, off: 2 };
  return rows
    .filter(
      (row) =>
        fits(row, filter) &&
        (queue === '' || row.queues.some((one) => one.queue === queue)) &&
        (words === '' ||
          [row.full_name, row.login, row.extension ?? ''].some((text) => text.toLowerCase().includes(words))),
    )
    .sort(
      (one, other) => order[one.state] - order[other.state] || one.full_name.localeCompare(other.full_name),
    );
}

/** Telephony's word for the operator's phone, of the queue that told it last; null where it tells none. */
export function deviceOf({ queues }: BoardRow): string | null {
  const told = queues
    .flatMap(({ seen }) => (seen?.connected && seen.device !== null ? [seen] : []))
    .sort((one, other) => other.at.localeCompare(one.at));
  return told[0]?.device ?? null;
}
