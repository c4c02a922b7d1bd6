/**
 * What other rooms may ask of Leads: one object per tenant (named by the tenant's id), the only writer of that
 * tenant's leads, their statuses and history. Times are milliseconds since the epoch. Expected refusals are results
 * with `ok: false`; a throw is a bug or an unreachable object and may be retried.
 *
 * At most one lead that is not deleted has a given number.
 */
import type { LeadFields } from './fields';
import type {
  DuplicateRule,
  EndImportInput,
  ImportBatch,
  ImportProblemsPage,
  ImportRecord,
  ImportsPage,
  StartImportInput,
} from './import-contract';

export type { LeadFields } from './fields';
export * from './import-contract';

/** What a status means for the work on a lead: still to be done, done with or without success. */
export const STATUS_KINDS = ['open', 'won', 'lost'] as const;
export type StatusKind = (typeof STATUS_KINDS)[number];

export const STATUS_COLORS = ['neutral', 'blue', 'amber', 'green', 'red'] as const;
export type StatusColor = (typeof STATUS_COLORS)[number];

export interface LeadStatus {
  /** Never changes; what leads, filters and CSV files name. */
  key: string;
  /** Null: a shipped status, named by the app in the reader's language. */
  name: string | null;
  kind: StatusKind;
  color: StatusColor;
  /** Can't be picked any more; leads that have it keep it. */
  hidden: boolean;
}

/** `leads`: how many of those the viewer sees have it. */
export interface CountedStatus extends LeadStatus {
  leads: number;
}

export interface LeadRecord extends LeadFields {
  id: string;
  createdAt: number;
  /** User id. */
  createdBy: string | null;
  /** Id of the import that made it. */
  importId: string | null;
  updatedAt: number;
  deletedAt: number | null;
}

/** Whose eyes and hands: `own` sees its own leads and those of nobody; `manages` may give any lead to anybody. */
export interface LeadViewer {
  userId: string;
  scope: 'own' | 'all';
  manages: boolean;
}

export interface LeadQuery {
  viewer: LeadViewer;
  status?: string | undefined;
  /** User id, or null for leads of nobody. */
  owner?: string | null | undefined;
  /** Beginnings of words in name, company, e-mail, comment and the number, as typed. */
  text?: string | undefined;
  /** What was typed read as a whole number, E.164. */
  textNumber?: string | undefined;
  /** Only leads whose next action is due before this moment; without `text` in the order of `next_action`. */
  dueBefore?: number | undefined;
  /** `created`: newest first. `next_action`: the soonest first, only leads that have one; not together with `text`. */
  sort: 'created' | 'next_action';
  /** Deleted leads instead, those deleted last first; other filters don't count. */
  deleted?: boolean | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** `bad_cursor`: not one that was given for this order. */
export type LeadsPageResult =
  | { ok: true; leads: LeadRecord[]; next: string | null }
  | { ok: false; code: 'unknown_status' | 'bad_cursor' };

export type NewLead = Partial<LeadFields> & { number: string };

export interface AddLeadInput {
  lead: NewLead;
  onDuplicate: DuplicateRule;
  viewer: LeadViewer;
  now: number;
}

/**
 * `duplicate`: a lead with this number is there; `leadId` names it where the viewer sees it, `owner` says whose it is.
 * `not_yours`: only who manages leads gives them to other people.
 */
export type LeadRefusal =
  | { ok: false; code: 'duplicate'; leadId: string | null; owner: string | null }
  | { ok: false; code: 'not_found' | 'not_yours' | 'unknown_status' };

/** `before` null: it was made; else what changed of it. */
export type LeadResult =
  | { ok: true; lead: LeadRecord; before: Partial<LeadFields> | null; after: Partial<LeadFields> }
  | LeadRefusal;

export interface ChangeLeadInput {
  id: string;
  change: Partial<LeadFields>;
  viewer: LeadViewer;
  now: number;
}

export interface LeadIdInput {
  id: string;
  viewer: LeadViewer;
  now: number;
}

export interface BulkInput {
  ids: string[];
  change: { status?: string; owner?: string | null } | 'delete';
  viewer: LeadViewer;
  now: number;
}

/** How many were changed; ids of what is not there, or was so already, are left out. */
export type BulkResult =
  { ok: true; changed: string[] } | { ok: false; code: 'unknown_status' | 'not_yours' };

export interface LeadChange {
  id: number;
  at: number;
  by: string | null;
  kind: 'created' | 'changed' | 'merged' | 'deleted' | 'restored';
  /** The import that did it. */
  importId: string | null;
  before: Partial<LeadFields>;
  after: Partial<LeadFields>;
}

/** Newest first; null: no such lead, or not this viewer's. */
export type HistoryPage = { items: LeadChange[]; next: string | null } | null;

/** `heldBy`: user id of the owner of a lead with this number that the viewer may not see. */
export interface LookupResult {
  lead: LeadRecord | null;
  heldBy: string | null;
}

/** `in_use`: leads have this status; `last`: no status would be left to begin with. */
export type StatusResult =
  | { ok: true; status: LeadStatus }
  | { ok: false; code: 'not_found' | 'taken' | 'in_use' | 'last' | 'too_many' };

export interface LeadsApi extends Rpc.DurableObjectBranded {
  list(query: LeadQuery): Promise<LeadsPageResult>;
  /** Null: no such lead, or not this viewer's. Deleted ones are shown to those who manage. */
  lead(id: string, viewer: LeadViewer): Promise<LeadRecord | null>;
  lookup(number: string, viewer: LeadViewer): Promise<LookupResult>;
  add(input: AddLeadInput): Promise<LeadResult>;
  change(input: ChangeLeadInput): Promise<LeadResult>;
  /** Deleted leads can be restored for 30 days. */
  remove(input: LeadIdInput): Promise<LeadResult>;
  restore(input: LeadIdInput): Promise<LeadResult>;
  bulk(input: BulkInput): Promise<BulkResult>;
  history(input: {
    id: string;
    viewer: LeadViewer;
    cursor?: string | undefined;
    limit: number;
  }): Promise<HistoryPage>;
  /** In their order, with how many leads the viewer sees in each. */
  statuses(viewer: LeadViewer): Promise<CountedStatus[]>;
  addStatus(status: LeadStatus): Promise<StatusResult>;
  /** `position`: 0 is the first, which new leads get. */
  changeStatus(
    key: string,
    change: Partial<Omit<LeadStatus, 'key'>> & { position?: number },
  ): Promise<StatusResult>;
  removeStatus(key: string): Promise<StatusResult>;
  startImport(input: StartImportInput): Promise<ImportRecord>;
  /** Its file begins to come; null: no such import, or it had one already. */
  openImport(id: string, now: number): Promise<ImportRecord | null>;
  /** Rows of its file, each batch stored whole and once. Null: it is not running any more, send no more. */
  importRows(batch: ImportBatch): Promise<ImportRecord | null>;
  /** Its file is through, or was not; null: it was over. */
  endImport(input: EndImportInput): Promise<ImportRecord | null>;
  /** What came in stays. Null: no such import, or it was over. */
  cancelImport(id: string, now: number): Promise<ImportRecord | null>;
  import(id: string): Promise<ImportRecord | null>;
  imports(query: { cursor?: string | undefined; limit: number }): Promise<ImportsPage>;
  /** Rows that were not taken, in the file's order; null: no such import. */
  importProblems(query: {
    id: string;
    after?: number | undefined;
    limit: number;
  }): Promise<ImportProblemsPage | null>;
}
