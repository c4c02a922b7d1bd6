/**
 * Reading CSV as it comes off the wire: RFC 4180 and what spreadsheets make of it (`;` or tabs, a byte order mark,
 * a `sep=` line, lone CR or LF). Nothing but the record in hand is kept, so a file of any length costs no memory.
 */

/** `row` is what a spreadsheet shows beside it: the header is 1, blank lines count. `cells` are as written. */
export interface CsvRow {
  row: number;
  cells: string[];
}

/** `cell` is in characters, `bytes` and `rows` count the whole file. */
export interface CsvLimits {
  bytes: number;
  rows: number;
  columns: number;
  cell: number;
}

export const CSV_LIMITS: CsvLimits = {
  bytes: 256 * 1_024 * 1_024,
  rows: 1_000_001,
  columns: 100,
  cell: 10_000,
};

/**
 * `not_text`: the bytes are not in the encoding they were said to be in. `unknown_charset`: no such encoding.
 * `too_large`, `too_many_rows`, `too_many_columns`, `cell_too_long`: over a limit; the last is mostly a quote that was
 * never closed. `unclosed_quote`: the file ends inside of a quoted cell.
 */
export type CsvProblem =
  | 'not_text'
  | 'unknown_charset'
  | 'too_large'
  | 'too_many_rows'
  | 'too_many_columns'
  | 'cell_too_long'
  | 'unclosed_quote';

/** Where reading stopped: rows before `row` were handed out, nothing after it was read. */
export class CsvError extends Error {
  constructor(
    readonly problem: CsvProblem,
    readonly row: number,
  ) {
    super(`CSV row ${row}: ${problem}`);
  }
}

type Place = 'start' | 'plain' | 'quoted' | 'quote';
type Delimiter = ',' | ';' | '\t';
const DELIMITERS: readonly Delimiter[] = [',', ';', '\t'];

/** Records out of pieces of text cut anywhere, even between the two halves of `""` or of CR LF. */
export class CsvParser {
  #delimiter: Delimiter | null = null;
  /** Text seen before the delimiter is known: the first line, or a part of it. */
  #head = '';
  #place: Place = 'start';
  #cell = '';
  #cells: string[] = [];
  #row = 1;
  #afterCr = false;

  constructor(private readonly limits: CsvLimits = CSV_LIMITS) {}

  /** Row of the record being read. */
  get row(): number {
    return this.#row;
  }

