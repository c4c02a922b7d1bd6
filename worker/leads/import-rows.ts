import type { ImportRow, LeadFields, RowProblem } from '../../objects/leads/contract';
import { columnsOf, type CsvRow } from '../../objects/lib/csv-read';
import { normaliseNumber } from '../dialer/queue-command';
import { COLUMN_NAMES, type Column } from './csv-columns';
import { Email, Extra, StatusKey, TimeZone } from './schemas';

const LONGEST = { line: 200, comment: 4_000, extra: 500, extraName: 60 } as const;
const MOST_EXTRA = 30;
/** What stood in a cell, as a report shows it. */
const SHOWN = 100;

export interface Columns {
  at: Partial<Record<Column, number>>;
  /** Columns that no field has: name and place. */
  extra: { name: string; at: number }[];
}

/** Which column holds what; null where none is the number's. */
export function readHeader(cells: readonly string[]): Columns | null {
  const { at, unknown } = columnsOf(cells, COLUMN_NAMES);
  if (at.number === undefined) return null;
  const taken = new Set(Object.values(at));
  const extra = cells.flatMap((name, index) => {
    const title = name.trim().slice(0, LONGEST.extraName);
    return title === '' || taken.has(index) || !unknown.includes(name.trim())
      ? []
      : [{ name: title, at: index }];
  });
  return { at, extra: extra.slice(0, MOST_EXTRA) };
}

export interface RowReader {
  columns: Columns;
  /** For numbers without a country code. */
  country: string;
  /** Id of a user by user name or name, lower case. */
  sellers: ReadonlyMap<string, string>;
}

export type ReadRow = { ok: true; row: ImportRow } | { ok: false; problem: RowProblem };

/** A row checked and normalised, or what is wrong with it: the first thing found. */
export function readRow({ row, cells }: CsvRow, reader: RowReader): ReadRow {
  const bad = (code: string, detail: string): ReadRow => ({
    ok: false,
    problem: { row, code, detail: detail.slice(0, SHOWN) },
  });
  const of = (column: Column): string => {
    const index = reader.columns.at[column];
    return index === undefined ? '' : unguarded(cells[index] ?? '');
  };
  const typed = of('number');
  if (typed === '') return bad('no_number', '');
  const number = normaliseNumber(typed, reader.country);
  if (number === null) return bad('bad_number', typed);
  const lead: Partial<LeadFields> & { number: string } = { number };
  for (const [column, longest] of TEXTS) {
    const value = of(column);
    if (value.length > longest) return bad(`${column}_too_long`, value);
    if (value !== '') lead[column] = value;
  }
  const email = of('email');
  if (email !== '') {
    if (!Email.safeParse(email).success) return bad('bad_email', email);
    lead.email = email;
  }
  const status = of('status').toLowerCase();
  if (status !== '') {
    if (!StatusKey.safeParse(status).success) return bad('unknown_status', status);
    lead.status = status;
  }
  const seller = of('assigned_seller');
  if (seller !== '') {
    const owner = reader.sellers.get(seller.toLowerCase());
    if (owner === undefined) return bad('unknown_seller', seller);
    lead.owner = owner;
  }
  const zone = of('time_zone');
  if (zone !== '') {
    if (!TimeZone.safeParse(zone).success) return bad('bad_time_zone', zone);
    lead.timeZone = zone;
  }
  const when = of('next_action_at');
  if (when !== '') {
    const at = momentOf(when);
    if (at === null) return bad('bad_date', when);
    lead.nextAt = at;
    const next = of('next_action');
    if (next !== '') lead.nextText = next;
  }
  const extra = extraOf(of('extra'), cells, reader.columns.extra);
  if (extra === null) return bad('bad_extra', of('extra'));
  if (Object.keys(extra).length > 0) lead.extra = extra;
  return { ok: true, row: { row, lead } };
}

const TEXTS = [
  ['name', LONGEST.line],
  ['company', LONGEST.line],
  ['source', LONGEST.line],
  ['comment', LONGEST.comment],
] as const;

/** A cell without the apostrophe that keeps a spreadsheet from running it: our own files come back, too. */
const unguarded = (cell: string): string => cell.trim().replace(/^'(?=\s*[=+\-@\t\r])/, '');

/** ISO 8601 with its offset from UTC; a moment without one would be somebody's guess. */
function momentOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

function extraOf(
  own: string,
  cells: readonly string[],
  columns: Columns['extra'],
): Record<string, string> | null {
  const extra: Record<string, string> = {};
  for (const { name, at } of columns) {
    const value = unguarded(cells[at] ?? '').slice(0, LONGEST.extra);
    if (value !== '') extra[name] = value;
  }
  if (own === '') return extra;
  try {
    const read = Extra.safeParse({ ...(JSON.parse(own) as Record<string, string>), ...extra });
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
