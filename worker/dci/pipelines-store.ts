import { and, asc, eq } from 'drizzle-orm';
import { StoredSpec } from '../../objects/pipelines/contract';
import { openDb } from '../db';
import { pipelines } from '../db/schema';
import type { Env } from '../env';
import { PlatformError } from '../http/errors';

export interface PipelineRow {
  id: string;
  name: string;
  branch: string;
  spec: StoredSpec;
  updatedAt: number;
  updatedBy: string;
}

/** The tenant's Pipelines object. */
export const pipelinesOf = (env: Pick<Env, 'PIPELINES'>, tenantId: string) =>
  env.PIPELINES.getByName(tenantId);

/** A definition of an older form shows as having no steps: it can be edited, and not run. */
function read(row: typeof pipelines.$inferSelect): PipelineRow {
  const spec = StoredSpec.safeParse(row.spec);
  return { ...row, spec: spec.success ? spec.data : { steps: [], schedule: null, shell: false } };
}

/** By name. */
export async function listPipelines(env: Pick<Env, 'DB'>, tenantId: string): Promise<PipelineRow[]> {
  const rows = await openDb(env.DB)
    .select()
    .from(pipelines)
    .where(eq(pipelines.tenantId, tenantId))
    .orderBy(asc(pipelines.name));
  return rows.map(read);
}

/** @throws PlatformError NOT_FOUND */
export async function pipelineOf(env: Pick<Env, 'DB'>, tenantId: string, id: string): Promise<PipelineRow> {
  const [row] = await openDb(env.DB)
    .select()
    .from(pipelines)
    .where(and(eq(pipelines.tenantId, tenantId), eq(pipelines.id, id)));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such pipeline.');
  return read(row);
}
