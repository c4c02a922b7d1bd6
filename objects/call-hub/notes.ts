/** Notes on calls: rows of their own, counted on the call. Whoever sees the call sees its notes. */
import type {
  AddNoteInput,
  ChangeNoteInput,
  ChangeNoteResult,
  DeleteNoteResult,
  NoteResult,
  NoteView,
  Viewer,
} from './contract';
import type { CallRecord } from './machine';
import type { Names } from './view';

/** More notes than anyone reads on one call. */
const NOTES_PER_CALL = 500;

interface NoteRow extends Record<string, SqlStorageValue> {
  id: string;
  call_id: string;
  user_id: string;
  text: string;
  at: number;
  edited_at: number | null;
}

export interface NotesParts {
  sql: SqlStorage;
  names: Names;
  /** The call, if the viewer may see it. */
  visible(callId: string, viewer: Viewer): CallRecord | null;
  /** Stores the call and tells who sees it. */
  save(call: CallRecord, known: CallRecord): void;
}

/** Each change runs inside the caller's transaction. */
export class Notes {
  constructor(private readonly parts: NotesParts) {}

  add({ callId, viewer, text, now }: AddNoteInput): NoteResult {
    const call = this.parts.visible(callId, viewer);
    if (!call) return { ok: false, code: 'not_found' };
    if (this.count(callId) >= NOTES_PER_CALL) return { ok: false, code: 'too_many' };
    const row = {
      id: crypto.randomUUID(),
      call_id: callId,
      user_id: viewer.userId,
      text,
      at: now,
      edited_at: null,
    };
    this.parts.sql.exec(
      'INSERT INTO notes VALUES (?, ?, ?, ?, ?, NULL)',
      row.id,
      callId,
      row.user_id,
      text,
      now,
    );
    this.recount(call);
    return { ok: true, note: this.view(row) };
  }

  change({ noteId, viewer, text, now }: ChangeNoteInput): ChangeNoteResult {
    const found = this.own(noteId, viewer);
    if (!found.ok) return found;
    this.parts.sql.exec('UPDATE notes SET text = ?, edited_at = ? WHERE id = ?', text, now, noteId);
    const note = this.view({ ...found.row, text, edited_at: now });
    return { ok: true, note, before: found.row.text };
  }

  remove({ noteId, viewer }: Omit<ChangeNoteInput, 'text'>): DeleteNoteResult {
    const found = this.own(noteId, viewer);
    if (!found.ok) return found;
    this.parts.sql.exec('DELETE FROM notes WHERE id = ?', noteId);
    this.recount(found.call);
    return { ok: true, before: found.row.text };
  }

  /** Oldest first; null as for a call the viewer may not see. */
  list(callId: string, viewer: Viewer): NoteView[] | null {
    if (!this.parts.visible(callId, viewer)) return null;
    const rows = this.parts.sql.exec<NoteRow>(
      'SELECT * FROM notes WHERE call_id = ? ORDER BY at, id',
      callId,
    );
    return rows.toArray().map((row) => this.view(row));
  }

  private own(
    noteId: string,
    viewer: Viewer,
  ): { ok: true; row: NoteRow; call: CallRecord } | { ok: false; code: 'not_found' | 'not_yours' } {
    const [row] = this.parts.sql.exec<NoteRow>('SELECT * FROM notes WHERE id = ?', noteId).toArray();
    const call = row && this.parts.visible(row.call_id, viewer);
    if (!row || !call) return { ok: false, code: 'not_found' };
    return row.user_id === viewer.userId ? { ok: true, row, call } : { ok: false, code: 'not_yours' };
  }

  private recount(call: CallRecord): void {
    this.parts.save({ ...call, noteCount: this.count(call.callId) }, call);
  }

  private count(callId: string): number {
    const sql = 'SELECT count(*) AS n FROM notes WHERE call_id = ?';
    return this.parts.sql.exec<{ n: number }>(sql, callId).one().n;
  }

  private view = (row: NoteRow): NoteView => ({
    id: row.id,
    call_id: row.call_id,
    text: row.text,
    timestamp: new Date(row.at).toISOString(),
    edited: row.edited_at === null ? null : new Date(row.edited_at).toISOString(),
    user: this.parts.names.user(row.user_id),
  });
}
