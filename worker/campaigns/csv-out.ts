/** Long lists as CSV, a page at a time, so that neither their length nor a slow client costs memory. */
import type { Context } from 'hono';
import type { AppEnv } from '../http/context';
import { prefersCsv, streamCsv } from '../http/csv';

type Cells = (string | number | null)[];

/** Whether CSV is asked for, by the query or else by the Accept header. */
export const wantsCsv = (c: Context<AppEnv>, format: 'json' | 'csv' | undefined): boolean => {
  c.header('Vary', 'Accept');
  return format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')));
};

/** The file, made while it is read. `page` answers rows and the cursor of the next page, null after the last. */
export function csvOf(
  c: Context<AppEnv>,
  fileName: string,
  head: string[],
  page: (cursor: string | undefined) => Promise<{ rows: Cells[]; next: string | null }>,
): ReadableStream<Uint8Array> {
  c.header('Content-Type', 'text/csv; charset=utf-8');
  c.header('Content-Disposition', `attachment; filename="${fileName}"`);
  let cursor: string | null | undefined;
  return streamCsv(head, async () => {
    if (cursor === null) return null;
    const { rows, next } = await page(cursor);
    cursor = next;
    return rows;
  });
}
