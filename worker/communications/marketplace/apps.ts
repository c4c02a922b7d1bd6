/** The marketplace tells us of apps and their versions. */
import { z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import { appVersions, providerApps, tenants } from '../../db/schema';
import type { Env } from '../../env';
import { recordAudit } from '../../http/audit';
import { ProblemError } from '../../http/problems';
import { jsonRequest } from '../../http/openapi';
import { commsRoute, newCommsApp } from '../route';
import { App, AppCode, AppVersion, COMMUNICATIONS, Developer, Json, Scopes } from './schemas';
import {
  addVersion,
  dbOf,
  findApp,
  knownApp,
  knownVersion,
  turnScopeOn,
  type AppRow,
  type VersionRow,
} from './store';

const register = commsRoute({
  method: 'post',
  path: '/internal/v1/providers',
  summary: 'Register or update a provider',
  description:
    'Makes the app known with its version, or updates its name and developer. With the scope `communications` the app ' +
    'becomes a provider, whose code is the app’s; once on, the scope stays on in every version.',
  tags: ['Providers'],
  access: 'service',
  errors: ['scope_locked', 'conflict'],
  request: {
    body: jsonRequest(
      z.strictObject({
        appCode: AppCode,
        name: z.string().trim().min(1).max(120).openapi({ example: 'Chat Post' }),
        developer: Developer,
        appVersion: AppVersion,
        scopes: Scopes,
      }),
      {
        appCode: 'chat-post',
        name: 'Chat Post',
        developer: 'dev-company',
        appVersion: '1.0.0',
        scopes: ['communications'],
      },
    ),
  },
  responses: { 200: Json(App, 'The provider was updated.'), 201: Json(App, 'The provider was registered.') },
});

const addAppVersion = commsRoute({
  method: 'post',
  path: '/internal/v1/app-versions',
  summary: 'A new version of an app exists',
  description:
    'It starts with the active configuration of the version before. `scopes` may turn `communications` on; leaving it out ' +
    'changes nothing.',
  tags: ['App versions'],
  access: 'service',
  errors: ['not_found', 'already_exists', 'scope_locked', 'conflict'],
  request: {
    body: jsonRequest(
      z.strictObject({ appCode: AppCode, appVersion: AppVersion, scopes: Scopes.optional() }),
      { appCode: 'chat-post', appVersion: '1.1.0' },
    ),
  },
  responses: {
    201: Json(
      App.extend({
        inheritedConfiguration: z.string().nullable().openapi({
          description: 'Version of the configuration it starts with; null: none.',
        }),
      }).openapi('ProviderAppVersionMade'),
      'The version is known.',
    ),
  },
});

/** How moderation and the test stand ended. */
export const Checks = z.object({
  moderation: z.enum(['pending', 'passed', 'rejected']),
  testStand: z.enum(['pending', 'passed', 'failed']),
});

const report = commsRoute({
  method: 'patch',
  path: '/internal/v1/app-versions/{appCode}/{appVersion}',
  summary: 'Tell how moderation or the test stand ended',
  tags: ['App versions'],
  access: 'service',
  errors: ['not_found'],
  request: {
    params: z.object({ appCode: AppCode, appVersion: AppVersion }),
    body: jsonRequest(
      z
        .strictObject(Checks.partial().shape)
        .refine((body) => Object.keys(body).length > 0, 'say moderation, testStand or both'),
      { moderation: 'passed', testStand: 'passed' },
    ),
  },
  responses: { 200: Json(Checks.openapi('AppVersionChecks'), 'How they stand.') },
});

/** `/internal/v1/providers`, `/internal/v1/app-versions`. */
export const apps = newCommsApp();

const view = (app: AppRow, appVersion: string): z.infer<typeof App> => ({
  appCode: app.appCode,
  name: app.name,
  developer: app.developer,
  appVersion,
  communicationsSince: app.scopeSince,
});

/** @throws ProblemError scope_locked */
function keepScope(app: AppRow | null, scopes: readonly string[] | undefined): void {
  if (scopes === undefined || app === null || app.scopeSince === null) return;
  if (!scopes.includes(COMMUNICATIONS))
    throw new ProblemError(
      'scope_locked',
      `The scope communications is on since version ${app.scopeSince} and can’t be turned off.`,
      { errors: [{ field: 'scopes', message: 'must hold communications' }] },
    );
}

interface Registration {
  appCode: string;
  name: string;
  developer: string;
  appVersion: string;
  scopes: readonly string[];
  /** Refused where there is such an app. */
  mustBeNew?: boolean;
}

/**
 * Makes an app known with its version, or updates it.
 *
 * @throws ProblemError scope_locked, conflict; already_exists for one that must be new
 */
export async function registerApp(
  env: Env,
  { appCode, name, developer, appVersion, scopes, mustBeNew = false }: Registration,
): Promise<{ app: AppRow; newest: VersionRow; isNew: boolean }> {
  const db = dbOf(env);
  const now = Date.now();
  if (!mustBeNew) keepScope(await findApp(db, appCode), scopes);
  const made = await db
    .insert(providerApps)
    .values({ appCode, name, developer, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning();
  const isNew = made.length > 0;
  if (mustBeNew && !isNew) throw new ProblemError('already_exists', 'There is an app of this code already.');
  if (!isNew)
    await db
      .update(providerApps)
      .set({ name, developer, updatedAt: now })
      .where(eq(providerApps.appCode, appCode));
  const versions = await db
    .select({ version: appVersions.version })
    .from(appVersions)
    .where(eq(appVersions.appCode, appCode));
  if (!versions.some(({ version }) => version === appVersion))
    await addVersion(env, appCode, appVersion, now);
  if (scopes.includes(COMMUNICATIONS)) await turnScopeOn(db, appCode, appVersion, now);
  return { app: await knownApp(db, appCode), newest: await knownVersion(db, appCode), isNew };
}

/** Without `scopes` nothing is said of them. @throws ProblemError not_found, already_exists, scope_locked, conflict */
export async function registerVersion(
  env: Env,
  { appCode, appVersion, scopes }: { appCode: string; appVersion: string; scopes?: string[] | undefined },
): Promise<{ app: AppRow; inherited: string | null }> {
  const db = dbOf(env);
  const now = Date.now();
  keepScope(await knownApp(db, appCode), scopes);
  const { inherited } = await addVersion(env, appCode, appVersion, now);
  if (scopes?.includes(COMMUNICATIONS) === true) await turnScopeOn(db, appCode, appVersion, now);
  return { app: await knownApp(db, appCode), inherited };
}

/**
 * What is said of a version's moderation and of its run on the test stand, in whose place that word then stands.
 *
 * @throws ProblemError not_found
 */
export async function judgeVersion(
  env: Env,
  appCode: string,
  appVersion: string,
  word: Partial<z.infer<typeof Checks>>,
): Promise<{ before: z.infer<typeof Checks>; after: z.infer<typeof Checks> }> {
  const db = dbOf(env);
  const { moderation, testStand } = await knownVersion(db, appCode, appVersion);
  await db
    .update(appVersions)
    .set({ ...word, ...(word.testStand !== undefined && { testStandAt: Date.now(), testStandRun: null }) })
    .where(and(eq(appVersions.appCode, appCode), eq(appVersions.version, appVersion)));
  return {
    before: { moderation, testStand },
    after: { moderation: word.moderation ?? moderation, testStand: word.testStand ?? testStand },
  };
}

/** In the log of the people who run the platform: the marketplace itself is nobody of a tenant. */
async function notePlatform(
  env: Env,
  action: string,
  target: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  const db = dbOf(env);
  const [platform] = await db.select({ id: tenants.id }).from(tenants).where(eq(tenants.kind, 'platform'));
  if (platform === undefined) return;
  await recordAudit(db, { tenantId: platform.id, userId: null }, action, target, before, after, null);
}

apps.openapi(register, async (c) => {
  const { app, newest, isNew } = await registerApp(c.env, c.req.valid('json'));
  return c.json(view(app, newest.version), isNew ? 201 : 200);
});

apps.openapi(addAppVersion, async (c) => {
  const body = c.req.valid('json');
  const { app, inherited } = await registerVersion(c.env, body);
  return c.json({ ...view(app, body.appVersion), inheritedConfiguration: inherited }, 201);
});

apps.openapi(report, async (c) => {
  const { appCode, appVersion } = c.req.valid('param');
  const { before, after } = await judgeVersion(c.env, appCode, appVersion, c.req.valid('json'));
  await notePlatform(c.env, 'marketplace.version.judge', appCode, before, { version: appVersion, ...after });
  return c.json(after, 200);
});
