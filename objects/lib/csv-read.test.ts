import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, CSV_LIMITS, CsvError, CsvParser, readCsv, type CsvLimits, type CsvRow } from './csv-read';

const parse = (pieces: readonly string[], limits: CsvLimits = CSV_LIMITS): CsvRow[] => {
  const parser = new CsvParser(limits);
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
};
const cells = (...pieces: string[]): string[][] => parse(pieces).map((row) => row.cells);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function read(
  pieces: readonly Uint8Array[],
  options: Parameters<typeof readCsv>[1] = {},
): Promise<CsvRow[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const rows: CsvRow[] = [];
  for await (const batch of readCsv(body, options)) rows.push(...batch);
  return rows;
}

async function problemOf(run: () => unknown): Promise<Pick<CsvError, 'problem' | 'row'>> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CsvError) return { problem: error.problem, row: error.row };
    throw error;
  }
  throw new Error('it was taken');
}

describe('CsvParser', () => {
  it.each([
    [
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r1,2\r',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a;b,c;d\n1;2;3',
      [
        ['a', 'b,c', 'd'],
        ['1', '2', '3'],
      ],
    ],
    [
      'a\tb\n1\t2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'sep=;\na;b\n1,5;2',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    ['"a,x,y";b;c\n', [['a,x,y', 'b', 'c']]],
    ['"a\n""b""",c\n', [['a\n"b"', 'c']]],
    [
      'a,b\n,\n"",""\n',
      [
        ['a', 'b'],
        ['', ''],
        ['', ''],
      ],
    ],
    [
      'a,b\n5" screen,"x"y\n',
      [
        ['a', 'b'],
        ['5" screen', 'xy'],
      ],
    ],
    ['one\n\n\ntwo\n', [['one'], ['two']]],
    ['a,b\n""', [['a', 'b'], ['']]],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect(cells(text)).toEqual(expected);
  });

  it('numbers rows as a spreadsheet does', () => {
    expect(parse(['a\n\n"x\ny"\nb\n']).map(({ row }) => row)).toEqual([1, 3, 4]);
    expect(parse(['sep=,\r\na\r\nb\r\n']).map(({ row }) => row)).toEqual([2, 3]);
  });

  it('reads the same whatever the pieces are', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'Я', '"', ',', ';', '\n', '\r', ' ', '\t'),
      maxLength: 6,
    });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.array(fc.nat(60), { maxLength: 8 }), (rows, cuts) => {
        const all = [['x', 'y', 'z'], ...rows];
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = all.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
        const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, i) => text.slice(places[i], end));
        expect(cells(...pieces)).toEqual(all);
      }),
    );
  });

  it('stops at a limit, naming the row', async () => {
    const limits = { ...CSV_LIMITS, rows: 3, columns: 2, cell: 5 };
    expect(await problemOf(() => parse(['a\nb\nc\nd\n'], limits))).toEqual({
      problem: 'too_many_rows',
      row: 4,
    });
    expect(await problemOf(() => parse(['a\n1,2,3\n'], limits))).toEqual({
      problem: 'too_many_columns',
      row: 2,
    });
    expect(await problemOf(() => parse(['a\n123456\n'], limits))).toEqual({
      problem: 'cell_too_long',
      row: 2,
    });
    expect(await problemOf(() => parse(['a\nb\n"c\nd'], CSV_LIMITS))).toEqual({
      problem: 'unclosed_quote',
      row: 3,
    });
  });

  it('takes as many rows and columns as allowed', () => {
    const limits = { ...CSV_LIMITS, rows: 2, columns: 2, cell: 1 };
    expect(parse(['a,b\nc,d\n\n\n'], limits)).toHaveLength(2);
  });
});

describe('readCsv', () => {
  it('drops a byte order mark and joins letters cut in two', async () => {
    const bytes = bytesOf('\ufeffимя,б\nЯ,"ж"\n');
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    expect((await read(single)).map((row) => row.cells)).toEqual([
      ['имя', 'б'],
      ['Я', 'ж'],
    ]);
  });

  it('reads what Excel calls Unicode text, and the encoding it is told', async () => {
    const utf16 = Uint8Array.from([
      0xff,
      0xfe,
      ...Array.from('a\tЯ\n').flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]),
    ]);
    expect((await read([utf16])).map((row) => row.cells)).toEqual([['a', 'Я']]);
    const cp1251 = Uint8Array.from([0xdf, 0x3b, 0xe6, 0x0a]);
    expect((await read([cp1251], { charset: 'windows-1251' })).map((row) => row.cells)).toEqual([['Я', 'ж']]);
  });

  it('refuses what is no text, an unknown encoding and too much of it', async () => {
    const broken = [bytesOf('a\nb\n'), Uint8Array.of(0xff, 0x0a)];
    expect(await problemOf(() => read(broken))).toEqual({ problem: 'not_text', row: 3 });
    expect(await problemOf(() => read([bytesOf('a\0b\n')]))).toMatchObject({ problem: 'not_text' });
    expect(await problemOf(() => read([bytesOf('abc\n')], { charset: 'no-such' }))).toMatchObject({
      problem: 'unknown_charset',
    });
    const limits = { ...CSV_LIMITS, bytes: 5 };
    expect(await problemOf(() => read([bytesOf('a\nb\n'), bytesOf('c\nd\n')], { limits }))).toEqual({
      problem: 'too_large',
      row: 3,
    });
  });

  it('reads an empty body and one shorter than a mark', async () => {
    expect(await read([])).toEqual([]);
    expect(await read([bytesOf('a')])).toEqual([{ row: 1, cells: ['a'] }]);
  });
});

describe('columnsOf', () => {
  it('finds fields by any of their names', () => {
    const names = { number: ['phone', 'телефон'], name: [], time_zone: [] };
    expect(columnsOf(['Name', 'ТЕЛЕФОН', 'Time Zone', 'phone', 'city'], names)).toEqual({
      at: { name: 0, number: 1, time_zone: 2 },
      unknown: ['phone', 'city'],
    });
  });
});
