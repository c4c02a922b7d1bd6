/** Providers that a tenant has installed, and what goes with them. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sealText } from '../../../../worker/auth/secrets';
import { openDb } from '../../../../worker/db';
import {
  appVersions,
  providerApps,
  providerConfigurations,
  tenantConfigurations,
} from '../../../../worker/db/schema';
import { PROVIDER_KEY, providerLinkName } from '../../../../objects/provider-link/contract';
import { idIn, made, next, NOBODY, type Kind, type Special } from './making';
import { Tenant } from './tenant';

const ORIGIN = 'https://bridge.chat-post.example';

const ENDPOINTS = [
  'sendMessage',
  'updateMessageContent',
  'updateMessageStatus',
  'markChatRead',
  'disconnect',
  'getChannels',
  'getMessageHistory',
];

/** Published in its one version, with a configuration; installed for nobody. */
async function makeApp(name: string): Promise<string> {
  const app = `post-${name}-${next()}`;
  const db = openDb(env.DB);
  const version = '1.0.0';
  const of = { appCode: app, createdAt: 1 };
  await db
    .insert(providerApps)
    .values({ ...of, name: 'Post', developer: 'dev', scopeSince: version, updatedAt: 1 });
  await db
    .insert(appVersions)
    .values({ ...of, version, number: 1, moderation: 'passed', testStand: 'passed' });
  await db.insert(providerConfigurations).values({
    ...of,
    id: app,
    appVersion: version,
    configurationVersion: version,
    number: 1,
    active: true,
    content: {
      providerLabel: 'Post',
      endpoints: Object.fromEntries(ENDPOINTS.map((name) => [name, `${ORIGIN}/${name}`])),
      authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key' },
    },
    key: sealText(env, app, PROVIDER_KEY, 'key-of-the-post'),
    hint: 'post',
  });
  return app;
}

async function installFor(tenantId: string, app: string): Promise<void> {
  await openDb(env.DB).insert(tenantConfigurations).values({
    tenantId,
    appCode: app,
    appVersion: '1.0.0',
    configurationId: app,
    createdAt: 1,
    updatedAt: 1,
  });
}

/** Installed for this tenant alone, and active. */
async function makeProvider(tenant: Tenant): Promise<string> {
  const provider = await makeApp(tenant.id);
  await installFor(tenant.id, provider);
  const link = env.PROVIDER_LINK.getByName(providerLinkName(tenant.id, provider));
  await runInDurableObject(link, (instance) => {
    const nothing = () => Promise.resolve(Response.json({ items: [] }));
    (instance as unknown as { fetcher: () => Promise<Response> }).fetcher = nothing;
  });
  await makeToken(tenant, { provider });
  return provider;
}

const makeToken = async (tenant: Tenant, { provider = '' }: Record<string, string>): Promise<string> =>
  idIn(made(await tenant.send('POST', `/api/communications/providers/${provider}/tokens`))['id']);

/** The platform's own people make them: they belong to no tenant. */
async function makeCredential(): Promise<string> {
  const body = { kind: 'service', name: `Marketplace ${next()}` };
  const host = await Tenant.host();
  return idIn(made(await host.send('POST', '/api/marketplace/credentials', { body }, 'owner'))['id']);
}

export const communicationsKinds = {
  provider: { make: makeProvider, madeUp: 'post-of-nobody' },
  clientToken: { make: makeToken, madeUp: NOBODY },
  app: { make: () => makeApp('any'), madeUp: 'post-of-nobody' },
  appVersion: { make: () => Promise.resolve('1.0.0'), madeUp: '0.0.0' },
  installation: {
    async make(tenant, { app = '' }) {
      await installFor(tenant.id, app);
      return tenant.id;
    },
    madeUp: '9999',
  },
  credential: { make: makeCredential, madeUp: NOBODY },
} as const satisfies Record<string, Kind>;

export const communicationsSpecials: Readonly<Record<string, Special>> = {
  // A code is given once.
  'POST /api/marketplace/apps': (_, { body }) =>
    Promise.resolve({ body: { ...(body as object), code: `chat-mail-${next()}` } }),
};
