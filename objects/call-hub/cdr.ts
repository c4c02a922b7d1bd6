/** CDR rows as the PBX wrote them, found by their call, or newest first for the whole tenant. */
import type { CdrRow } from '../../bridge/protocol/events';
import type { CdrView } from './contract';

interface StoredRow extends Record<string, SqlStorageValue> {
  id: number;
  call_id: string;
  row: string;
}

const digitsOf = (number: string): string => number.replace(/\D/g, '');

/** Each change runs inside the caller's transaction. */
export class CdrBook {
  constructor(private readonly sql: SqlStorage) {}

  /** False when the row is known already. */
  add(row: CdrRow): boolean {
    const key = [
      row.pbx,
      row.uniqueid,
      row.channel,
      row.dest_channel,
      row.start,
      row.end,
      row.destination,
    ].join('|');
    const [link] = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM call_links WHERE linkedid = ?', row.linkedid)
      .toArray();
    const [stored] = this.sql
      .exec<{ id: number }>(
        'INSERT OR IGNORE INTO cdr (key, call_id, linkedid, row) VALUES (?, ?, ?, ?) RETURNING id',
        key,
        link?.call_id ?? null,
        row.linkedid,
        JSON.stringify(row),
      )
      .toArray();
    if (!stored) return false;
    for (const digits of new Set([digitsOf(row.source), digitsOf(row.destination)]))
      if (digits !== '') this.sql.exec('INSERT OR IGNORE INTO cdr_numbers VALUES (?, ?)', digits, stored.id);
    return true;
  }

  /** Oldest first. */
  ofCall(callId: string): CdrView[] {
    const rows = this.sql.exec<StoredRow>(
      'SELECT id, call_id, row FROM cdr WHERE call_id = ? ORDER BY id',
      callId,
    );
    return rows.toArray().map(viewOf);
  }

  /** Rows of calls, newest first; of one number (digits of its source or destination) where it is given. */
  page(query: { before?: string; limit: number; number?: string }): { rows: CdrView[]; next: string | null } {
    const before = /^\d{1,15}$/.test(query.before ?? '') ? Number(query.before) : Number.MAX_SAFE_INTEGER;
    const found = (
      query.number === undefined
        ? this.sql.exec<StoredRow>(
            'SELECT id, call_id, row FROM cdr WHERE id < ? AND call_id IS NOT NULL ORDER BY id DESC LIMIT ?',
            before,
            query.limit + 1,
          )
        : this.sql.exec<StoredRow>(
            `SELECT c.id, c.call_id, c.row FROM cdr_numbers n JOIN cdr c ON c.id = n.id
             WHERE n.digits = ? AND n.id < ? AND c.call_id IS NOT NULL ORDER BY n.id DESC LIMIT ?`,
            digitsOf(query.number),
            before,
            query.limit + 1,
          )
    ).toArray();
    const rows = found.slice(0, query.limit);
    const last = rows.at(-1);
    return { rows: rows.map(viewOf), next: found.length > rows.length && last ? String(last.id) : null };
  }
}

const viewOf = ({ call_id, row }: StoredRow): CdrView => ({ ...(JSON.parse(row) as CdrRow), call_id });
