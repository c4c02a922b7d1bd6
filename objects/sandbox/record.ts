import { and, eq, isNull, lte, or } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { appVersions } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import type { Run } from './machine';

/** Notes in D1 how a run ended, which publication asks for. A word that was said later stays, and a repeat changes nothing. */
export async function recordRun(env: Env, appCode: string, version: string, run: Run): Promise<void> {
  const at = run.finishedAt ?? run.startedAt;
  const checks = run.checks.map(({ code, state, problem }) => ({ code, state, problem }));
  await openDb(env.DB)
    .update(appVersions)
    .set({
      testStand: run.state === 'passed' ? 'passed' : 'failed',
      testStandAt: at,
      testStandRun: {
        id: run.id,
        configurationId: run.configurationId,
        configurationVersion: run.configurationVersion,
        by: run.by,
        checks,
      },
    })
    .where(
      and(
        eq(appVersions.appCode, appCode),
        eq(appVersions.version, version),
        or(isNull(appVersions.testStandAt), lte(appVersions.testStandAt, at)),
      ),
    );
}
