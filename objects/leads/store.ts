import { newLeadId } from '../lib/ids';
import type { LeadFields, LeadRecord } from './contract';
import { digitsOf } from '../lib/search-terms';

/** Null seller. */
const NOBODY = 0;

interface LeadRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  number: string;
  status: number;
  owner: number;
  name: string | null;
  email: string | null;
  company: string | null;
  source: string | null;
  comment: string | null;
  time_zone: string | null;
  next_at: number | null;
  next_text: string | null;
  extra: string;
  created_at: number;
  created_by: string | null;
  import_id: string | null;
  updated_at: number;
  deleted_at: number | null;
}

/** A lead with its key in this storage. */
export interface StoredLead {
  seq: number;
  lead: LeadRecord;
}

export interface Origin {
  by: string | null;
  importId: string | null;
  now: number;
}

/** Leads and the words that find them. Each change runs inside the caller's transaction. */
export class LeadStore {
  /** Both ways between the keys of rows and what the contract says; small, and only this object writes them. */
  readonly #ownerIds = new Map<string, number>();
  readonly #owners = new Map<number, string>();
  #statuses: Map<number, string> | null = null;

  constructor(private readonly sql: SqlStorage) {
    this.reload();
  }

  /** Reads what it keeps in memory again: a transaction that failed took rows back. */
  reload(): void {
    this.#statuses = null;
    this.#ownerIds.clear();
    this.#owners.clear();
    const rows = this.sql.exec<{ id: number; user_id: string }>('SELECT * FROM owners');
    for (const { id, user_id: userId } of rows) {
      this.#ownerIds.set(userId, id);
      this.#owners.set(id, userId);
    }
  }

  /** Statuses were changed: their keys are read again. */
  forgetStatuses(): void {
    this.#statuses = null;
  }