  /** The records that this piece completes. @throws CsvError */
  push(piece: string): CsvRow[] {
    if (this.#delimiter !== null) return this.#read(piece);
    this.#head += piece;
    const lineEnd = this.#head.search(/[\r\n]/);
    if (lineEnd === -1 && this.#head.length <= this.limits.cell) return [];
    return this.#begin(lineEnd);
  }

  /** The last record, where the file does not end with a line break. @throws CsvError */
  end(): CsvRow[] {
    const rows = this.#delimiter === null ? this.#begin(this.#head.search(/[\r\n]/)) : [];
    if (this.#place === 'quoted') throw new CsvError('unclosed_quote', this.#row);
    if (this.#place !== 'start' || this.#cell !== '' || this.#cells.length > 0)
      rows.push(...this.#endRecord());
    return rows;
  }

  #begin(lineEnd: number): CsvRow[] {
    const text = this.#head;
    this.#head = '';
    const first = lineEnd === -1 ? text : text.slice(0, lineEnd);
    const named = /^"?sep=([,;\t])"?$/i.exec(first)?.[1];
    this.#delimiter = DELIMITERS.find((one) => one === named) ?? likeliestDelimiter(first);
    if (named === undefined) return this.#read(text);
    // Excel's own hint is a line of the file and no record of it.
    this.#row += 1;
    this.#afterCr = text[lineEnd] === '\r';
    return lineEnd === -1 ? [] : this.#read(text.slice(lineEnd + 1));
  }

  #read(text: string): CsvRow[] {
    const rows: CsvRow[] = [];
    const { length } = text;
    let i = 0;
    while (i < length) {
      if (this.#place === 'quoted') {
        const quote = text.indexOf('"', i);
        this.#add(text.slice(i, quote === -1 ? length : quote));
        if (quote !== -1) this.#place = 'quote';
        i = quote === -1 ? length : quote + 1;
        continue;
      }
      const char = text[i];
      if (this.#afterCr) {
        this.#afterCr = false;
        if (char === '\n') {
          i += 1;
          continue;
        }
      }
      if (char === '"' && this.#place !== 'plain') {
        // A second quote is one that the cell holds; the first opens it.
        if (this.#place === 'quote') this.#add('"');
        this.#place = 'quoted';
        i += 1;
      } else if (char === this.#delimiter) {
        this.#endCell();
        i += 1;
      } else if (char === '\n' || char === '\r') {
        this.#afterCr = char === '\r';
        rows.push(...this.#endRecord());
        i += 1;
      } else {
        // What stands after a closing quote belongs to the cell: every spreadsheet reads it so.
        const end = this.#plainEnd(text, i);
        this.#add(text.slice(i, end));
        this.#place = 'plain';
        i = end;
      }
    }
    return rows;
  }

  #plainEnd(text: string, from: number): number {
    for (let i = from; i < text.length; i += 1) {
      const char = text[i];
      if (char === this.#delimiter || char === '\n' || char === '\r') return i;
    }
    return text.length;
  }

  #add(part: string): void {
    this.#cell += part;
    if (this.#cell.length > this.limits.cell) throw new CsvError('cell_too_long', this.#row);
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    if (this.#cells.length > this.limits.columns) throw new CsvError('too_many_columns', this.#row);
    this.#cell = '';
    this.#place = 'start';
  }

  #endRecord(): CsvRow[] {
    const isBlank = this.#cells.length === 0 && this.#place === 'start' && this.#cell === '';
    if (!isBlank) this.#endCell();
    const record = { row: this.#row, cells: this.#cells };
    this.#cells = [];
    if (!isBlank && this.#row > this.limits.rows) throw new CsvError('too_many_rows', this.#row);
    this.#row += 1;
    return isBlank ? [] : [record];
  }
}

/** The delimiter that the first line has most of, outside of quotes; a comma where it has none. */
function likeliestDelimiter(line: string): Delimiter {
  const bare = line.replaceAll(/"[^"]*"?/g, '');
  const count = (one: Delimiter): number => bare.split(one).length;
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best));
}

/**
 * The records of a body, in the batches in which it arrives. The encoding is what a byte order mark says, else
 * `charset` (UTF-8 when absent).
 *
 * @throws CsvError; what was yielded before it stands
 */
export async function* readCsv(
  body: ReadableStream<Uint8Array>,
  { charset = 'utf-8', limits = CSV_LIMITS }: { charset?: string | undefined; limits?: CsvLimits } = {},
): AsyncGenerator<CsvRow[], void> {
  const parser = new CsvParser(limits);
  const reader = body.getReader();
  let decoder: TextDecoder | null = null;
  let size = 0;
  let start = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      size += value?.byteLength ?? 0;
      if (size > limits.bytes) throw new CsvError('too_large', parser.row);
      let bytes = value ?? new Uint8Array(0);
      if (decoder === null) {
        // A byte order mark may come in two pieces.
        start = joined(start, bytes);
        if (start.byteLength < 3 && !done) continue;
        bytes = start;
        decoder = decoderOf(markOf(start) ?? charset);
      }
      const rows = parser.push(decoded(decoder, bytes, done, parser.row));
      if (done) rows.push(...parser.end());
      if (rows.length > 0) yield rows;
      if (done) return;
    }
  } finally {
    reader.releaseLock();
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.byteLength + b.byteLength);
  bytes.set(a);
  bytes.set(b, a.byteLength);
  return bytes;
}

function markOf([first, second, third]: Uint8Array): string | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8' : null;
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: false });
  } catch {
    throw new CsvError('unknown_charset', 1);
  }
}

function decoded(decoder: TextDecoder, bytes: Uint8Array, isLast: boolean, row: number): string {
  let text: string;
  try {
    text = decoder.decode(bytes, { stream: !isLast });
  } catch {
    throw new CsvError('not_text', row);
  }
  // SQLite and the field's software cut texts at a NUL: such a file is no text.
  if (text.includes('\0')) throw new CsvError('not_text', row);
  return text;
}

/**
 * Which column holds which field, by the header's names: without case, `_`, `-` and spaces. A field's own name always
 * counts, beside its other names. Columns of no field are `unknown`; the first of two for one field is taken.
 */
export function columnsOf<F extends string>(
  header: readonly string[],
  names: Readonly<Record<F, readonly string[]>>,
): { at: Partial<Record<F, number>>; unknown: string[] } {
  const at: Partial<Record<F, number>> = {};
  const unknown: string[] = [];
  const fields = Object.keys(names) as F[];
  header.forEach((title, index) => {
    const plain = plainName(title);
    const field = fields.find((one) => [one, ...names[one]].some((name) => plainName(name) === plain));
    if (field === undefined || at[field] !== undefined) unknown.push(title.trim());
    else at[field] = index;
  });
  return { at, unknown };
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]+/g, '');
