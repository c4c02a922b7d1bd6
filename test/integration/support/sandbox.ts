/** A real server, the simulator of a provider, and an app of it whose developer has not published anything. */
import { Caller, upload } from '../../sim/provider/connect.ts';
import { ProviderStand } from '../../sim/provider/stand.ts';
import type { SimOptions } from '../../sim/provider/sim.ts';
import { TestServer } from './server.ts';

export const SANDBOX_APP = { code: 'sand-post', version: '1.0.0' } as const;
const COMPANY = 'sand-company';
/** Of customers' own requests, on a busy machine. */
const PATIENCE_MS = 60_000;

export class SandboxWorld {
  readonly server: TestServer;
  readonly stand: ProviderStand;
  /** The developer's credential. */
  readonly credential: string;
  readonly developer: Caller;

  private constructor(server: TestServer, stand: ProviderStand, credential: string) {
    this.server = server;
    this.stand = stand;
    this.credential = credential;
    this.developer = new Caller(server.url, credential);
  }

  static async start(options: SimOptions = {}): Promise<SandboxWorld> {
    const stand = await ProviderStand.start(options);
    let server: TestServer | null = null;
    try {
      server = await TestServer.start({ OUTGOING_ORIGINS: stand.url });
      const nobody = new Caller(server.url);
      const owner = await nobody.signIn({ username: 'root', password: 'demo-root' });
      const path = '/api/marketplace/credentials';
      const service = await owner.must('POST', path, { kind: 'service', name: 'Marketplace' });
      const made = await owner.must('POST', path, { kind: 'developer', name: 'Laptop', developer: COMPANY });
      const { code: appCode, version: appVersion } = SANDBOX_APP;
      await nobody.as(String(service.token)).must('POST', '/internal/v1/providers', {
        appCode,
        appVersion,
        name: 'Sand Post',
        developer: COMPANY,
        scopes: ['communications'],
      });
      const world = new SandboxWorld(server, stand, String(made.token));
      await world.upload('1.0.0');
      return world;
    } catch (error) {
      await server?.stop();
      await stand.stop();
      throw error;
    }
  }

  /** The developer uploads the configuration as the provider stands now. */
  upload(configurationVersion: string): Promise<void> {
    const { code: app, version } = SANDBOX_APP;
    return upload(this.stand.sim, this.developer, {
      app,
      version,
      configurationVersion,
      providerOrigin: this.stand.url,
    });
  }

  /** The provider is given this token. */
  use(token: string): void {
    this.stand.use({ origin: this.server.url, token, patienceMs: PATIENCE_MS });
  }

  /** Path of the sandbox, or of something in it. */
  path(rest = ''): string {
    const { code, version } = SANDBOX_APP;
    return `/internal/v1/marketplace/apps/${code}/versions/${version}/sandbox${rest}`;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.stand.stop();
  }
}
