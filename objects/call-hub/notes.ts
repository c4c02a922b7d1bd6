/** Notes on calls: rows of their own, counted on the call. */
import type { NoteView } from './contract';
import type { Names } from './view';

/** More notes than anyone reads on one call. */
export const NOTES_PER_CALL = 500;

export interface NoteRow {
  id: string;
  call_id: string;
  user_id: string;
  text: string;
  at: number;
  edited_at: number | null;
}

export class Notes {
  constructor(private readonly sql: SqlStorage) {}

  get(noteId: string): NoteRow | null {
    const [row] = this.sql.exec('SELECT * FROM notes WHERE id = ?', noteId).toArray();
    return row ? (row as unknown as NoteRow) : null;
  }

  of(callId: string): NoteRow[] {
    const rows = this.sql.exec('SELECT * FROM notes WHERE call_id = ? ORDER BY at, id', callId).toArray();
    return rows as unknown as NoteRow[];
  }

  count(callId: string): number {
    return this.sql.exec<{ n: number }>('SELECT count(*) AS n FROM notes WHERE call_id = ?', callId).one().n;
  }

  add(row: NoteRow): void {
    this.sql.exec(
      'INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)',
      row.id,
      row.call_id,
      row.user_id,
      row.text,
      row.at,
      null,
    );
  }

  change(noteId: string, text: string, at: number): void {
    this.sql.exec('UPDATE notes SET text = ?, edited_at = ? WHERE id = ?', text, at, noteId);
  }

  remove(noteId: string): void {
    this.sql.exec('DELETE FROM notes WHERE id = ?', noteId);
  }
}

export const noteView = (row: NoteRow, names: Names): NoteView => ({
  id: row.id,
  call_id: row.call_id,
  text: row.text,
  timestamp: new Date(row.at).toISOString(),
  edited: row.edited_at === null ? null : new Date(row.edited_at).toISOString(),
  user: names.user(row.user_id),
});
