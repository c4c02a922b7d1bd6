/** A tenant's integrations with providers, and the tokens that make them active. */
import { z } from '@hono/zod-openapi';
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import type { ProviderContent } from '../../../objects/provider-link/contract';
import { openDb } from '../../db';
import { people } from '../../db/people';
import { clientTokens, providerApps, providerConfigurations, tenantConfigurations } from '../../db/schema';
import { auditOf } from '../../http/audit';
import type { AppEnv } from '../../http/context';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { signClientToken } from '../client-token';
import { configurationView } from '../marketplace/configurations';
import { configurationsOf } from '../marketplace/store';
import { originOf } from '../origin';
import { linkOf } from '../ties';
import { Integration, IntegrationDetail, providerParam, Token } from './schemas';
import { linkView, tokenView } from './view';

/** More than anybody rotates between. */
const MOST_TOKENS = 5;
/** Revoked ones stay in the list so that one can see who did it when, but not for ever. */
const MOST_SHOWN = 100;
const ROOT = '/api/communications/providers';
const tags = ['Communications'];

const list = apiRoute({
  method: 'get',
  path: ROOT,
  summary: 'Providers installed for the tenant',
  tags,
  access: 'integration.view',
  responses: { 200: json(z.object({ providers: z.array(Integration) }), 'By name.') },
});

const show = apiRoute({
  method: 'get',
  path: `${ROOT}/{provider}`,
  summary: 'One provider: its tokens, and the configurations of the installed version',
  tags,
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: { params: providerParam },
  responses: { 200: json(IntegrationDetail, 'The provider.') },
});

const activate = apiRoute({
  method: 'post',
  path: `${ROOT}/{provider}/tokens`,
  summary: 'Make a token for a provider',
  description:
    `Shown this once. The first one activates the integration: the provider’s channels are asked for, and its history ` +
    `where it has one. Several are good at the same time, at most ${MOST_TOKENS}: that is how one is replaced.`,
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: { params: providerParam },
  responses: {
    201: json(
      Token.extend({
        token: z
          .string()
          .openapi({ description: 'A JWT, to be entered with the provider.', example: 'eyJhbGciOi…' }),
      }).openapi('ClientTokenMade'),
      'The token.',
    ),
  },
});

const revoke = apiRoute({
  method: 'delete',
  path: `${ROOT}/{provider}/tokens/{id}`,
  summary: 'Revoke a token of a provider',
  description:
    'Refused from now on. With the last one the integration ends: the provider is told, and none of its endpoints is ' +
    'called any more.',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  request: { params: providerParam.extend({ id: z.string().min(1).max(64) }) },
  responses: { 204: { description: 'It is good no more.' } },
});

/** `/api/communications/providers`. */
export const integrations = newApiApp();

const tiesOf = (c: Context<AppEnv>, provider?: string) =>
  openDb(c.env.DB)
    .select({ tie: tenantConfigurations, app: providerApps, configuration: providerConfigurations })
    .from(tenantConfigurations)
    .innerJoin(providerApps, eq(providerApps.appCode, tenantConfigurations.appCode))
    .innerJoin(providerConfigurations, eq(providerConfigurations.id, tenantConfigurations.configurationId))
    .where(
      and(
        eq(tenantConfigurations.tenantId, c.var.identity.tenantId),
        provider === undefined ? undefined : eq(tenantConfigurations.appCode, provider),
      ),
    )
    .orderBy(asc(providerApps.name), asc(providerApps.appCode));
type InstalledRow = Awaited<ReturnType<typeof tiesOf>>[number];

/** @throws PlatformError NOT_FOUND for a provider that is not installed, whether there is one or not */
export async function installed(c: Context<AppEnv>, provider: string): Promise<InstalledRow> {
  const [row] = await tiesOf(c, provider);
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'This provider is not installed.');
  return row;
}

const tokensOf = (c: Context<AppEnv>, provider?: string) =>
  openDb(c.env.DB)
    .select()
    .from(clientTokens)
    .where(
      and(
        eq(clientTokens.tenantId, c.var.identity.tenantId),
        provider === undefined ? undefined : eq(clientTokens.provider, provider),
      ),
    )
    .orderBy(desc(clientTokens.createdAt), desc(clientTokens.id))
    .limit(MOST_SHOWN);

