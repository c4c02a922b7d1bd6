import type { HistoryPage, LeadChange } from './contract';
import type { Difference } from './machine';
import type { Origin, StoredLead } from './store';

interface ChangeRow extends Record<string, SqlStorageValue> {
  id: number;
  at: number;
  by: string | null;
  kind: string;
  import_id: string | null;
  before: string;
  after: string;
}

/** What happened to leads. That a lead was made is told from its own row: an import of many writes no row for it. */
export class LeadHistory {
  constructor(private readonly sql: SqlStorage) {}

  add(
    lead: number,
    kind: Exclude<LeadChange['kind'], 'created'>,
    { before, after }: Difference,
    { by, importId, now }: Origin,
  ): void {
    this.sql.exec(
      'INSERT INTO changes (lead, at, by, kind, import_id, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)',
      lead,
      now,
      by,
      kind,
      importId,
      JSON.stringify(before),
      JSON.stringify(after),
    );
  }

  page({ seq, lead }: StoredLead, cursor: string | undefined, limit: number): HistoryPage {
    const before =
      cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.MAX_SAFE_INTEGER;
    const rows = this.sql
      .exec<ChangeRow>(
        'SELECT id, at, by, kind, import_id, before, after FROM changes WHERE lead = ? AND id < ? ORDER BY id DESC LIMIT ?',
        seq,
        before,
        limit,
      )
      .toArray();
    const items = rows.map(changeOf);
    if (rows.length === limit) return { items, next: String(items.at(-1)?.id) };
    // The first thing that happened, and no row of its own: it comes with the last page.
    const { createdAt: at, createdBy: by, importId } = lead;
    return {
      items: [...items, { id: 0, at, by, kind: 'created', importId, before: {}, after: {} }],
      next: null,
    };
  }
}

const changeOf = (row: ChangeRow): LeadChange => ({
  id: row.id,
  at: row.at,
  by: row.by,
  // Written by this class only.
  kind: row.kind as LeadChange['kind'],
  importId: row.import_id,
  before: JSON.parse(row.before) as LeadChange['before'],
  after: JSON.parse(row.after) as LeadChange['after'],
});
