import type { ApiError } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { LeadChange, LeadImport, LeadStatus } from './model';

const SHIPPED: Record<string, () => string> = {
  new: m.leads_status_new,
  in_work: m.leads_status_in_work,
  callback: m.leads_status_callback,
  no_answer: m.leads_status_no_answer,
  won: m.leads_status_won,
  lost: m.leads_status_lost,
};

/** A status the tenant gave no name is one of those that every tenant begins with. */
export const statusName = ({ key, name }: Pick<LeadStatus, 'key' | 'name'>): string =>
  name ?? SHIPPED[key]?.() ?? key;

const TONES: Record<LeadStatus['color'], BadgeTone> = {
  neutral: 'neutral',
  blue: 'accent',
  amber: 'warn',
  green: 'ok',
  red: 'bad',
};
export const statusTone = (color: LeadStatus['color']): BadgeTone => TONES[color];

const COLORS: Record<LeadStatus['color'], () => string> = {
  neutral: m.leads_color_neutral,
  blue: m.leads_color_blue,
  amber: m.leads_color_amber,
  green: m.leads_color_green,
  red: m.leads_color_red,
};
export const colorOptions = (): { value: LeadStatus['color']; label: string }[] =>
  (Object.keys(COLORS) as LeadStatus['color'][]).map((value) => ({ value, label: COLORS[value]() }));

const KINDS: Record<LeadStatus['kind'], () => string> = {
  open: m.leads_kind_open,
  won: m.leads_kind_won,
  lost: m.leads_kind_lost,
};
export const kindName = (kind: LeadStatus['kind']): string => KINDS[kind]();
export const kindOptions = (): { value: LeadStatus['kind']; label: string }[] =>
  (Object.keys(KINDS) as LeadStatus['kind'][]).map((value) => ({ value, label: KINDS[value]() }));

const FIELDS: Record<string, () => string> = {
  number: m.leads_number,
  name: m.leads_name,
  email: m.leads_email,
  company: m.leads_company,
  source: m.leads_source,
  comment: m.leads_comment,
  time_zone: m.leads_time_zone,
  status: m.leads_status,
  assigned_seller: m.leads_seller,
  next_action_at: m.leads_next_at,
  next_action_text: m.leads_next,
  extra: m.leads_extra,
};
export const fieldName = (field: string): string => FIELDS[field]?.() ?? field;

const CHANGES: Record<LeadChange['kind'], () => string> = {
  created: m.leads_was_created,
  changed: m.leads_was_changed,
  merged: m.leads_was_merged,
  deleted: m.leads_was_deleted,
  restored: m.leads_was_restored,
};
export const changeName = (kind: LeadChange['kind']): string => CHANGES[kind]();

const STATES: Record<LeadImport['state'], { text: () => string; tone: BadgeTone }> = {
  waiting: { text: m.leads_import_waiting, tone: 'neutral' },
  running: { text: m.leads_import_running, tone: 'accent' },
  done: { text: m.leads_import_done, tone: 'ok' },
  failed: { text: m.leads_import_failed, tone: 'bad' },
  cancelled: { text: m.leads_import_cancelled, tone: 'neutral' },
  interrupted: { text: m.leads_import_interrupted, tone: 'warn' },
};
export const importState = (state: LeadImport['state']): { text: string; tone: BadgeTone } => ({
  text: STATES[state].text(),
  tone: STATES[state].tone,
});

const FILE_PROBLEMS: Record<string, () => string> = {
  no_number_column: m.leads_file_no_number,
  empty: m.leads_file_empty,
  not_text: m.leads_file_not_text,
  unknown_charset: m.leads_file_not_text,
  too_large: m.leads_file_too_large,
  too_many_rows: m.leads_file_too_large,
  too_many_columns: m.leads_file_columns,
  cell_too_long: m.leads_file_quote,
  unclosed_quote: m.leads_file_quote,
};
/** Why a file could not be read to its end. */
export const fileProblem = (code: string): string => FILE_PROBLEMS[code]?.() ?? code;

const ROW_PROBLEMS: Record<string, () => string> = {
  duplicate: m.leads_row_duplicate,
  no_number: m.leads_row_no_number,
  bad_number: m.leads_row_bad_number,
  bad_email: m.leads_row_bad_email,
  unknown_status: m.leads_row_unknown_status,
  unknown_seller: m.leads_row_unknown_seller,
  bad_time_zone: m.leads_row_bad_time_zone,
  bad_date: m.leads_row_bad_date,
  bad_extra: m.leads_row_bad_extra,
  name_too_long: m.leads_row_too_long,
  company_too_long: m.leads_row_too_long,
  source_too_long: m.leads_row_too_long,
  comment_too_long: m.leads_row_too_long,
};
/** Why a row was not taken. */
export const rowProblem = (code: string): string => ROW_PROBLEMS[code]?.() ?? code;

/** What the server says of a field, first word of it. */
export function detailOf(error: ApiError | null, field: string): string | null {
  const details = error?.code === 'INVALID_PARAMS' ? error.details : null;
  if (typeof details !== 'object' || details === null) return null;
  const said: unknown = Reflect.get(details, field);
  return Array.isArray(said) && said.length > 0 ? String(said[0]) : null;
}

/** The same in the reader's words. */
export function fieldProblem(error: ApiError | null, field: string): string | null {
  const said = detailOf(error, field);
  if (said === null) return null;
  if (field === 'number') {
    if (said !== 'taken') return m.leads_row_bad_number();
    const seller = detailOf(error, 'assigned_seller');
    return seller === null ? m.leads_number_taken() : m.leads_number_taken_by({ name: seller });
  }
  if (field === 'email') return m.leads_row_bad_email();
  if (field === 'status') return m.leads_row_unknown_status();
  if (field === 'assigned_seller') return m.leads_row_unknown_seller();
  if (field === 'time_zone') return m.leads_row_bad_time_zone();
  if (field === 'key') {
    if (said === 'is taken') return m.leads_key_taken();
    return said === 'leads have it' ? m.leads_status_in_use() : m.leads_key_bad();
  }
  if (field === 'hidden') return m.leads_status_last();
  return said;
}
