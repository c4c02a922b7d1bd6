import { z } from '@hono/zod-openapi';
import { checkOutgoingUrl, originsOf } from '../../../objects/lib/outgoing-url';
import type { Env } from '../../env';
import { ProblemError } from '../../http/problems';
import { commsRoute, newCommsApp } from '../route';
import { AppCode, AppVersion, CONDITIONS, Json, Publication } from './schemas';
import {
  activeConfiguration,
  dbOf,
  knownApp,
  knownVersion,
  publish,
  type AppRow,
  type ConfigurationRow,
  type VersionRow,
} from './store';

const path = '/internal/v1/marketplace/apps/{appCode}/publication';
const request = {
  params: z.object({ appCode: AppCode }),
  query: z.object({
    appVersion: AppVersion.optional().openapi({ description: 'The newest one when absent.' }),
  }),
};

const show = commsRoute({
  method: 'get',
  path,
  summary: 'Which conditions of publication hold',
  tags: ['Publication'],
  access: 'market',
  errors: ['not_found', 'forbidden'],
  request,
  responses: { 200: Json(Publication, 'How the version stands.') },
});

const publishRoute = commsRoute({
  method: 'post',
  path,
  summary: 'Publish a version',
  description:
    'Refused while one of the four conditions does not hold; `errors` names which. Once published it stays so.',
  tags: ['Publication'],
  access: 'market',
  errors: ['not_found', 'forbidden', 'not_publishable'],
  request,
  responses: { 200: Json(Publication, 'It is published.') },
});

/** `/internal/v1/marketplace/apps/{appCode}/publication`. */
export const publication = newCommsApp();

const WHY: Record<(typeof CONDITIONS)[number], string> = {
  scope: 'the access scope communications is off',
  configuration: 'no valid provider configuration is installed',
  moderation: 'moderation is not passed',
  testStand: 'the test-stand run is not passed',
};

/** An address that was good when it was uploaded may be refused by rules that grew since. */
const isValid = (env: Env, { content }: ConfigurationRow): boolean =>
  Object.values(content.endpoints as Record<string, string>).every(
    (url) => checkOutgoingUrl(url, originsOf(env.OUTGOING_ORIGINS)).ok,
  );

/** What a run found says nothing of a configuration that was uploaded since; the marketplace's own word is of the version. */
const isOfConfiguration = ({ testStandRun }: VersionRow, active: ConfigurationRow | null): boolean =>
  testStandRun === null || testStandRun.configurationId === active?.id;

/** Whose word the one on the test stand is, and of what. */
export const testStandOf = ({ testStand, testStandAt, testStandRun }: VersionRow) => ({
  state: testStand,
  by: testStandRun === null ? (testStand === 'pending' ? null : ('marketplace' as const)) : ('run' as const),
  at: testStandAt === null ? null : new Date(testStandAt).toISOString(),
  runId: testStandRun?.id ?? null,
  configurationVersion: testStandRun?.configurationVersion ?? null,
});

/** Which of the four conditions hold, by the active configuration of the version. */
export const conditionsOf = (
  env: Env,
  app: AppRow,
  version: VersionRow,
  configuration: ConfigurationRow | null,
): z.infer<typeof Publication>['conditions'] => ({
  scope: app.scopeSince !== null,
  configuration: configuration !== null && isValid(env, configuration),
  moderation: version.moderation === 'passed',
  testStand: version.testStand === 'passed' && isOfConfiguration(version, configuration),
});

async function look(env: Env, app: AppRow, version: VersionRow): Promise<z.infer<typeof Publication>> {
  const configuration = await activeConfiguration(dbOf(env), app.appCode, version.version);
  const conditions = conditionsOf(env, app, version, configuration);
  return {
    appCode: app.appCode,
    appVersion: version.version,
    publishable: CONDITIONS.every((condition) => conditions[condition]),
    publishedAt: version.publishedAt === null ? null : new Date(version.publishedAt).toISOString(),
    conditions,
    testStand: testStandOf(version),
  };
}

/** @throws ProblemError not_publishable, which names every condition that does not hold */
export async function publishVersion(
  env: Env,
  app: AppRow,
  version: VersionRow,
): Promise<z.infer<typeof Publication>> {
  const now = await look(env, app, version);
  if (!now.publishable) {
    const missing = CONDITIONS.filter((condition) => !now.conditions[condition]);
    throw new ProblemError(
      'not_publishable',
      `The app can’t be published: ${missing.map((condition) => WHY[condition]).join('; ')}.`,
      { errors: missing.map((condition) => ({ field: `conditions.${condition}`, message: WHY[condition] })) },
    );
  }
  const at = await publish(dbOf(env), version, Date.now());
  return { ...now, publishedAt: new Date(at).toISOString() };
}

/** @throws ProblemError forbidden for a developer of other apps */
export function ownApp(
  app: AppRow,
  market: { kind: 'service' } | { kind: 'developer'; developer: string },
): void {
  if (market.kind === 'developer' && market.developer !== app.developer)
    throw new ProblemError('forbidden', 'This app is another developer’s.');
}

publication.openapi(show, async (c) => {
  const db = dbOf(c.env);
  const app = await knownApp(db, c.req.valid('param').appCode);
  ownApp(app, c.var.market);
  const version = await knownVersion(db, app.appCode, c.req.valid('query').appVersion);
  return c.json(await look(c.env, app, version), 200);
});

publication.openapi(publishRoute, async (c) => {
  const db = dbOf(c.env);
  const app = await knownApp(db, c.req.valid('param').appCode);
  ownApp(app, c.var.market);
  const version = await knownVersion(db, app.appCode, c.req.valid('query').appVersion);
  return c.json(await publishVersion(c.env, app, version), 200);
});
