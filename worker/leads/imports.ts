import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ImportRecord } from '../../objects/leads/contract';
import { people, type NameOf } from '../db/people';
import { auditOf } from '../http/audit';
import type { AppEnv } from '../http/context';
import { prefersCsv, streamCsv } from '../http/csv';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { knownSeller } from './fields';
import { importFile } from './import-file';
import * as routes from './import-routes';
import { invalid } from './refusals';
import { sellersOf } from './sellers';
import { iso, leadsOf, leadViewer } from './views';

/** `/api/crm/imports`: leads out of files. */
export const leadImports = newApiApp();

const noSuchImport = () => new PlatformError('NOT_FOUND', 'No such import.');

leadImports.openapi(routes.start, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const { status, source, on_duplicate: onDuplicate } = asked;
  const object = leadsOf(c.env, identity);
  const owner =
    asked.assigned_seller === undefined
      ? undefined
      : await knownSeller(c.env, identity.tenantId, asked.assigned_seller);
  if (status !== undefined) {
    const known = await object.statuses(leadViewer(identity));
    if (!known.some((one) => one.key === status && !one.hidden))
      throw invalid({ status: ['no such status'] });
  }
  const made = await object.startImport({
    fileName: asked.file_name ?? null,
    size: asked.size ?? null,
    onDuplicate,
    defaults: {
      ...(status !== undefined && { status }),
      ...(owner !== undefined && { owner }),
      ...(source !== undefined && { source }),
    },
    by: identity.userId,
    now: Date.now(),
  });
  await auditOf(c, 'lead.import', made.id, null, asked);
  return c.json(await body(c, made), 201);
});

leadImports.openapi(routes.send, async (c) => {
  const { identity } = c.var;
  const { id: importId } = c.req.valid('param');
  const object = leadsOf(c.env, identity);
  if ((await object.import(importId)) === null) throw noSuchImport();
  const [type, ...parameters] = (c.req.header('content-type') ?? '').toLowerCase().split(';');
  if (type?.trim() !== 'text/csv') throw new PlatformError('INVALID_PARAMS', 'Send the file as text/csv.');
  const file = c.req.raw.body;
  if (file === null) throw new PlatformError('INVALID_PARAMS', 'The body is empty.');
  const charset = /^\s*charset="?([\w.:-]+)"?\s*$/.exec(
    parameters.find((one) => one.trim().startsWith('charset=')) ?? '',
  )?.[1];
  if ((await object.openImport(importId, Date.now())) === null)
    throw new PlatformError('INVALID_PARAMS', 'This import had its file already, or is over: begin another.');
  const sellers = new Map<string, string>();
  for (const { id: userId, username, name } of await sellersOf(c.env, identity.tenantId)) {
    sellers.set(username, userId);
    if (!sellers.has(name.toLowerCase())) sellers.set(name.toLowerCase(), userId);
  }
  const reader = { country: identity.tenant.country, sellers };
  await importFile(object, { id: importId, body: file, charset, reader });
  const ended = await object.import(importId);
  if (ended === null) throw noSuchImport();
  const { state, added, merged, duplicates, bad } = ended;
  const after = { state, added, merged, duplicates, bad };
  await auditOf(c, 'lead.import.end', importId, null, after);
  return c.json(await body(c, ended), 200);
});

leadImports.openapi(routes.show, async (c) => {
  const found = await leadsOf(c.env, c.var.identity).import(c.req.valid('param').id);
  if (found === null) throw noSuchImport();
  return c.json(await body(c, found), 200);
});

leadImports.openapi(routes.list, async (c) => {
  const { items, next } = await leadsOf(c.env, c.var.identity).imports(c.req.valid('query'));
  const nameOf = await people(
    c.env,
    c.var.identity.tenantId,
    items.map(({ by }) => by),
  );
  return c.json({ items: items.map((one) => importBody(one, nameOf)), next }, 200);
});

leadImports.openapi(routes.cancel, async (c) => {
  const { identity } = c.var;
  const { id: importId } = c.req.valid('param');
  const object = leadsOf(c.env, identity);
  const before = await object.import(importId);
  if (before === null) throw noSuchImport();
  const cancelled = await object.cancelImport(importId, Date.now());
  if (cancelled !== null) {
    const [from, to] = [{ state: before.state }, { state: cancelled.state }];
    await auditOf(c, 'lead.import.cancel', importId, from, to);
  }
  return c.json(await body(c, cancelled ?? before), 200);
});

leadImports.openapi(routes.report, async (c) => {
  const { id: importId } = c.req.valid('param');
  const { cursor, limit } = c.req.valid('query');
  const object = leadsOf(c.env, c.var.identity);
  const page = await object.importProblems({ id: importId, after: cursor, limit });
  if (page === null) throw noSuchImport();
  if (!prefersCsv(c.req.header('accept'))) return c.json(page, 200);
  let after: number | null = 0;
  const rows = streamCsv(routes.REPORT_HEAD, async () => {
    if (after === null) return null;
    const part = await object.importProblems({ id: importId, after, limit: 500 });
    after = part?.next ?? null;
    return (part?.items ?? []).map(({ row, code, detail }) => [row, code, detail]);
  });
  c.header('Content-Type', 'text/csv; charset=utf-8');
  c.header('Content-Disposition', 'attachment; filename="import-report.csv"');
  return c.body(rows, 200);
});

async function body(c: Context<AppEnv>, record: ImportRecord): Promise<z.infer<typeof routes.Import>> {
  return importBody(record, await people(c.env, c.var.identity.tenantId, [record.by]));
}

const importBody = (record: ImportRecord, nameOf: NameOf): z.infer<typeof routes.Import> => ({
  id: record.id,
  state: record.state,
  file_name: record.fileName,
  size: record.size,
  read: record.read,
  on_duplicate: record.onDuplicate,
  rows: record.rows,
  added: record.added,
  merged: record.merged,
  duplicates: record.duplicates,
  bad: record.bad,
  problem: record.problem,
  problem_row: record.problemRow,
  by: nameOf(record.by),
  started_at: iso(record.startedAt),
  finished_at: record.finishedAt === null ? null : iso(record.finishedAt),
});
