/** A campaign's stores, wired together, and the few facts that are one row each. */
import type { CampaignConfig } from '../../worker/db/schema';
import { AgentStore } from './agents';
import { AttemptStore } from './attempt-store';
import type { CampaignRow } from './contract';
import { ImportStore } from './import-store';
import { LeadStore } from './lead-store';
import type { CampaignState } from './views';

export interface Standing {
  state: CampaignState;
  since: number | null;
  /** User id; null: by itself. */
  by: string | null;
  /** Who set it going last: whose the calls without an agent are. */
  runner: string | null;
  /** Deleted: nothing starts it again. */
  closed: boolean;
}

const DRAFT: Standing = { state: 'draft', since: null, by: null, runner: null, closed: false };

export class Book {
  readonly leads: LeadStore;
  readonly attempts: AttemptStore;
  readonly agents: AgentStore;
  readonly imports: ImportStore;
  #row: CampaignRow | null;
  #standing: Standing;

  constructor(
    private readonly sql: SqlStorage,
    /** What an alarm's wake need not carry. */
    name: string | undefined,
  ) {
    this.leads = new LeadStore(sql);
    this.attempts = new AttemptStore(sql);
    this.agents = new AgentStore(sql);
    this.imports = new ImportStore(sql);
    if (name !== undefined && this.#read('name') === null) this.#write('name', name);
    this.#row = this.#read('row') as CampaignRow | null;
    this.#standing = { ...DRAFT, ...(this.#read('standing') as Standing | null) };
  }

  /** After a rolled back transaction. */
  reread(): void {
    this.#row = this.#read('row') as CampaignRow | null;
    this.#standing = { ...DRAFT, ...(this.#read('standing') as Standing | null) };
  }

  get tenantId(): string {
    return this.#name.slice(0, this.#name.indexOf(':'));
  }

  get campaignId(): string {
    return this.#name.slice(this.#name.indexOf(':') + 1);
  }

  /** Null until it was told of. */
  get row(): CampaignRow | null {
    return this.#row;
  }

  get config(): CampaignConfig {
    if (this.#row === null) throw new Error('a campaign is configured before it does anything');
    return this.#row.config;
  }

  /** Keeps the row unless a newer one is known. */
  configure(row: CampaignRow): void {
    if (this.#row !== null && this.#row.version > row.version) return;
    this.#row = row;
    this.#write('row', row);
  }

  get standing(): Standing {
    return this.#standing;
  }

  stand(change: Partial<Standing>): void {
    this.#standing = { ...this.#standing, ...change };
    this.#write('standing', this.#standing);
  }

  get listVersion(): number {
    return Number(this.#read('list_version') ?? 0);
  }

  /** A batch of leads came in or went. */
  nextListVersion(): number {
    const next = this.listVersion + 1;
    this.#write('list_version', next);
    return next;
  }

  get #name(): string {
    const name = this.#read('name');
    return typeof name === 'string' ? name : ':';
  }

  #read(key: string): unknown {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray();
    return row === undefined ? null : JSON.parse(row.value);
  }

  #write(key: string, value: unknown): void {
    this.sql.exec('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
  }
}