async function view(
  c: Context<AppEnv>,
  { tie, app, configuration }: InstalledRow,
  activeTokens: number,
): Promise<z.infer<typeof Integration>> {
  const { providerLabel } = configuration.content as unknown as ProviderContent;
  return {
    provider: app.appCode,
    name: app.name,
    label: providerLabel,
    app_version: tie.appVersion,
    configuration_version: configuration.configurationVersion,
    installed_at: new Date(tie.createdAt).toISOString(),
    active_tokens: activeTokens,
    link: linkView(await linkOf(c.env, tie.tenantId, app.appCode).status()),
  };
}

integrations.openapi(list, async (c) => {
  const [ties, tokens] = await Promise.all([tiesOf(c), tokensOf(c)]);
  const active = (provider: string): number =>
    tokens.filter((token) => token.provider === provider && token.revokedAt === null).length;
  return c.json(
    { providers: await Promise.all(ties.map((row) => view(c, row, active(row.app.appCode)))) },
    200,
  );
});

integrations.openapi(show, async (c) => {
  const { provider } = c.req.valid('param');
  const row = await installed(c, provider);
  const tokens = await tokensOf(c, provider);
  const nameOf = await people(
    c.env,
    row.tie.tenantId,
    tokens.map(({ createdBy }) => createdBy),
  );
  const all = await configurationsOf(openDb(c.env.DB), provider, row.tie.appVersion);
  return c.json(
    {
      ...(await view(c, row, tokens.filter(({ revokedAt }) => revokedAt === null).length)),
      tokens: tokens.map((token) => tokenView(token, (id) => nameOf(id)?.name ?? null)),
      configurations: all
        .toReversed()
        .map((one) => ({ ...configurationView(one), tied: one.id === row.configuration.id })),
    },
    200,
  );
});

integrations.openapi(activate, async (c) => {
  const { provider } = c.req.valid('param');
  const { identity } = c.var;
  const now = Date.now();
  const id = crypto.randomUUID();
  const { tenantId } = identity;
  const token = await signClientToken(c.env, { tenantId, provider, jti: id }, now);
  const row = {
    id,
    tenantId,
    provider,
    hint: token.slice(-4),
    createdAt: now,
    createdBy: identity.userId,
    revokedAt: null,
  };
  // One statement: two people can't step over the limit, nor can a token outlive the app it is for.
  const { meta } = await openDb(c.env.DB).run(sql`
    INSERT INTO client_tokens (id, tenant_id, provider, hint, created_at, created_by)
    SELECT ${id}, ${tenantId}, ${provider}, ${row.hint}, ${now}, ${identity.userId}
    WHERE EXISTS (SELECT 1 FROM tenant_configurations WHERE tenant_id = ${tenantId} AND app_code = ${provider})
      AND (SELECT count(*) FROM client_tokens
        WHERE tenant_id = ${tenantId} AND provider = ${provider} AND revoked_at IS NULL) < ${MOST_TOKENS}`);
  if (meta.changes === 0) {
    await installed(c, provider);
    throw new PlatformError(
      'INVALID_PARAMS',
      `There are ${MOST_TOKENS} tokens: revoke one that is not used first.`,
    );
  }
  await auditOf(c, 'communications.token.create', provider, null, { id, hint: row.hint });
  await linkOf(c.env, tenantId, provider).configChanged({ origin: originOf(c) });
  return c.json({ ...tokenView(row, () => identity.displayName), token }, 201);
});

integrations.openapi(revoke, async (c) => {
  const { provider, id } = c.req.valid('param');
  const { tenantId } = c.var.identity;
  const [row] = await openDb(c.env.DB)
    .update(clientTokens)
    .set({ revokedAt: Date.now() })
    .where(
      and(
        eq(clientTokens.tenantId, tenantId),
        eq(clientTokens.provider, provider),
        eq(clientTokens.id, id),
        isNull(clientTokens.revokedAt),
      ),
    )
    .returning();
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such token.');
  await auditOf(c, 'communications.token.revoke', provider, { id, hint: row.hint }, null);
  await linkOf(c.env, tenantId, provider).configChanged();
  return c.body(null, 204);
});
