/**
 * CSV (RFC 4180) that a spreadsheet shows as text and never runs: what could start a formula gets an apostrophe.
 * Starts with a byte order mark, without which Excel takes UTF-8 for something else.
 */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return `\ufeff${csvRows(rows)}`;
}

type Cell = string | number | null;

/**
 * The same as a body made while it is read: nothing is held but one batch of rows. `next` answers null at the end; what
 * it throws breaks the body off, so that a file that is not whole is not taken for one.
 */
export function streamCsv(
  head: readonly string[],
  next: () => Promise<readonly (readonly Cell[])[] | null>,
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  let started = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!started) {
        started = true;
        controller.enqueue(text.encode(toCsv([head])));
        return;
      }
      let rows = await next();
      // A pull that brings nothing is not followed by another one.
      while (rows?.length === 0) rows = await next();
      if (rows === null) controller.close();
      else controller.enqueue(text.encode(csvRows(rows)));
    },
  });
}

const csvRows = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');

function cell(value: Cell): string {
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
