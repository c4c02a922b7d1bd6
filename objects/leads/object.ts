import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { Timers } from '../lib/timers';
import { LeadBook } from './book';
import type * as c from './contract';
import { LeadHistory } from './history';
import { LeadImports } from './imports';
import { LEADS_MIGRATIONS } from './migrations';
import { LeadSearch } from './search';
import { Statuses } from './statuses';
import { LeadStore } from './store';

const DAY_MS = 24 * 3_600_000;
/** Deleted leads can be restored for so long. */
const KEEP_DELETED_MS = 30 * DAY_MS;
/** Leads forgotten in one alarm. */
const PURGE_AT_ONCE = 2_000;
const MOST_IN_A_PAGE = 1_000;

/** Leads of one tenant, see `contract.ts`. */
export class Leads extends DurableObject<Env> implements c.LeadsApi {
  readonly #store: LeadStore;
  readonly #history: LeadHistory;
  readonly #statuses: Statuses;
  readonly #book: LeadBook;
  readonly #search: LeadSearch;
  readonly #imports: LeadImports;
  readonly #timers: Timers;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, LEADS_MIGRATIONS);
    const { sql } = ctx.storage;
    this.#store = new LeadStore(sql);
    this.#history = new LeadHistory(sql);
    this.#statuses = new Statuses(sql, this.#store);
    this.#book = new LeadBook(this.#store, this.#history, this.#statuses);
    this.#search = new LeadSearch(this.#store);
    this.#imports = new LeadImports(sql, this.#store, this.#history, this.#statuses);
    this.#timers = new Timers(ctx.storage);
    this.#timers.resume();
  }

  async list(query: c.LeadQuery): Promise<c.LeadsPageResult> {
    const result = this.#search.list({ ...query, limit: Math.min(query.limit, MOST_IN_A_PAGE) });
    if (!result.ok) return result;
    return { ok: true, leads: result.found.map(({ lead }) => lead), next: result.next };
  }

  async lead(id: string, viewer: c.LeadViewer): Promise<c.LeadRecord | null> {
    return this.#book.seen(id, viewer)?.lead ?? null;
  }

  async lookup(number: string, viewer: c.LeadViewer): Promise<c.LookupResult> {
    return this.#book.lookup(number, viewer);
  }

  async add(input: c.AddLeadInput): Promise<c.LeadResult> {
    return this.#change(() => this.#book.add(input));
  }

  async change(input: c.ChangeLeadInput): Promise<c.LeadResult> {
    return this.#change(() => this.#book.change(input));
  }

  async remove(input: c.LeadIdInput): Promise<c.LeadResult> {
    return this.#change(() => {
      const result = this.#book.remove(input);
      if (result.ok) this.#timers.setBy('purge', input.now + KEEP_DELETED_MS);
      return result;
    });
  }

  async restore(input: c.LeadIdInput): Promise<c.LeadResult> {
    return this.#change(() => this.#book.restore(input));
  }

  async bulk(input: c.BulkInput): Promise<c.BulkResult> {
    return this.#change(() => {
      const result = this.#book.bulk(input);
      if (result.ok && input.change === 'delete') this.#timers.setBy('purge', input.now + KEEP_DELETED_MS);
      return result;
    });
  }

  async history(input: Parameters<c.LeadsApi['history']>[0]): Promise<c.HistoryPage> {
    const found = this.#book.seen(input.id, input.viewer);
    return found === null ? null : this.#history.page(found, input.cursor, input.limit);
  }

  async statuses(viewer: c.LeadViewer): Promise<c.CountedStatus[]> {
    return this.#statuses.list(viewer);
  }

  async addStatus(status: c.LeadStatus): Promise<c.StatusResult> {
    return this.#change(() => this.#statuses.add(status));
  }

  async changeStatus(
    key: string,
    change: Partial<Omit<c.LeadStatus, 'key'>> & { position?: number },
  ): Promise<c.StatusResult> {
    return this.#change(() => this.#statuses.change(key, change));
  }

  async removeStatus(key: string): Promise<c.StatusResult> {
    return this.#change(() => this.#statuses.remove(key));
  }

  async startImport(input: c.StartImportInput): Promise<c.ImportRecord> {
    return this.#change(() => {
      const started = this.#imports.start(input, crypto.randomUUID());
      this.#watchImports(input.now);
      return started;
    });
  }

  async openImport(id: string, now: number): Promise<c.ImportRecord | null> {
    return this.#change(() => {
      const opened = this.#imports.open(id, now);
      this.#watchImports(now);
      return opened;
    });
  }

  async importRows(batch: c.ImportBatch): Promise<c.ImportRecord | null> {
    return this.#change(() => this.#imports.take(batch));
  }

  async endImport(input: c.EndImportInput): Promise<c.ImportRecord | null> {
    return this.#change(() => this.#imports.end(input.id, input.state, input));
  }

  async cancelImport(id: string, now: number): Promise<c.ImportRecord | null> {
    return this.#change(() => this.#imports.end(id, 'cancelled', { problem: null, row: null, now }));
  }

  async import(id: string): Promise<c.ImportRecord | null> {
    return this.#imports.one(id);
  }

  async imports(query: { cursor?: string | undefined; limit: number }): Promise<c.ImportsPage> {
    return this.#imports.page(query);
  }

  async importProblems(
    query: Parameters<c.LeadsApi['importProblems']>[0],
  ): Promise<c.ImportProblemsPage | null> {
    return this.#imports.problems(query);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    const due = this.#timers.due(now);
    if (due.includes('imports')) this.#change(() => this.#watchImports(now));
    if (due.includes('purge')) this.#change(() => this.#purge(now));
  }

  #watchImports(now: number): void {
    const next = this.#imports.sweep(now);
    if (next !== null) this.#timers.setBy('imports', next);
  }

  /** A little at a time: others wait meanwhile. */
  #purge(now: number): void {
    const more = this.#store.purge(now - KEEP_DELETED_MS, PURGE_AT_ONCE);
    const oldest = more ? now : this.#store.oldestDeleted();
    if (oldest !== null) this.#timers.setBy('purge', more ? now : oldest + KEEP_DELETED_MS);
  }

  /** What is kept in memory follows the storage, also when a transaction fails. */
  #change<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#store.reload();
      this.#statuses.forget();
      throw error;
    }
  }
}
