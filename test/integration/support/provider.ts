import { setTimeout as delay } from 'node:timers/promises';
import { noteAnswer } from '../../refusals/record.ts';
import { connect, makeToken, type Connected } from '../../sim/provider/connect.ts';
import type { SimOptions } from '../../sim/provider/sim.ts';
import { ProviderStand } from '../../sim/provider/stand.ts';
import { signIn, type Client, type Reply } from './client.ts';
import { expectStatus } from './handset.ts';
import { TestServer } from './server.ts';

const APP = 'chat-post';
const TENANT = '0101';
const ROOT = `/api/communications/providers/${APP}`;
/** While a server dies and starts again nobody answers. */
const PATIENCE_MS = 150_000;

export interface InboxMessage {
  id: string;
  number: number;
  direction: 'incoming' | 'outgoing';
  text: string;
  status: string;
  error: string | null;
  seen: boolean;
}

export interface InboxChat {
  id: string;
  unread: number;
  participants: { id: string }[];
  last: InboxMessage | null;
}

/** A real server and the simulator of a provider, an app of it that tenant 0101 has installed and connected. */
export class ProviderWorld {
  readonly server: TestServer;
  readonly stand: ProviderStand;
  readonly admin: Client;
  readonly connected: Connected;
  readonly #chats = new Map<string, string>();

  private constructor(server: TestServer, stand: ProviderStand, admin: Client, connected: Connected) {
    this.server = server;
    this.stand = stand;
    this.admin = admin;
    this.connected = connected;
    this.use(connected.token);
  }

  static async start(options: SimOptions = {}): Promise<ProviderWorld> {
    const stand = await ProviderStand.start(options);
    let server: TestServer | null = null;
    try {
      server = await TestServer.start({ OUTGOING_ORIGINS: stand.url });
      const connected = await connect(stand.sim, {
        origin: server.url,
        providerOrigin: stand.url,
        app: APP,
        tenant: TENANT,
        owner: { username: 'root', password: 'demo-root' },
        admin: { username: 'admin', password: 'demo-admin' },
      });
      return new ProviderWorld(server, stand, await signIn(server.url, 'admin'), connected);
    } catch (error) {
      await server?.stop();
      await stand.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.stand.stop();
  }

  get customers() {
    return this.stand.customers;
  }

  /** What the platform took over in wrong ways, or answered against its document. */
  get problems(): readonly string[] {
    return this.stand.sim.problems;
  }

  /** The provider has another token from now on. */
  use(token: string): void {
    this.stand.use({ origin: this.server.url, token, patienceMs: PATIENCE_MS, onAnswer: noteAnswer });
  }

  /** The tenant activates the integration again. */
  async activate(): Promise<string> {
    const { token, id } = await makeToken(this.connected.admin, APP);
    this.use(token);
    return id;
  }

  async revoke(tokenId: string): Promise<void> {
    expectStatus(204, await this.admin.send('DELETE', `${ROOT}/tokens/${tokenId}`));
  }

  /** How the link stands; throws while nobody answers. */
  async link(): Promise<{ sync: Record<string, unknown> } & Record<string, unknown>> {
    const reply = expectStatus(200, await this.admin.get(ROOT));
    return reply.json.link as { sync: Record<string, unknown> } & Record<string, unknown>;
  }

  /** As `link`, of a server that may be away: then it is null. */
  readonly linkNow = (): Promise<Record<string, unknown> | null> => this.link().catch(() => null);

  async dead(): Promise<{ id: string; kind: string; error: string }[]> {
    const reply = expectStatus(200, await this.admin.get(`${ROOT}/deliveries?state=dead&limit=200`));
    return reply.json.items as { id: string; kind: string; error: string }[];
  }

  async replay(ids?: string[]): Promise<number> {
    const body = ids === undefined ? {} : { ids };
    const reply = expectStatus(200, await this.admin.post(`${ROOT}/deliveries/replay`, body));
    return Number(reply.json.replayed);
  }

  async resume(): Promise<void> {
    expectStatus(200, await this.admin.post(`${ROOT}/resume`, {}));
  }

  async chats(query = ''): Promise<InboxChat[]> {
    const chats: InboxChat[] = [];
    for (let cursor = ''; ;) {
      const page = expectStatus(
        200,
        await this.admin.get(`/api/inbox/chats?limit=200${query}${cursor}`),
      ).json;
      chats.push(...(page.chats as InboxChat[]));
      if (typeof page.next !== 'string') return chats;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
  }

  /** Our id of a chat of the provider, by its customer. */
  async chatId(chat: string): Promise<string> {
    if (!this.#chats.has(chat))
      for (const { id, participants } of await this.chats())
        for (const customer of participants) this.#chats.set(chatOf(customer.id), id);
    const id = this.#chats.get(chat);
    if (id === undefined) throw new Error(`the inbox has no chat ${chat}`);
    return id;
  }

  /** Every message of a chat of the provider, in the order it is shown. */
  async thread(chat: string): Promise<InboxMessage[]> {
    const path = `/api/inbox/chats/${await this.chatId(chat)}/messages?limit=200`;
    const messages: InboxMessage[] = [];
    for (let before = ''; ;) {
      const page = expectStatus(200, await this.admin.get(path + before)).json;
      messages.unshift(...(page.messages as InboxMessage[]));
      if (typeof page.older !== 'string') return messages;
      before = `&before=${encodeURIComponent(page.older)}`;
    }
  }

  /** A person answers, again under the same key until the server, which may be dying, has taken it. */
  async reply(chat: string, text: string): Promise<string> {
    const path = `/api/inbox/chats/${await this.chatId(chat)}/messages`;
    const key = { 'idempotency-key': `${chat}-${text}`.replaceAll(/[^\x21-\x7e]/g, '_') };
    const reply = await this.surely(() => this.admin.post(path, { text }, { headers: key }));
    return String(reply.json.id);
  }

  /** Asks again until it is answered well: a server dies, or thinks that a person writes too fast. */
  async surely(what: () => Promise<Reply>): Promise<Reply> {
    const reply = await this.heard(what);
    if (reply.status >= 300) throw new Error(`not taken: ${reply.status} ${reply.text}`);
    return reply;
  }

  /** As `surely`, until it is answered in whatever way. */
  async heard(what: () => Promise<Reply>): Promise<Reply> {
    for (let left = 400; ; left -= 1) {
      const reply = await what().catch(() => null);
      if (reply !== null && reply.status !== 429 && reply.status < 500) return reply;
      if (left === 0) throw new Error(`never answered: ${reply?.status ?? 'no answer'} ${reply?.text}`);
      await delay(250);
    }
  }

  /** Texts that the provider took in a chat, in that order. */
  readonly takenIn = (chat: string): string[] => this.stand.sim.ledger.takenOf(chat).map(({ text }) => text);
}

/** The simulator names customers after their chats. */
const chatOf = (customer: string): string =>
  customer.replace(/^customer-of-/, '').replace(/^old-customer-/, 'old-chat-');
