/** Files of leads and of numbers, read as they come in. */
import { columnsOf, CSV_LIMITS, readCsv, type CsvError, type CsvRow } from '../../objects/lib/csv-read';
import { PlatformError } from '../http/errors';

const WORDS: Record<CsvError['problem'], string> = {
  not_text: 'is not text in the encoding it is said to be in',
  unknown_charset: 'is in an encoding nobody knows',
  too_large: 'is too large',
  too_many_rows: 'has too many rows',
  too_many_columns: 'has too many columns',
  cell_too_long: 'has a cell that is too long: a quote may be missing before it',
  unclosed_quote: 'ends inside of a quoted cell',
};

export const csvWords = ({ problem, row }: CsvError): string => `The file ${WORDS[problem]} (row ${row}).`;

/** What is answered for a file that could not be read on. */
export const csvRefusal = (error: CsvError, most: number): PlatformError =>
  error.problem === 'too_large'
    ? new PlatformError('BODY_TOO_LARGE', `The body is larger than ${most} bytes.`)
    : new PlatformError('INVALID_PARAMS', csvWords(error), { details: { body: [csvWords(error)] } });

/** @throws PlatformError for a body that is not sent as CSV */
export function csvBody(request: Request, most: number): ReadableStream<Uint8Array> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'text/csv' && type !== 'text/plain' && type !== 'application/csv')
    throw new PlatformError('INVALID_PARAMS', 'The body must be sent as text/csv.');
  if (Number(request.headers.get('content-length') ?? 0) > most)
    throw new PlatformError('BODY_TOO_LARGE', `The body is larger than ${most} bytes.`);
  if (request.body === null) throw new PlatformError('INVALID_PARAMS', 'The body is empty.');
  return request.body;
}

export interface FileRow<F extends string> {
  row: number;
  cells: Partial<Record<F, string>>;
}

/** Rows of a file in batches of `size`, by the header's names; without a header the columns are as `names` lists them. */
export async function* readRows<F extends string>(
  request: Request,
  names: Readonly<Record<F, readonly string[]>>,
  { most, size, onBytes }: { most: number; size: number; onBytes?: (bytes: number) => void },
): AsyncGenerator<FileRow<F>[], void> {
  const charset = /charset="?([\w-]+)/i.exec(request.headers.get('content-type') ?? '')?.[1];
  const body = counted(csvBody(request, most), onBytes);
  let at: Partial<Record<F, number>> | null = null;
  let batch: FileRow<F>[] = [];
  for await (const rows of readCsv(body, { charset, limits: { ...CSV_LIMITS, bytes: most } })) {
    for (const row of rows) {
      if (at === null) {
        const header = headerOf(row, names);
        at = header.at;
        if (header.isHeader) continue;
      }
      batch.push({ row: row.row, cells: cellsOf(row, at) });
      if (batch.length >= size) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** @throws PlatformError where neither the header nor the first row has a number */
function headerOf<F extends string>(
  row: CsvRow,
  names: Readonly<Record<F, readonly string[]>>,
): { at: Partial<Record<F, number>>; isHeader: boolean } {
  const { at } = columnsOf(row.cells, names);
  const fields = Object.keys(names) as F[];
  const [first] = fields;
  if (first !== undefined && at[first] !== undefined) return { at, isHeader: true };
  // A list of bare numbers has no header.
  if (/^'?\+?[\d\s().-]{5,}$/.test(row.cells[0]?.trim() ?? '')) {
    const inOrder = Object.fromEntries(fields.slice(0, 2).map((field, index) => [field, index]));
    return { at: inOrder as Partial<Record<F, number>>, isHeader: false };
  }
  throw new PlatformError('INVALID_PARAMS', 'The file has no column of numbers.', {
    details: { body: [`the header needs a column named ${String(first)}`] },
  });
}

function cellsOf<F extends string>(
  { cells }: CsvRow,
  at: Partial<Record<F, number>>,
): Partial<Record<F, string>> {
  const named = Object.entries(at) as [F, number][];
  return Object.fromEntries(
    // An apostrophe before a plus is how a spreadsheet is kept from reading a number as a formula.
    named.map(([field, index]) => [field, (cells[index] ?? '').trim().replace(/^'(?=[=+\-@])/, '')]),
  ) as Partial<Record<F, string>>;
}

function counted(
  body: ReadableStream<Uint8Array>,
  onBytes: ((bytes: number) => void) | undefined,
): ReadableStream<Uint8Array> {
  if (onBytes === undefined) return body;
  let bytes = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        onBytes(bytes);
        controller.enqueue(chunk);
      },
    }),
  );
}