  statusId(key: string): number | null {
    for (const [id, known] of this.#statusKeys()) if (known === key) return id;
    return null;
  }

  /** Key of an owner; null: nobody of that id ever had a lead. */
  ownerId(userId: string | null): number | null {
    return userId === null ? NOBODY : (this.#ownerIds.get(userId) ?? null);
  }

  byId(id: string): StoredLead | null {
    return this.#one('SELECT * FROM leads WHERE id = ?', id);
  }

  /** The lead that has a number and is not deleted. */
  byNumber(number: string): StoredLead | null {
    return this.#one('SELECT * FROM leads WHERE number = ? AND deleted_at IS NULL', number);
  }

  read(query: string, ...bindings: (string | number | null)[]): StoredLead[] {
    return [...this.sql.exec<LeadRow>(query, ...bindings)].map((row) => ({
      seq: row.seq,
      lead: this.#leadOf(row),
    }));
  }

  insert(fields: LeadFields, { by, importId, now }: Origin): LeadRecord {
    const id = newLeadId(now);
    const row = this.#columns(fields);
    const { seq } = this.sql
      .exec<{ seq: number }>(
        `INSERT INTO leads (id, number, status, owner, name, email, company, source, comment, time_zone, next_at,
           next_text, extra, created_at, created_by, import_id, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
        id,
        ...row,
        now,
        by,
        importId,
        now,
      )
      .one();
    const lead = { ...fields, id, createdAt: now, createdBy: by, importId, updatedAt: now, deletedAt: null };
    this.#index(seq, lead);
    return lead;
  }

  update({ seq, lead }: StoredLead, change: Partial<LeadFields>, now: number): LeadRecord {
    const changed = { ...lead, ...change, updatedAt: now };
    this.sql.exec(
      `UPDATE leads SET number = ?, status = ?, owner = ?, name = ?, email = ?, company = ?, source = ?, comment = ?,
         time_zone = ?, next_at = ?, next_text = ?, extra = ?, updated_at = ? WHERE seq = ?`,
      ...this.#columns(changed),
      now,
      seq,
    );
    this.#forget(seq);
    this.#index(seq, changed);
    return changed;
  }

  /** `at` null: it is there again. */
  setDeleted({ seq, lead }: StoredLead, at: number | null, now: number): LeadRecord {
    this.sql.exec('UPDATE leads SET deleted_at = ?, updated_at = ? WHERE seq = ?', at, now, seq);
    if (at === null) this.#index(seq, lead);
    else this.#forget(seq);
    return { ...lead, deletedAt: at, updatedAt: now };
  }

  /** Forgets leads deleted before this moment, with their history. Answers whether there are more. */
  purge(before: number, limit: number): boolean {
    const rows = this.sql
      .exec<{ seq: number }>(
        'SELECT seq FROM leads WHERE deleted_at < ? ORDER BY deleted_at LIMIT ?',
        before,
        limit,
      )
      .toArray();
    for (const { seq } of rows) {
      this.sql.exec('DELETE FROM changes WHERE lead = ?', seq);
      this.sql.exec('DELETE FROM leads WHERE seq = ?', seq);
    }
    return rows.length === limit;
  }

  /** When the lead that was deleted first was; null without one. */
  oldestDeleted(): number | null {
    const sql = 'SELECT min(deleted_at) AS at FROM leads WHERE deleted_at IS NOT NULL';
    return this.sql.exec<{ at: number | null }>(sql).one().at;
  }

  #one(query: string, binding: string): StoredLead | null {
    return this.read(query, binding)[0] ?? null;
  }

  #columns(fields: LeadFields): (string | number | null)[] {
    const status = this.statusId(fields.status);
    if (status === null) throw new Error(`no status ${fields.status}`);
    return [
      fields.number,
      status,
      this.#ownerKey(fields.owner),
      fields.name,
      fields.email,
      fields.company,
      fields.source,
      fields.comment,
      fields.timeZone,
      fields.nextAt,
      fields.nextText,
      JSON.stringify(fields.extra),
    ];
  }

  #ownerKey(userId: string | null): number {
    const known = this.ownerId(userId);
    if (known !== null || userId === null) return known ?? NOBODY;
    const sql = 'INSERT INTO owners (user_id) VALUES (?) RETURNING id';
    const { id } = this.sql.exec<{ id: number }>(sql, userId).one();
    this.#ownerIds.set(userId, id);
    this.#owners.set(id, userId);
    return id;
  }

  #statusKeys(): Map<number, string> {
    this.#statuses ??= new Map(
      [...this.sql.exec<{ id: number; key: string }>('SELECT id, key FROM statuses')].map(({ id, key }) => [
        id,
        key,
      ]),
    );
    return this.#statuses;
  }

  #index(seq: number, lead: LeadFields): void {
    const { name, company, email, comment, extra, number } = lead;
    const words = [name, company, email, comment, ...Object.values(extra), ...digitsOf(number)];
    this.sql.exec(
      'INSERT INTO finder (rowid, words, facets) VALUES (?, ?, ?)',
      seq,
      words.filter((one) => one !== null).join(' '),
      `s${this.statusId(lead.status)} o${this.ownerId(lead.owner)}`,
    );
  }

  #forget(seq: number): void {
    this.sql.exec('DELETE FROM finder WHERE rowid = ?', seq);
  }

  #leadOf(row: LeadRow): LeadRecord {
    return {
      id: row.id,
      number: row.number,
      name: row.name,
      email: row.email,
      company: row.company,
      source: row.source,
      comment: row.comment,
      timeZone: row.time_zone,
      status: this.#statusKeys().get(row.status) ?? '',
      owner: this.#owners.get(row.owner) ?? null,
      nextAt: row.next_at,
      nextText: row.next_text,
      // Written by this class only.
      extra: JSON.parse(row.extra) as Record<string, string>,
      createdAt: row.created_at,
      createdBy: row.created_by,
      importId: row.import_id,
      updatedAt: row.updated_at,
      deletedAt: row.deleted_at,
    };
  }
}
