import type { EdgeArgs } from '../../bridge/protocol/verbs';

export type UploadArgs = EdgeArgs<'upload.begin'>;

/** An upload as it is known beyond a break, an eviction or a kill. */
export interface UploadRow {
  id: string;
  args: UploadArgs;
  blobKey: string;
  /** R2's id of the multipart upload; null before the first part and after the last. */
  multipart: string | null;
  /** open: parts arrive; stored: whole and verified in R2; done: those it belongs to know of it. */
  state: 'open' | 'stored' | 'done';
}

export interface StoredPart {
  number: number;
  etag: string;
  size: number;
}

type Columns = { id: string; args: string; blob_key: string; multipart: string | null; state: string };

const COLUMNS = 'id, args, blob_key, multipart, state';

const toRow = (row: Columns): UploadRow => ({
  id: row.id,
  args: JSON.parse(row.args) as UploadArgs,
  blobKey: row.blob_key,
  multipart: row.multipart,
  state: row.state as UploadRow['state'],
});

export class UploadStore {
  constructor(
    private readonly sql: SqlStorage,
    private readonly now: () => number,
  ) {}

  byKey(key: string): UploadRow | null {
    const [row] = this.sql.exec<Columns>(`SELECT ${COLUMNS} FROM uploads WHERE key = ?`, key).toArray();
    return row === undefined ? null : toRow(row);
  }

  byId(id: string): UploadRow | null {
    const [row] = this.sql.exec<Columns>(`SELECT ${COLUMNS} FROM uploads WHERE id = ?`, id).toArray();
    return row === undefined ? null : toRow(row);
  }

  add(row: UploadRow): void {
    this.sql.exec(
      'INSERT INTO uploads (id, key, args, sha256, size, blob_key, multipart, state, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      row.id,
      row.args.key,
      JSON.stringify(row.args),
      row.args.sha256,
      row.args.size,
      row.blobKey,
      row.multipart,
      row.state,
      this.now(),
    );
  }

  set(id: string, change: { state?: UploadRow['state']; multipart?: string | null }): void {
    if (change.state !== undefined)
      this.sql.exec('UPDATE uploads SET state = ? WHERE id = ?', change.state, id);
    if (change.multipart !== undefined)
      this.sql.exec('UPDATE uploads SET multipart = ? WHERE id = ?', change.multipart, id);
    this.sql.exec('UPDATE uploads SET touched_at = ? WHERE id = ?', this.now(), id);
  }

  /** In their order. */
  parts(id: string): StoredPart[] {
    return this.sql
      .exec<{ number: number; etag: string; size: number }>(
        'SELECT number, etag, size FROM upload_parts WHERE upload = ? ORDER BY number',
        id,
      )
      .toArray();
  }

  addPart(id: string, part: StoredPart): void {
    this.sql.exec(
      'INSERT OR REPLACE INTO upload_parts (upload, number, etag, size) VALUES (?, ?, ?, ?)',
      id,
      part.number,
      part.etag,
      part.size,
    );
    this.sql.exec('UPDATE uploads SET touched_at = ? WHERE id = ?', this.now(), id);
  }

  forgetParts(id: string): void {
    this.sql.exec('DELETE FROM upload_parts WHERE upload = ?', id);
  }

  remove(id: string): void {
    this.forgetParts(id);
    this.sql.exec('DELETE FROM uploads WHERE id = ?', id);
  }

  inState(state: UploadRow['state']): UploadRow[] {
    return this.sql
      .exec<Columns>(`SELECT ${COLUMNS} FROM uploads WHERE state = ? LIMIT 100`, state)
      .toArray()
      .map(toRow);
  }

  untouchedSince(at: number): UploadRow[] {
    return this.sql
      .exec<Columns>(`SELECT ${COLUMNS} FROM uploads WHERE touched_at < ? LIMIT 100`, at)
      .toArray()
      .map(toRow);
  }
}
