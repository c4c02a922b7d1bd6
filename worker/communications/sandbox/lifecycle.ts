/** A sandbox of an app version: opened, given tokens, removed. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { providerLinkName } from '../../../objects/provider-link/contract';
import type { SandboxApi, SandboxView } from '../../../objects/sandbox/contract';
import { jsonRequest } from '../../http/openapi';
import { ProblemError } from '../../http/problems';
import { signClientToken } from '../client-token';
import type { CommsEnv } from '../context';
import { Json, Semver } from '../marketplace/schemas';
import { activeConfiguration, configurationsOf, dbOf, notFound } from '../marketplace/store';
import { originOf } from '../origin';
import { commsRoute, newCommsApp } from '../route';
import { granted, sandboxFor } from './room';
import { SANDBOX, SandboxBody, SandboxTokenBody, tags, versionParams } from './schemas';
import { channelView, iso, isoOrNull, tokenView } from './views';

type Version = z.infer<typeof versionParams>;

const open = commsRoute({
  method: 'post',
  path: SANDBOX,
  summary: 'Open the sandbox of an app version',
  description:
    'Plays a tenant that installed the app: behind the same link, inbox and public API, without any real tenant. It runs on ' +
    'the configuration named, or on the active one; an open sandbox moves to it and keeps its tokens and chats. Not used for ' +
    '30 days, it is removed.',
  tags,
  access: 'developer',
  errors: ['not_found', 'no_configuration', 'sandbox_closed', 'run_in_progress'],
  request: {
    params: versionParams,
    body: jsonRequest(z.strictObject({ configurationVersion: Semver.optional() }), {}),
  },
  responses: { 200: Json(SandboxBody, 'It was open already.'), 201: Json(SandboxBody, 'It is open.') },
});

const show = commsRoute({
  method: 'get',
  path: SANDBOX,
  summary: 'The sandbox of an app version',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden', 'sandbox_closed'],
  request: { params: versionParams },
  responses: { 200: Json(SandboxBody, 'As it is.') },
});

const remove = commsRoute({
  method: 'delete',
  path: SANDBOX,
  summary: 'Remove the sandbox',
  description:
    'Its tokens are refused from now on, the provider is told to disconnect, and then everything of it is removed. What the ' +
    'test stand found stays with the app version.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed'],
  request: { params: versionParams },
  responses: { 202: { description: 'It is being removed.' } },
});

const makeToken = commsRoute({
  method: 'post',
  path: `${SANDBOX}/tokens`,
  summary: 'Make a token of the sandbox',
  description:
    'Shown this once; at most five are good at once. With the first one the provider is asked for its channels and history.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed', 'too_many'],
  request: { params: versionParams },
  responses: {
    201: Json(
      SandboxTokenBody.extend({
        token: z.string().openapi({ description: 'A JWT, to be entered with the provider.' }),
      }).openapi('SandboxTokenMade'),
      'The token.',
    ),
  },
});

const revokeToken = commsRoute({
  method: 'delete',
  path: `${SANDBOX}/tokens/{tokenId}`,
  summary: 'Revoke a token of the sandbox',
  description: 'With the last one the provider is told to disconnect, as by a tenant.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed'],
  request: { params: versionParams.extend({ tokenId: z.string().min(1).max(64) }) },
  responses: { 204: { description: 'It is good no more.' } },
});

const retry = commsRoute({
  method: 'post',
  path: `${SANDBOX}/retry`,
  summary: 'Try everything that waits or failed again now',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed'],
  request: { params: versionParams },
  responses: {
    200: Json(
      z.object({ replayed: z.int().openapi({ description: 'Dead letters that wait again.' }) }),
      'It is tried.',
    ),
  },
});

/** `…/sandbox`, `…/sandbox/tokens`. */
export const lifecycle = newCommsApp();

