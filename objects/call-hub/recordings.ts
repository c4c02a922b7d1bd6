/** Recordings of calls: the files are in R2, what they are of is known here. */
import type { RecordingInput, RecordingQuery, RecordingView } from './contract';

interface StoredRecording extends Record<string, SqlStorageValue> {
  id: string;
  blob_key: string;
  call_id: string;
  size: number;
  sha256: string;
  type: string;
  at: number;
}

/** Each change runs inside the caller's transaction. */
export class Recordings {
  constructor(private readonly sql: SqlStorage) {}

  /** Keeps a recording; answers its call, null while that is not known. The same file again changes nothing. */
  add(input: RecordingInput): string | null {
    const [link] = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM call_links WHERE linkedid = ?', input.linkedid)
      .toArray();
    const callId = link?.call_id ?? null;
    this.sql.exec(
      'INSERT OR IGNORE INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      crypto.randomUUID(),
      input.blobKey,
      callId,
      input.linkedid,
      input.sizeBytes,
      input.sha256,
      input.type,
      input.now,
    );
    return callId;
  }

  /** A call's channels became known by this linkedid: what waited for it is its own. Answers whether anything did. */
  attach(linkedid: string, callId: string): boolean {
    const link = this.sql.exec('INSERT OR IGNORE INTO call_links VALUES (?, ?)', linkedid, callId);
    if (link.rowsWritten === 0) return false;
    this.sql.exec('UPDATE cdr SET call_id = ? WHERE linkedid = ? AND call_id IS NULL', callId, linkedid);
    const sql = 'UPDATE recordings SET call_id = ? WHERE linkedid = ? AND call_id IS NULL';
    return this.sql.exec(sql, callId, linkedid).rowsWritten > 0;
  }

  /** Calls by their linkedids, as far as they are known. */
  callsOf(linkedids: readonly string[]): Map<string, string> {
    const sql = 'SELECT linkedid, call_id FROM call_links WHERE linkedid IN (SELECT value FROM json_each(?))';
    const found = this.sql.exec<{ linkedid: string; call_id: string }>(sql, JSON.stringify(linkedids));
    return new Map([...found].map(({ linkedid, call_id }) => [linkedid, call_id]));
  }

  count(callId: string): number {
    const sql = 'SELECT count(*) AS n FROM recordings WHERE call_id = ?';
    return this.sql.exec<{ n: number }>(sql, callId).one().n;
  }

  /** Oldest first. */
  list(callId: string): RecordingView[] {
    return this.rows(callId).map(viewOf);
  }

  /** Recordings of calls, newest first, of a time where it is given. */
  page({ before, limit, from, to }: RecordingQuery): { rows: RecordingView[]; next: string | null } {
    const [, at, id = ''] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(before ?? '') ?? [];
    const found = this.sql
      .exec<StoredRecording>(
        `SELECT * FROM recordings WHERE at >= ? AND at < ? AND (at, id) < (?, ?) AND call_id IS NOT NULL
         ORDER BY at DESC, id DESC LIMIT ?`,
        from ?? 0,
        to ?? Number.MAX_SAFE_INTEGER,
        at === undefined ? Number.MAX_SAFE_INTEGER : Number(at),
        id,
        limit + 1,
      )
      .toArray();
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const next = found.length > rows.length && last ? `${last.at}_${last.id}` : null;
    return { rows: rows.map(viewOf), next };
  }

  blob(callId: string, recordingId: string): { key: string; type: string } | null {
    const row = this.rows(callId).find(({ id }) => id === recordingId);
    return row ? { key: row.blob_key, type: row.type } : null;
  }

  private rows(callId: string): StoredRecording[] {
    return this.sql
      .exec<StoredRecording>('SELECT * FROM recordings WHERE call_id = ? ORDER BY at, id', callId)
      .toArray();
  }
}

const viewOf = (row: StoredRecording): RecordingView => ({
  id: row.id,
  call_id: row.call_id,
  size: row.size,
  type: row.type,
  sha256: row.sha256,
  at: new Date(row.at).toISOString(),
});
