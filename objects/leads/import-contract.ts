import type { LeadFields } from './fields';

/**
 * What happens to a lead whose number is there already. `refuse`: nothing, it is reported. `fill`: fields that are
 * empty are filled in. `overwrite`: fields that are given take the place of what was there.
 */
export const DUPLICATE_RULES = ['refuse', 'fill', 'overwrite'] as const;
export type DuplicateRule = (typeof DUPLICATE_RULES)[number];

/**
 * `waiting`: its file has not begun to come. `interrupted`: the file stopped coming; rows before that are in.
 * `failed`: the file could not be read to its end, `problem` says why.
 */
export const IMPORT_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

export interface StartImportInput {
  fileName: string | null;
  /** Bytes of the file, where that is known beforehand. */
  size: number | null;
  onDuplicate: DuplicateRule;
  /** For rows that don't say. */
  defaults: { status?: string; owner?: string; source?: string };
  by: string;
  now: number;
}

export interface ImportRecord extends Omit<StartImportInput, 'now'> {
  id: string;
  state: ImportState;
  startedAt: number;
  finishedAt: number | null;
  /** Bytes read so far. */
  read: number;
  /** Rows read so far, without the header: the sum of the four below. */
  rows: number;
  added: number;
  /** Into leads that were there. */
  merged: number;
  /** Duplicates that nothing was done to. */
  duplicates: number;
  bad: number;
  /** Why the file could not be read to its end, and the row where it stopped. */
  problem: string | null;
  problemRow: number | null;
}

/** Why a row was not taken. `detail` is what stood there; of a duplicate the id of the lead it is one of. */
export interface RowProblem {
  row: number;
  code: string;
  detail: string | null;
}

/** A row read, checked and normalised. */
export interface ImportRow {
  row: number;
  lead: Partial<LeadFields> & { number: string };
}

/** Rows of one import that follow each other; `lastRow` is the number of the last row it covers. */
export interface ImportBatch {
  id: string;
  rows: ImportRow[];
  bad: RowProblem[];
  lastRow: number;
  /** Bytes of the file read up to here. */
  read: number;
  now: number;
}

export interface EndImportInput {
  id: string;
  state: 'done' | 'failed' | 'interrupted';
  /** Of one that failed, and the row where it did. */
  problem: string | null;
  row: number | null;
  now: number;
}

export interface ImportsPage {
  items: ImportRecord[];
  next: string | null;
}

/** `cut`: there were more problems than are kept. */
export interface ImportProblemsPage {
  items: RowProblem[];
  next: number | null;
  cut: boolean;
}
