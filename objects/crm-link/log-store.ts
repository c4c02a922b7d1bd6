import type { LogEntry, LogQuery } from './contract';
import { maskForLog, maskText } from './mask';

/** What is not given is unknown or has none; `request` and `response` are any JSON. */
type NewLogEntry = Pick<LogEntry, 'eventType' | 'status'> &
  Partial<Omit<LogEntry, 'id' | 'at' | 'eventType' | 'status' | 'request' | 'response'>> & {
    request?: unknown;
    response?: unknown;
  };

const KEEP_MS = 30 * 24 * 3_600_000;
/** A month of a busy tenant; the oldest go first. */
const MOST = 200_000;

type Row = {
  id: number;
  at: number;
  event_type: string;
  call_id: string | null;
  phone: string | null;
  request: string | null;
  response: string | null;
  status: string;
  error: string | null;
  http_status: number | null;
  attempt: number;
  duration_ms: number | null;
};

/** What was asked of the CRM and how it answered, for 30 days; nothing secret gets in. */
export class LogStore {
  constructor(
    private readonly sql: SqlStorage,
    /** What is to be masked wherever it turns up. */
    private readonly secrets: () => string[],
  ) {}

  add(entry: NewLogEntry, now: number): void {
    const secrets = this.secrets();
    const text = (value: unknown): string | null =>
      value === undefined || value === null ? null : JSON.stringify(maskForLog(value, secrets));
    this.sql.exec(
      `INSERT INTO log (at, event_type, call_id, phone, request, response, status, error, http_status, attempt, duration_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      now,
      entry.eventType,
      entry.callId ?? null,
      entry.phone ?? null,
      text(entry.request),
      text(entry.response),
      entry.status,
      entry.error === undefined || entry.error === null ? null : maskText(entry.error, secrets),
      entry.httpStatus ?? null,
      entry.attempt ?? 1,
      entry.durationMs ?? null,
    );
  }

  /** Newest first of one outcome, without what only reads: people look at screens more often than calls come. */
  last(status: 'success' | 'error', limit: number): LogEntry[] {
    return this.sql
      .exec<Row>(
        "SELECT * FROM log WHERE status = ? AND event_type NOT IN ('users', 'read_module') ORDER BY id DESC LIMIT ?",
        status,
        limit,
      )
      .toArray()
      .map(entryOf);
  }

  /** Newest first. */
  page(query: LogQuery): { items: LogEntry[]; next: number | null } {
    const where = ['id < ?'];
    const values: (string | number)[] = [query.before ?? Number.MAX_SAFE_INTEGER];
    const add = (column: string, value: string | undefined): void => {
      if (value === undefined) return;
      where.push(`${column} = ?`);
      values.push(value);
    };
    add('status', query.status);
    add('event_type', query.eventType);
    add('call_id', query.callId);
    add('phone', query.phone);
    const rows = this.sql
      .exec<Row>(
        `SELECT * FROM log WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`,
        ...values,
        query.limit + 1,
      )
      .toArray();
    const items = rows.slice(0, query.limit).map(entryOf);
    return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  prune(now: number): void {
    this.sql.exec('DELETE FROM log WHERE at < ?', now - KEEP_MS);
    this.sql.exec('DELETE FROM log WHERE id <= (SELECT max(id) FROM log) - ?', MOST);
  }
}

const entryOf = (row: Row): LogEntry => ({
  id: row.id,
  at: row.at,
  eventType: row.event_type,
  callId: row.call_id,
  phone: row.phone,
  request: row.request,
  response: row.response,
  status: row.status === 'success' ? 'success' : 'error',
  error: row.error,
  httpStatus: row.http_status,
  attempt: row.attempt,
  durationMs: row.duration_ms,
});
