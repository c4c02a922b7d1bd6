/**
 * CSV (RFC 4180) that a spreadsheet shows as text and never runs: what could start a formula gets an apostrophe.
 * Starts with a byte order mark, without which Excel takes UTF-8 for something else.
 */
export function toCsv(rows: readonly (readonly (string | number | null)[])[]): string {
  return `\ufeff${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  // A number of ours is a number, minus sign and all.
  if (typeof value === 'number') return String(value);
  const safe = /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Whether `Accept` names CSV and does not name JSON before it. */
export function prefersCsv(accept: string | undefined): boolean {
  const types = (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.split(';', 1)[0]?.trim());
  const csv = types.indexOf('text/csv');
  const jsonAt = types.indexOf('application/json');
  return csv !== -1 && (jsonAt === -1 || csv < jsonAt);
}
