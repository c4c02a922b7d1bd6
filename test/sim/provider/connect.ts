/** The way of an app from the marketplace to a tenant's token, as the people who walk it do: over the real APIs. */
import { isRecord } from './contract.ts';
import type { ProviderSim } from './sim.ts';

export interface Person {
  username: string;
  password: string;
}

/** What a configuration says of a provider: the simulator's own, or another one's. */
export type Connectable = Pick<ProviderSim, 'endpoints' | 'authentication' | 'apiKey'>;

export interface Installation {
  /** The platform, `http://127.0.0.1:8787`. */
  origin: string;
  /** Where the platform reaches the provider. */
  providerOrigin: string;
  app: string;
  tenant: string;
  /** Runs the platform: makes the marketplace's credentials. */
  owner: Person;
  /** Manages the tenant's integrations. */
  admin: Person;
  developer?: string;
  /** Made of the clock when absent: a run that finds an older one is an update of the app. */
  version?: string;
  capabilities?: Record<string, unknown>;
  say?: (line: string) => void;
}

/** What may be asked in a tenant's or the marketplace's name; kept to the end of a test or of a person's run. */
export interface Connected {
  token: string;
  tokenId: string;
  appVersion: string;
  admin: Caller;
  service: Caller;
  developer: Caller;
}

const DAY_MS = 86_400_000;

/** A semantic version that is greater every millisecond. */
function clockVersion(): string {
  const now = Date.now();
  return `1.${Math.floor(now / DAY_MS)}.${now % DAY_MS}`;
}

/** Somebody with a token. */
export class Caller {
  readonly #origin: string;
  readonly #token: string | null;

  constructor(origin: string, token: string | null = null) {
    this.#origin = origin;
    this.#token = token;
  }

  as(token: string): Caller {
    return new Caller(this.#origin, token);
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    const answer = await fetch(this.#origin + path, {
      method,
      headers: {
        ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    return { status: answer.status, json: isRecord(json) ? json : {} };
  }

  /** @throws Error in the platform's words where it refuses */
  async must(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { status, json } = await this.ask(method, path, body);
    if (status < 300) return json;
    throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
  }

  async signIn({ username, password }: Person): Promise<Caller> {
    return this.as(String((await this.must('POST', '/api/auth/login', { username, password })).token));
  }
}

/** Registers the app, uploads its configuration, publishes it, installs it for the tenant and makes a token. */
export async function connect(sim: Connectable, about: Installation): Promise<Connected> {
  const { origin, providerOrigin, app: appCode, tenant: tenantId, developer: name = 'sim-company' } = about;
  const say = about.say ?? (() => undefined);
  const version = about.version ?? clockVersion();
  const nobody = new Caller(origin);
  const owner = await nobody.signIn(about.owner);
  const credential = async (body: object): Promise<Caller> =>
    nobody.as(String((await owner.must('POST', '/api/marketplace/credentials', body)).token));
  const service = await credential({ kind: 'service', name: 'Provider simulator' });
  const developer = await credential({ kind: 'developer', name: 'Provider simulator', developer: name });
  const app = { appCode, appVersion: version };
  await service.must('POST', '/internal/v1/providers', {
    ...app,
    name: 'Provider simulator',
    developer: name,
    scopes: ['communications'],
  });
  say(`the marketplace knows ${appCode} ${version}`);
  await upload(sim, developer, { ...about, version });
  say(`its configuration is uploaded: endpoints at ${providerOrigin}`);
  await service.must('PATCH', `/internal/v1/app-versions/${appCode}/${version}`, {
    moderation: 'passed',
    testStand: 'passed',
  });
  const publication = `/internal/v1/marketplace/apps/${appCode}/publication?appVersion=${version}`;
  await service.must('POST', publication);
  say('it is published');
  await install(service, { ...app, tenantId });
  say(`tenant ${tenantId} has it installed`);
  const admin = await nobody.signIn(about.admin);
  const { token, id } = await makeToken(admin, appCode);
  say('a token is made: the integration is active');
  return { token, tokenId: id, appVersion: version, admin, service, developer };
}

/** Uploads the configuration of an app version as the simulator stands now. */
export async function upload(
  sim: Connectable,
  developer: Caller,
  about: Pick<Installation, 'app' | 'providerOrigin' | 'capabilities'> & {
    version: string;
    configurationVersion?: string;
  },
): Promise<void> {
  await developer.must('POST', '/internal/v1/marketplace/provider-configurations', {
    appCode: about.app,
    appVersion: about.version,
    configurationVersion: about.configurationVersion ?? clockVersion(),
    providerLabel: 'Provider simulator',
    endpoints: sim.endpoints(about.providerOrigin),
    authentication: { type: 'API_KEY', ...sim.authentication, value: sim.apiKey },
    ...(about.capabilities && { capabilities: about.capabilities }),
  });
}

/** Ties the tenant to the version; where another one is installed, that is updated. */
async function install(
  service: Caller,
  tie: { tenantId: string; appCode: string; appVersion: string },
): Promise<void> {
  const path = '/internal/v1/tenant-configurations';
  const { status, json } = await service.ask('POST', path, tie);
  if (status === 409 && json.code === 'already_exists') await service.must('PUT', path, tie);
  else if (status >= 300) throw new Error(`the app is not installed: ${status} ${JSON.stringify(json)}`);
}

/** A token; of too many the oldest one goes first. */
export async function makeToken(admin: Caller, app: string): Promise<{ token: string; id: string }> {
  const path = `/api/communications/providers/${app}`;
  const { tokens } = (await admin.must('GET', path)) as {
    tokens: { id: string; revoked_at: string | null }[];
  };
  const good = tokens.filter(({ revoked_at: revokedAt }) => revokedAt === null);
  const oldest = good.at(-1);
  if (good.length >= 5 && oldest !== undefined) await admin.must('DELETE', `${path}/tokens/${oldest.id}`);
  const made = await admin.must('POST', `${path}/tokens`);
  return { token: String(made.token), id: String(made.id) };
}