/** @throws ProblemError not_found, no_configuration */
async function configurationFor(c: Context<CommsEnv>, { appCode, appVersion }: Version, asked?: string) {
  const db = dbOf(c.env);
  if (asked === undefined) {
    const active = await activeConfiguration(db, appCode, appVersion);
    if (active !== null) return active;
    throw new ProblemError(
      'no_configuration',
      `Version ${appVersion} has no configuration: upload one first.`,
    );
  }
  const all = await configurationsOf(db, appCode, appVersion);
  const found = all.find(({ configurationVersion }) => configurationVersion === asked);
  if (found === undefined) throw notFound('configuration');
  return found;
}

const linkOfSandbox = (c: Context<CommsEnv>, { tenantId }: SandboxView, { appCode }: Version) =>
  c.env.PROVIDER_LINK.getByName(providerLinkName(tenantId, appCode));

async function bodyOf(
  c: Context<CommsEnv>,
  version: Version,
  view: SandboxView,
): Promise<z.infer<typeof SandboxBody>> {
  const { appCode, appVersion } = version;
  const [link, channels, active] = await Promise.all([
    linkOfSandbox(c, view, version).status(),
    c.env.INBOX.getByName(view.tenantId).channels(),
    activeConfiguration(dbOf(c.env), appCode, appVersion),
  ]);
  return {
    appCode,
    appVersion,
    state: view.state,
    tenantId: view.tenantId,
    openedAt: iso(view.openedAt),
    expiresAt: iso(view.expiresAt),
    configurationVersion: view.tie.configurationVersion,
    activeConfigurationVersion: active?.configurationVersion ?? null,
    providerLabel: view.tie.content.providerLabel,
    tokens: view.tokens.map(tokenView),
    link: {
      state: link.state,
      breaker: link.breaker,
      breakerUntil: isoOrNull(link.breakerUntil),
      waiting: link.waiting,
      dead: link.dead,
      nextTryAt: isoOrNull(link.nextTryAt),
      lastError: link.lastError,
    },
    channels: channels.map(channelView),
    lastEvent: view.lastEvent,
  };
}

/** @throws ProblemError sandbox_closed */
async function opened(sandbox: DurableObjectStub<SandboxApi>): Promise<SandboxView> {
  return (await sandbox.view()) ?? granted<SandboxView>({ ok: false, code: 'closed' });
}

lifecycle.openapi(open, async (c) => {
  const version = c.req.valid('param');
  const sandbox = await sandboxFor(c, version);
  const row = await configurationFor(c, version, c.req.valid('json').configurationVersion);
  const { id: configurationId, appVersion, configurationVersion, key } = row;
  // Stored by the marketplace's API only, which validates it.
  const content = row.content as unknown as SandboxView['tie']['content'];
  const tie = { configurationId, appVersion, configurationVersion, content, key };
  const { made, view } = granted(await sandbox.open({ appCode: version.appCode, tie, origin: originOf(c) }));
  return c.json(await bodyOf(c, version, view), made ? 201 : 200);
});

lifecycle.openapi(show, async (c) => {
  const version = c.req.valid('param');
  return c.json(await bodyOf(c, version, await opened(await sandboxFor(c, version))), 200);
});

lifecycle.openapi(remove, async (c) => {
  granted(await (await sandboxFor(c, c.req.valid('param'))).close());
  return c.body(null, 202);
});

lifecycle.openapi(makeToken, async (c) => {
  const version = c.req.valid('param');
  const sandbox = await sandboxFor(c, version);
  const { tenantId } = await opened(sandbox);
  const id = crypto.randomUUID();
  const claims = { tenantId, provider: version.appCode, jti: id };
  const token = await signClientToken(c.env, claims, Date.now());
  const kept = granted(await sandbox.addToken({ tenantId, id, hint: token.slice(-4) }));
  return c.json({ ...tokenView(kept), token }, 201);
});

lifecycle.openapi(revokeToken, async (c) => {
  const { tokenId, ...version } = c.req.valid('param');
  granted(await (await sandboxFor(c, version)).revokeToken(tokenId));
  return c.body(null, 204);
});

lifecycle.openapi(retry, async (c) => {
  const version = c.req.valid('param');
  const sandbox = await sandboxFor(c, version);
  granted(await sandbox.mayAct());
  const link = linkOfSandbox(c, await opened(sandbox), version);
  await link.resume();
  return c.json(await link.replay(), 200);
});
