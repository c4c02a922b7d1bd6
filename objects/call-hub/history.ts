/**
 * The history of calls, found by index: whichever filter picks the fewest calls leads, the rest is read off the same
 * index. Filters no index leads look through so many entries and no more, so a page costs the same whether the
 * history has a thousand calls or a million; `next` then says how far it came.
 */
import type { CallView } from './contract';
import type { HistoryPosition, HistoryQuery } from './history-contract';
import { readRecord } from './machine';
import { viewOf, type Names } from './view';

/** Entries of an index looked through for one page. */
const SCANNED = 10_000;
/** The same where each is a call to be looked up. */
const SCANNED_OWN = 3_000;

type Value = string | number;
interface Clause {
  sql: string;
  values: Value[];
}
interface Found extends Record<string, SqlStorageValue> {
  call_id: string;
  started_at: number;
}

const COLUMNS = 'call_id, started_at, status, outcome, direction, source, user_id, slot_id, number';

export class History {
  constructor(
    private readonly sql: SqlStorage,
    private readonly names: Names,
    /** Entries looked through for one page; smaller in tests. */
    private readonly scanned: number = SCANNED,
  ) {}

  /** Calls by their start, newest first. `user` is an id. */
  page(query: HistoryQuery): { calls: CallView[]; next: HistoryPosition | null } {
    const { viewer, limit } = query;
    const lead = leadOf(query);
    const rest = restOf(query, lead.serves);
    const own = viewer.scope === 'own' && lead.serves !== 'viewer';
    if (own)
      rest.push({
        sql: 'EXISTS (SELECT 1 FROM call_viewers v WHERE v.user_id = ? AND v.call_id = h.call_id)',
        values: [viewer.userId],
      });
    const depth = lead.serves === 'viewer' ? Math.min(SCANNED_OWN, this.scanned) : this.scanned;
    const most = rest.length === 0 ? limit + 1 : Math.max(depth, limit + 1);
    const window = windowOf(query, lead, most);
    const where = rest.length === 0 ? '' : `WHERE ${rest.map(({ sql }) => sql).join(' AND ')}`;
    const found = this.sql
      .exec<Found>(
        `SELECT h.call_id, h.started_at FROM (${window.sql}) h ${where} LIMIT ?`,
        ...window.values,
        ...rest.flatMap(({ values }) => values),
        limit + 1,
      )
      .toArray();
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last ? positionOf(last) : this.endOf(window, most, rest.length > 0);
    return { calls: this.views(page), next };
  }

  /** How far the window was looked through; null when nothing lies beyond it. */
  private endOf(window: Clause, most: number, looked: boolean): HistoryPosition | null {
    if (!looked) return null;
    const [last] = this.sql.exec<Found>(
      `SELECT call_id, started_at FROM (${window.sql}) LIMIT 1 OFFSET ?`,
      ...window.values,
      most - 1,
    );
    return last ? positionOf(last) : null;
  }

  private views(page: readonly Found[]): CallView[] {
    const ids = JSON.stringify(page.map(({ call_id }) => call_id));
    const read = this.sql.exec<{ call_id: string; record: string }>(
      'SELECT call_id, record FROM calls WHERE call_id IN (SELECT value FROM json_each(?))',
      ids,
    );
    const records = new Map([...read].map(({ call_id, record }) => [call_id, record]));
    return page.flatMap(({ call_id }) => {
      const record = records.get(call_id);
      return record === undefined ? [] : [viewOf(readRecord(record), this.names)];
    });
  }
}

const positionOf = ({ started_at, call_id }: Found): HistoryPosition => ({ at: started_at, id: call_id });

interface Lead extends Clause {
  index: string;
  serves: 'number' | 'slot' | 'user' | 'viewer' | 'live' | 'time';
}

/** The filter that leads: the one that picks the fewest calls. */
function leadOf({ number, slotId, user, viewer, status }: HistoryQuery): Lead {
  if (number && 'exact' in number)
    return { serves: 'number', index: 'calls_number', sql: 'number = ?', values: [number.exact] };
  if (status !== undefined && status !== 'ended')
    return { serves: 'live', index: 'calls_live', sql: "status <> 'ended'", values: [] };
  if (slotId !== undefined)
    return { serves: 'slot', index: 'calls_slot', sql: 'slot_id = ?', values: [slotId] };
  if (user !== undefined) return { serves: 'user', index: 'calls_user', sql: 'user_id = ?', values: [user] };
  if (viewer.scope === 'own')
    return { serves: 'viewer', index: '', sql: 'v.user_id = ?', values: [viewer.userId] };
  return { serves: 'time', index: 'calls_time', sql: '1', values: [] };
}

function restOf(query: HistoryQuery, led: Lead['serves']): Clause[] {
  const { number, slotId, user, status, outcome, direction, source } = query;
  const rest: Clause[] = [];
  const is = (column: string, value: Value | undefined): void => {
    if (value !== undefined) rest.push({ sql: `h.${column} = ?`, values: [value] });
  };
  if (led !== 'slot') is('slot_id', slotId);
  if (led !== 'user') is('user_id', user);
  if (number && 'part' in number) rest.push({ sql: 'instr(h.number, ?) > 0', values: [number.part] });
  is('status', status);
  is('direction', direction);
  is('source', source);
  if (outcome === 'none') rest.push({ sql: "h.outcome IS NULL AND h.status = 'ended'", values: [] });
  else is('outcome', outcome);
  return rest;
}

/** The lead's calls within the time asked for, from where the page before ended. */
function windowOf({ from, to, before }: HistoryQuery, lead: Lead, most: number): Clause {
  const end: Value[] = before ? [before.at, before.id] : [to ?? Number.MAX_SAFE_INTEGER, ''];
  const table = lead.serves === 'viewer' ? 'v' : 'calls';
  const within =
    `${lead.sql} AND ${table}.started_at >= ? AND (${table}.started_at, ${table}.call_id) < (?, ?) ` +
    `ORDER BY ${table}.started_at DESC, ${table}.call_id DESC LIMIT ?`;
  const values = [...lead.values, from ?? Number.MIN_SAFE_INTEGER, ...end, most];
  if (lead.serves !== 'viewer')
    return { sql: `SELECT ${COLUMNS} FROM calls INDEXED BY ${lead.index} WHERE ${within}`, values };
  const columns = COLUMNS.split(', ').map((name) => `c.${name}`);
  return {
    sql:
      `SELECT ${columns.join(', ')} FROM call_viewers v INDEXED BY call_viewers_time ` +
      `CROSS JOIN calls c ON c.call_id = v.call_id WHERE ${within}`,
    values,
  };
}
