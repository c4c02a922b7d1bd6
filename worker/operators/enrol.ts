/** Putting all operators into telephony: a job that goes on by itself, and its report. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ChangeResult, ItemRecord, RunRecord } from '../../objects/operator-enrolment/contract';
import { people, type NameOf } from '../db/people';
import { auditOf } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';
import { prefersCsv, streamCsv } from '../http/csv';
import { newApiApp } from '../http/openapi';
import * as routes from './enrol-routes';
import { OperatorsError } from './errors';

type Ctx = Context<AppEnv>;

const enrolmentOf = (c: Ctx) => c.env.OPERATOR_ENROLMENT.getByName(c.var.identity.tenantId);
const actorOf = (c: Ctx) => ({
  userId: c.var.identity.userId,
  address: clientAddress(c.req.raw, c.env),
});
const noSuchRun = () => new OperatorsError(404, 'NOT_FOUND', 'No such enrolment.');

/** `/callcenter_operators/v1/admin/enrolments`. */
export const enrolments = newApiApp();

enrolments.openapi(routes.start, async (c) => {
  const { include = 'missing' } = c.req.valid('json');
  const { run, joined } = await enrolmentOf(c).start({ include, actor: actorOf(c), now: Date.now() });
  if (!joined) await auditOf(c, 'operator.enrolment.start', run.id, null, { include, total: run.total });
  return c.json({ enrolment: await shown(c, run), joined }, 200);
});

enrolments.openapi(routes.list, async (c) => {
  const runs = await enrolmentOf(c).runs();
  const nameOf = await people(
    c.env,
    c.var.identity.tenantId,
    runs.map(({ by }) => by),
  );
  return c.json({ enrolments: runs.map((run) => view(run, nameOf)) }, 200);
});

enrolments.openapi(routes.show, async (c) => {
  const run = await enrolmentOf(c).run(c.req.valid('param').id);
  if (run === null) throw noSuchRun();
  return c.json(await shown(c, run), 200);
});

enrolments.openapi(routes.report, async (c) => {
  const { id } = c.req.valid('param');
  const { result = null, after, limit, format } = c.req.valid('query');
  const object = enrolmentOf(c);
  const page = await object.items({ id, result, after, limit });
  if (page === null) throw noSuchRun();
  c.header('Vary', 'Accept');
  if (format === 'json' || (format === undefined && !prefersCsv(c.req.header('accept'))))
    return c.json({ items: page.items.map(itemView), next: page.next }, 200);
  let next: number | null = 0;
  const rows = streamCsv(routes.REPORT_HEAD, async () => {
    if (next === null) return null;
    const part = await object.items({ id, result, after: next, limit: 500 });
    next = part?.next ?? null;
    return (part?.items ?? [])
      .map(itemView)
      .map((item) => [
        item.yandex_uuid,
        item.login,
        item.full_name,
        item.extension,
        item.result,
        item.problem?.code ?? null,
        item.problem?.message ?? null,
        item.at,
      ]);
  });
  c.header('Content-Type', 'text/csv; charset=utf-8');
  c.header('Content-Disposition', 'attachment; filename="operators-in-telephony.csv"');
  return c.body(rows, 200);
});

enrolments.openapi(routes.stop, async (c) => {
  const { id } = c.req.valid('param');
  const result = await enrolmentOf(c).stop({ id, now: Date.now() });
  return c.json(await changed(c, 'operator.enrolment.stop', result), 200);
});

enrolments.openapi(routes.resume, async (c) => {
  const { id } = c.req.valid('param');
  const result = await enrolmentOf(c).resume({ id, actor: actorOf(c), now: Date.now() });
  return c.json(await changed(c, 'operator.enrolment.resume', result), 200);
});

const REFUSED = {
  NOTHING_LEFT: ['NOTHING_LEFT', 'Nobody is left: start another enrolment.'],
  ANOTHER_RUNS: ['ENROLMENT_RUNNING', 'Another enrolment goes on: wait for it or stop it.'],
} as const;

/** @throws OperatorsError */
async function changed(c: Ctx, action: string, result: ChangeResult) {
  if (!result.ok) {
    if (result.code === 'NOT_FOUND') throw noSuchRun();
    const [code, message] = REFUSED[result.code];
    throw new OperatorsError(409, code, message);
  }
  const { run, changed: isNew } = result;
  if (isNew) await auditOf(c, action, run.id, null, { state: run.state, counts: run.counts });
  return shown(c, run);
}

const shown = async (c: Ctx, run: RunRecord) =>
  view(run, await people(c.env, c.var.identity.tenantId, [run.by]));

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

const view = (run: RunRecord, nameOf: NameOf): z.infer<typeof routes.Enrolment> => ({
  id: run.id,
  state: run.state,
  include: run.include,
  by: nameOf(run.by)?.name ?? null,
  started_at: iso(run.startedAt),
  finished_at: isoOrNull(run.finishedAt),
  total: run.total,
  counts: run.counts,
  problem: run.problem,
  waits_until: isoOrNull(run.waitsUntil),
});

const itemView = (item: ItemRecord): z.infer<typeof routes.EnrolmentItem> => ({
  n: item.n,
  yandex_uuid: item.uuid,
  login: item.login,
  full_name: item.fullName,
  extension: item.extension,
  result: item.result,
  problem: item.problem,
  tries: item.tries,
  at: isoOrNull(item.at),
});
