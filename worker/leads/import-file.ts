import type { ImportRecord, ImportRow, LeadsApi, RowProblem } from '../../objects/leads/contract';
import { CsvError, readCsv } from '../../objects/lib/csv-read';
import { readHeader, readRow, type RowReader } from './import-rows';

/** Rows read and handed to the object at once: few, so that others are served in between. */
const BATCH = 100;

/**
 * A loop that only waits for objects of its own process never lets a self-hosted runtime look at its other
 * connections; a timer does.
 */
const breathe = (): Promise<void> =>
  new Promise((goOn) => {
    setTimeout(goOn, 1);
  });

export interface FileInput {
  id: string;
  body: ReadableStream<Uint8Array>;
  charset: string | undefined;
  reader: Omit<RowReader, 'columns'>;
}

/**
 * Reads a file into an import, batch by batch; nothing but a batch is held. Answers the import as it is in the end,
 * null where it was cancelled meanwhile.
 */
export async function importFile(
  object: DurableObjectStub<LeadsApi>,
  { id, body, charset, reader }: FileInput,
): Promise<ImportRecord | null> {
  let read = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        controller.enqueue(chunk);
      },
    }),
  );
  const end = (
    state: 'done' | 'failed' | 'interrupted',
    problem: string | null = null,
    row: number | null = null,
  ) => object.endImport({ id, state, problem, row, now: Date.now() });
  let rows: ImportRow[] = [];
  let bad: RowProblem[] = [];
  let lastRow = 0;
  /** False: the import is over. */
  const send = async (): Promise<boolean> => {
    const batch = { id, rows, bad, lastRow, read, now: Date.now() };
    [rows, bad] = [[], []];
    const goesOn = (await object.importRows(batch)) !== null;
    await breathe();
    return goesOn;
  };
  let columns: RowReader['columns'] | null = null;
  try {
    for await (const records of readCsv(counted, { charset })) {
      for (const record of records) {
        lastRow = record.row;
        if (columns === null) {
          columns = readHeader(record.cells);
          if (columns === null) return await end('failed', 'no_number_column', record.row);
          continue;
        }
        const result = readRow(record, { ...reader, columns });
        if (result.ok) rows.push(result.row);
        else bad.push(result.problem);
        if (rows.length + bad.length >= BATCH && !(await send())) return null;
      }
    }
    if (columns === null) return await end('failed', 'empty', 1);
    if (!(await send())) return null;
    return await end('done');
  } catch (error) {
    if (!(error instanceof CsvError)) {
      // The file stopped coming: what came before is in.
      await send();
      return await end('interrupted');
    }
    if (columns !== null) await send();
    return await end('failed', error.problem, error.row);
  }
}
