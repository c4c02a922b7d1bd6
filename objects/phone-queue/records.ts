/** SQL of what phones tell about themselves for diagnosis: telemetry and log excerpts, capped and aged. */
import type {
  LogItem,
  LogsPage,
  LogsQuery,
  LogView,
  TelemetryItem,
  TelemetryPoint,
  TelemetryQuery,
} from './contract';

/** Rows kept per object at most, and for how long. */
export const TELEMETRY_KEPT = { rows: 200_000, ms: 14 * 86_400_000 };
export const LOGS_KEPT = { rows: 5_000, ms: 14 * 86_400_000 };

type LogRow = {
  seq: number;
  user_id: string;
  device_id: string;
  ts: number | null;
  level_summary: string | null;
  source: string | null;
  payload: string;
  truncated: number;
  received_at: number;
};

export class RecordStore {
  constructor(private readonly sql: SqlStorage) {}

  saveTelemetry(
    userId: string,
    deviceRowId: string | null,
    items: readonly TelemetryItem[],
    now: number,
  ): void {
    for (const item of items) {
      this.sql.exec(
        `INSERT INTO telemetry (at, user_id, device_row_id, type, endpoint, http_code, value_ms, extra, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        item.ts,
        userId,
        deviceRowId,
        item.type,
        item.endpoint,
        item.httpCode,
        item.valueMs,
        item.extra,
        now,
      );
    }
  }

  /** Measurements by type and step; a phone's clock that is days off puts them where it says. */
  telemetry(query: TelemetryQuery): TelemetryPoint[] {
    const step = Math.max(60_000, Math.trunc(query.stepMs));
    return this.sql
      .exec<{
        at: number;
        type: string;
        count: number;
        errors: number;
        avg: number | null;
        max: number | null;
      }>(
        `SELECT at - at % CAST(?1 AS INTEGER) AS at, type, count(*) AS count, avg(value_ms) AS avg, max(value_ms) AS max,
           coalesce(sum(http_code >= 400), 0) AS errors
         FROM telemetry WHERE at >= ?2 AND at < ?3 AND (?4 IS NULL OR user_id = ?4)
           AND (?5 IS NULL OR device_row_id = ?5)
         GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 5000`,
        step,
        query.from,
        query.to,
        query.userId ?? null,
        query.deviceRowId ?? null,
      )
      .toArray()
      .map(({ avg, max, ...point }) => ({
        ...point,
        avgMs: avg === null ? null : Math.round(avg),
        maxMs: max,
      }));
  }

  saveLogs(
    userId: string,
    deviceId: string,
    deviceRowId: string | null,
    items: readonly LogItem[],
    now: number,
  ): void {
    for (const item of items) {
      this.sql.exec(
        `INSERT INTO logs (user_id, device_id, device_row_id, ts, level_summary, source, payload, truncated, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        userId,
        deviceId,
        deviceRowId,
        item.ts,
        item.levelSummary,
        item.source,
        item.payload,
        item.truncated ? 1 : 0,
        now,
      );
    }
  }

  /** Newest first. */
  logs(query: LogsQuery): LogsPage {
    const limit = Math.min(Math.max(Math.trunc(query.limit), 1), 100);
    const before = query.cursor ? Number(query.cursor) : Number.MAX_SAFE_INTEGER;
    const rows = this.sql
      .exec<LogRow>(
        `SELECT * FROM logs WHERE seq < ?1 AND (?2 IS NULL OR user_id = ?2) AND (?3 IS NULL OR device_row_id = ?3)
         ORDER BY seq DESC LIMIT ?4`,
        Number.isSafeInteger(before) ? before : 0,
        query.userId ?? null,
        query.deviceRowId ?? null,
        limit + 1,
      )
      .toArray();
    return {
      items: rows.slice(0, limit).map(toLog),
      next: rows.length > limit ? String(rows[limit - 1]?.seq) : null,
    };
  }

  /** Ages and caps both. */
  prune(now: number): void {
    const tables = [
      ['telemetry', TELEMETRY_KEPT],
      ['logs', LOGS_KEPT],
    ] as const;
    for (const [table, kept] of tables) {
      this.sql.exec(
        `DELETE FROM ${table} WHERE received_at < ? OR seq <= (SELECT coalesce(max(seq), 0) - ? FROM ${table})`,
        now - kept.ms,
        kept.rows,
      );
    }
  }

  /** Whether there is anything that will want pruning. */
  isEmpty(): boolean {
    return (
      this.sql.exec('SELECT 1 FROM telemetry UNION ALL SELECT 1 FROM logs LIMIT 1').toArray().length === 0
    );
  }
}

const toLog = (row: LogRow): LogView => ({
  id: row.seq,
  userId: row.user_id,
  deviceId: row.device_id,
  ts: row.ts,
  levelSummary: row.level_summary,
  source: row.source,
  payload: row.payload,
  truncated: row.truncated === 1,
  receivedAt: row.received_at,
});
