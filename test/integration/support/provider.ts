import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signIn, type Client } from './client.ts';
import { expectStatus } from './handset.ts';

/** A request of ours to the provider. */
export interface Heard {
  path: string;
  key: string | undefined;
  body: { message?: { id: string; text: string } };
}

/** A provider's side of things: endpoints that take everything, and remember it. */
export class ProviderEnd {
  readonly heard: Heard[] = [];
  /** Everything but a good-bye is refused as if it were down. */
  down = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ProviderEnd> {
    const server = createServer();
    const end = new ProviderEnd(server);
    server.on('request', (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        const { pathname } = new URL(request.url ?? '/', 'http://provider');
        response.setHeader('content-type', 'application/json');
        if (end.down) {
          response.writeHead(503).end('{}');
          return;
        }
        const key = request.headers['idempotency-key'];
        const body = (text === '' ? {} : JSON.parse(text)) as Heard['body'];
        end.heard.push({ path: pathname, key: typeof key === 'string' ? key : undefined, body });
        response.end(pathname === '/channels' ? '{"items":[]}' : '{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return end;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From the marketplace to a good token of tenant 0101, as a person would do it. Answers the provider's client. */
  async connect(url: string): Promise<Client> {
    const root = await signIn(url, 'root');
    const credential = async (body: object): Promise<Client> => {
      const made = expectStatus(201, await root.post('/api/marketplace/credentials', body));
      return root.as(String(made.json['token']));
    };
    const service = await credential({ kind: 'service', name: 'Marketplace' });
    const developer = await credential({ kind: 'developer', name: 'Builds', developer: 'dev-company' });
    const app = { appCode: 'chat-post', appVersion: '1.0.0' };
    const about = { ...app, name: 'Chat Post', developer: 'dev-company', scopes: ['communications'] };
    expectStatus(201, await service.post('/internal/v1/providers', about));
    const endpoint = (path: string): string => `${this.origin}${path}`;
    const configuration = {
      ...app,
      configurationVersion: '1.0.0',
      providerLabel: 'Chat Post',
      endpoints: {
        sendMessage: endpoint('/send'),
        updateMessageContent: endpoint('/content'),
        updateMessageStatus: endpoint('/status'),
        markChatRead: endpoint('/read'),
        disconnect: endpoint('/disconnect'),
        getChannels: endpoint('/channels'),
      },
      authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: 'key-of-chat-post' },
    };
    expectStatus(
      201,
      await developer.post('/internal/v1/marketplace/provider-configurations', configuration),
    );
    expectStatus(201, await service.post('/internal/v1/tenant-configurations', { ...app, tenantId: '0101' }));
    const admin = await signIn(url, 'admin');
    const token = expectStatus(201, await admin.post('/api/communications/providers/chat-post/tokens', {}));
    return admin.as(String(token.json['token']));
  }
}
