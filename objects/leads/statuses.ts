import type {
  CountedStatus,
  LeadStatus,
  LeadViewer,
  StatusColor,
  StatusKind,
  StatusResult,
} from './contract';
import type { LeadStore } from './store';

/** More than anybody picks from. */
const MOST_STATUSES = 50;

interface StatusRow extends Record<string, SqlStorageValue> {
  id: number;
  key: string;
  name: string | null;
  kind: string;
  color: string;
  position: number;
  hidden: number;
}

/** The statuses of a tenant, in its own order. Each change runs inside the caller's transaction. */
export class Statuses {
  #known: StatusRow[] | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly store: LeadStore,
  ) {}

  /** Counted as the viewer sees leads. */
  list(viewer: LeadViewer): CountedStatus[] {
    const owners = viewer.scope === 'all' ? null : [0, this.store.ownerId(viewer.userId) ?? 0];
    const counts = new Map<number, number>();
    const rows = this.sql.exec<{ status: number; n: number }>(
      owners === null
        ? 'SELECT status, sum(n) AS n FROM counts GROUP BY status'
        : 'SELECT status, sum(n) AS n FROM counts WHERE owner IN (?, ?) GROUP BY status',
      ...(owners ?? []),
    );
    for (const { status, n } of rows) counts.set(status, n);
    return this.#rows().map((row) => ({ ...statusOf(row), leads: counts.get(row.id) ?? 0 }));
  }

  /** What a lead begins with: the first that can be picked. */
  first(): string {
    const row = this.#rows().find(({ hidden }) => hidden === 0);
    if (row === undefined) throw new Error('no status to begin with');
    return row.key;
  }

  /** Whether a lead can be given it. */
  isOpenToPick(key: string): boolean {
    return this.#rows().some((row) => row.key === key && row.hidden === 0);
  }

  /** At the end. */
  add(status: LeadStatus): StatusResult {
    const rows = this.#rows();
    if (rows.some(({ key }) => key === status.key)) return { ok: false, code: 'taken' };
    if (rows.length >= MOST_STATUSES) return { ok: false, code: 'too_many' };
    this.sql.exec(
      'INSERT INTO statuses (key, name, kind, color, hidden, position) VALUES (?, ?, ?, ?, ?, ?)',
      status.key,
      status.name,
      status.kind,
      status.color,
      status.hidden ? 1 : 0,
      rows.length,
    );
    this.forget();
    return { ok: true, status };
  }

  change(key: string, change: Partial<Omit<LeadStatus, 'key'>> & { position?: number }): StatusResult {
    const rows = this.#rows();
    const row = rows.find((one) => one.key === key);
    if (row === undefined) return { ok: false, code: 'not_found' };
    const { position, ...fields } = change;
    const status = { ...statusOf(row), ...fields };
    if (status.hidden && isLast(rows, row)) return { ok: false, code: 'last' };
    this.sql.exec(
      'UPDATE statuses SET name = ?, kind = ?, color = ?, hidden = ? WHERE id = ?',
      status.name,
      status.kind,
      status.color,
      status.hidden ? 1 : 0,
      row.id,
    );
    if (position !== undefined) {
      const others = rows.filter(({ id }) => id !== row.id).map(({ id }) => id);
      this.#order([...others.slice(0, position), row.id, ...others.slice(position)]);
    }
    this.forget();
    return { ok: true, status };
  }

  remove(key: string): StatusResult {
    const rows = this.#rows();
    const row = rows.find((one) => one.key === key);
    if (row === undefined) return { ok: false, code: 'not_found' };
    if (this.#isUsed(row.id)) return { ok: false, code: 'in_use' };
    if (isLast(rows, row)) return { ok: false, code: 'last' };
    this.sql.exec('DELETE FROM statuses WHERE id = ?', row.id);
    this.sql.exec('DELETE FROM counts WHERE status = ?', row.id);
    this.#order(rows.filter(({ id }) => id !== row.id).map(({ id }) => id));
    this.forget();
    return { ok: true, status: statusOf(row) };
  }

  #isUsed(id: number): boolean {
    const { n } = this.sql
      .exec<{ n: number }>('SELECT coalesce(sum(n), 0) AS n FROM counts WHERE status = ?', id)
      .one();
    // Deleted leads too: they may come back.
    const deleted = 'SELECT 1 FROM leads WHERE deleted_at IS NOT NULL AND status = ? LIMIT 1';
    return n > 0 || this.sql.exec(deleted, id).toArray().length > 0;
  }

  #order(ids: readonly number[]): void {
    ids.forEach((id, position) => {
      this.sql.exec('UPDATE statuses SET position = ? WHERE id = ?', position, id);
    });
  }

  /** What is kept of them is read again. */
  forget(): void {
    this.#known = null;
    this.store.forgetStatuses();
  }

  #rows(): StatusRow[] {
    this.#known ??= this.sql.exec<StatusRow>('SELECT * FROM statuses ORDER BY position, id').toArray();
    return this.#known;
  }
}

const isLast = (rows: readonly StatusRow[], row: StatusRow): boolean =>
  rows.every(({ id, hidden }) => id === row.id || hidden === 1);

const statusOf = (row: StatusRow): LeadStatus => ({
  key: row.key,
  name: row.name,
  // Written by this class and the first migration only.
  kind: row.kind as StatusKind,
  color: row.color as StatusColor,
  hidden: row.hidden === 1,
});
