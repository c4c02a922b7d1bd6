import type { ImportView } from '../../objects/campaign/contract';
import { CsvError } from '../../objects/lib/csv-read';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { audit } from './audit';
import { csvBody, csvRefusal, csvWords, readRows } from './csv-in';
import { csvOf, wantsCsv } from './csv-out';
import * as routes from './lead-routes';
import { numberCursor, reach } from './leads';
import { readLeads, textOf } from './leads-in';

/** Leads handed to the object at once. */
const BATCH = 500;
const CSV_PAGE = 1_000;

const COLUMNS = {
  number: ['phone', 'tel', 'telephone', 'mobile', 'phone number', 'msisdn', 'телефон', 'номер'],
  name: ['full name', 'contact', 'client', 'имя', 'фио', 'клиент'],
  time_zone: ['zone', 'timezone', 'tz', 'часовой пояс'],
  consent: ['согласие'],
  contact_id: ['contact', 'external id'],
  company_id: ['company'],
  note: ['comment', 'заметка', 'комментарий'],
} as const;

const NO_IMPORT = (): PlatformError => new PlatformError('NOT_FOUND', 'No such import.');

/** `/api/autodialer/campaigns/{id}/imports`. */
export const imports = newApiApp();

imports.openapi(routes.imports, async (c) => {
  const campaign = await reach(c, c.req.valid('param').id);
  return c.json({ items: await campaign.imports() }, 200);
});

imports.openapi(routes.createImport, async (c) => {
  const { id } = c.req.valid('param');
  const { file_name: fileName, size } = c.req.valid('json');
  const campaign = await reach(c, id);
  const by = c.var.identity.userId;
  const made = await campaign.createImport({ fileName, size: size ?? null, by, now: Date.now() });
  if (!made.ok)
    throw new PlatformError('RATE_LIMITED', 'Too many imports are open: call some off, or wait.', {
      headers: { 'Retry-After': '60' },
    });
  await audit(c, 'campaign.import', `${id}/${made.import.id}`, null, { file_name: fileName, size });
  return c.json(made.import, 201);
});

imports.openapi(routes.uploadFile, async (c) => {
  const { id, import_id: importId } = c.req.valid('param');
  const campaign = await reach(c, id);
  // Before the import is begun: a wrong body leaves it waiting for a right one.
  csvBody(c.req.raw, routes.MOST_FILE_BYTES);
  const begun = await campaign.beginImport(importId);
  if (!begun.ok && begun.code === 'not_found') throw NO_IMPORT();
  if (!begun.ok)
    throw new PlatformError('INVALID_PARAMS', 'This import had its file already: begin another one.', {
      details: { import_id: ['had its file already, or was called off'] },
    });
  const { tenant } = c.var.identity;
  let bytesRead = 0;
  let rowsRead = 0;
  try {
    const rows = readRows(c.req.raw, COLUMNS, {
      most: routes.MOST_FILE_BYTES,
      size: BATCH,
      onBytes: (bytes) => {
        bytesRead = bytes;
      },
    });
    for await (const batch of rows) {
      const now = Date.now();
      const given = batch.map(({ row, cells }) => ({
        row,
        number: cells.number ?? '',
        name: textOf(cells.name),
        time_zone: textOf(cells.time_zone),
        consent: textOf(cells.consent),
        contact_id: textOf(cells.contact_id),
        company_id: textOf(cells.company_id),
        note: textOf(cells.note),
      }));
      rowsRead += batch.length;
      const leads = await readLeads(c.env, tenant, given, now);
      const taken = await campaign.addLeads({
        leads,
        importId,
        rowsRead,
        bytesRead,
        timeZone: tenant.timeZone,
        now,
      });
      // Called off: what was read so far stands, the rest is not read.
      if (!taken.ok) break;
    }
  } catch (error) {
    const words = wordsOf(error);
    await campaign.endImport(importId, { state: 'failed', error: words });
    if (error instanceof CsvError) throw csvRefusal(error, routes.MOST_FILE_BYTES);
    throw error;
  }
  const ended = await campaign.endImport(importId, { state: 'done', error: null });
  if (ended === null) throw NO_IMPORT();
  const { state, rows, added, duplicates, invalid, do_not_call } = ended;
  const after = { state, rows, added, duplicates, invalid, do_not_call };
  await audit(c, 'campaign.import.file', `${id}/${importId}`, { state: 'waiting' }, after);
  return c.json(ended, 200);
});

imports.openapi(routes.showImport, async (c) => {
  const { id, import_id: importId } = c.req.valid('param');
  const campaign = await reach(c, id);
  return c.json(found(await campaign.import(importId)), 200);
});

imports.openapi(routes.cancelImport, async (c) => {
  const { id, import_id: importId } = c.req.valid('param');
  const { undo } = c.req.valid('json');
  const campaign = await reach(c, id);
  const before = found(await campaign.import(importId));
  const after = found(await campaign.cancelImport(importId, undo));
  await audit(
    c,
    'campaign.import.cancel',
    `${id}/${importId}`,
    { state: before.state },
    { state: after.state, undone: after.undone - before.undone },
  );
  return c.json(after, 200);
});

imports.openapi(routes.problems, async (c) => {
  const { id, import_id: importId } = c.req.valid('param');
  const { format, cursor, limit } = c.req.valid('query');
  const campaign = await reach(c, id);
  const page = async (from: string | undefined, most: number) => {
    const rows = await campaign.importProblems(importId, { after: Number(from ?? 0), limit: most + 1 });
    if (rows === null) throw NO_IMPORT();
    const items = rows.slice(0, most);
    return { items, next: rows.length > most ? String(items.at(-1)?.row) : null };
  };
  const first = await page(numberCursor(cursor), limit);
  if (!wantsCsv(c, format)) return c.json(first, 200);
  const file = csvOf(c, `import-${importId}-problems.csv`, ['row', 'number', 'problem'], async (from) => {
    const { items, next } = await page(from, CSV_PAGE);
    return { rows: items.map(({ row, number, problem }) => [row, number, problem]), next };
  });
  return c.body(file, 200);
});

function found(view: ImportView | null): ImportView {
  if (view === null) throw NO_IMPORT();
  return view;
}

/** Why an import failed, for whoever looks at it later. */
function wordsOf(error: unknown): string {
  if (error instanceof CsvError) return csvWords(error);
  if (error instanceof PlatformError) return error.message;
  return 'The upload broke off: send the file again, rows that were taken count once.';
}
