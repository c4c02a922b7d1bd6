/** CDR rows as the PBX wrote them, found by their call, or newest first for the whole tenant. */
import type { CdrRow } from '../../bridge/protocol/events';
import type { CdrQuery, CdrView } from './contract';

interface StoredRow extends Record<string, SqlStorageValue> {
  id: number;
  started_at: number;
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
        'INSERT OR IGNORE INTO cdr (key, call_id, linkedid, row, started_at) VALUES (?, ?, ?, ?, ?) RETURNING id',
        key,
        link?.call_id ?? null,
        row.linkedid,
        JSON.stringify(row),
        row.start,
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
      'SELECT id, started_at, call_id, row FROM cdr WHERE call_id = ? ORDER BY id',
      callId,
    );
    return rows.toArray().map(viewOf);
  }

  /** Rows of calls, newest first; of one number (digits of its source or destination) and of a time where given. */
  page({ before, limit, number, from, to }: CdrQuery): { rows: CdrView[]; next: string | null } {
    const [, at, id] = /^(\d{1,15})_(\d{1,15})$/.exec(before ?? '') ?? [];
    const newest = Number.MAX_SAFE_INTEGER;
    const position = at === undefined ? [newest, 0] : [Number(at), Number(id)];
    const range = [from ?? 0, to ?? newest, ...position, limit + 1];
    const within = `c.started_at >= ? AND c.started_at < ? AND (c.started_at, c.id) < (?, ?) AND c.call_id IS NOT NULL
       ORDER BY c.started_at DESC, c.id DESC LIMIT ?`;
    const columns = 'SELECT c.id, c.started_at, c.call_id, c.row';
    const found = (
      number === undefined
        ? this.sql.exec<StoredRow>(`${columns} FROM cdr c WHERE ${within}`, ...range)
        : this.sql.exec<StoredRow>(
            `${columns} FROM cdr_numbers n JOIN cdr c ON c.id = n.id WHERE n.digits = ? AND ${within}`,
            digitsOf(number),
            ...range,
          )
    ).toArray();
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const next = found.length > rows.length && last ? `${last.started_at}_${last.id}` : null;
    return { rows: rows.map(viewOf), next };
  }
}

const viewOf = ({ call_id, row }: StoredRow): CdrView => ({ ...(JSON.parse(row) as CdrRow), call_id });
