import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { root } from '../../../scripts/lib/root.ts';
import { connect, type Connected } from '../../sim/provider/connect.ts';
import { signIn, type Client } from './client.ts';
import { expectStatus } from './handset.ts';
import { freePort, TestServer } from './server.ts';

export const APP = 'mail-post';
const TENANT = '0101';
const KEY = 'key-of-mail-post';
export const MAILBOX = 'shop@shop.example';

/** Programs that still run; a test run that is stopped must not leave them behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface InboxMessage {
  id: string;
  text: string;
  status: string;
  error: string | null;
}

export interface InboxChat {
  id: string;
  title: string | null;
  unread: number;
  channel: { code: string; name: string };
  participants: { id: string; name: string | null }[];
}

interface Served {
  id: string;
  token: string;
  address: string;
}

/** A real server, and the provider of mail as a program of its own that tenant 0101 has installed. */
export class EmailWorld {
  readonly server: TestServer;
  readonly admin: Client;
  readonly directory = mkdtempSync(join(tmpdir(), 'trunkline-email-'));
  readonly http: number;
  /** Port on which mail is handed over to it. */
  readonly smtp: number;
  readonly #tenants: Served[] = [];
  #smtpOut: string[] = [];
  #connected: Connected | undefined;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(server: TestServer, admin: Client, http: number, smtp: number) {
    this.server = server;
    this.admin = admin;
    this.http = http;
    this.smtp = smtp;
  }

  /**
   * @param smtpOut lines of the configuration about the mail server that sends on
   * @param smtp where it is handed mail; a free port when absent
   */
  static async start(smtpOut: string[], smtp?: number): Promise<EmailWorld> {
    const http = await freePort();
    const url = `http://127.0.0.1:${http}`;
    const server = await TestServer.start({ OUTGOING_ORIGINS: url });
    const world = new EmailWorld(server, await signIn(server.url, 'admin'), http, smtp ?? (await freePort()));
    try {
      const at = (name: string) => [name, `${url}/${name}`] as const;
      const names = [
        'sendMessage',
        'updateMessageContent',
        'updateMessageStatus',
        'markChatRead',
        'disconnect',
      ];
      const provider = {
        endpoints: () => Object.fromEntries([...names, 'getChannels'].map(at)),
        authentication: { in: 'header' as const, name: 'X-Api-Key' },
        apiKey: KEY,
      };
      world.#connected = await connect(provider, {
        origin: server.url,
        providerOrigin: url,
        app: APP,
        tenant: TENANT,
        owner: { username: 'root', password: 'demo-root' },
        admin: { username: 'admin', password: 'demo-admin' },
        capabilities: { email: { messages: { text: ['send'] } } },
      });
      world.#smtpOut = smtpOut;
      await world.serve({ id: TENANT, token: world.#connected.token, address: MAILBOX });
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  get configFile(): string {
    return join(this.directory, 'email.toml');
  }

  get output(): string {
    return this.#output;
  }

  /** Runs the program to its end: `--check`, `--queue`, `--retry`. */
  async run(...args: string[]): Promise<{ code: number | null; output: string }> {
    const child = this.#spawn(args);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((settle) => child.once('close', settle));
    return { code, output };
  }

  /** From now on it serves this tenant, too. */
  async serve(tenant: Served): Promise<void> {
    this.#tenants.push(tenant);
    this.#configure();
    await this.#end('SIGTERM');
    await this.startProvider();
  }

  /** What the marketplace, the app's developer and its version are. */
  get connected(): Connected {
    if (this.#connected === undefined) throw new Error('the provider is not connected');
    return this.#connected;
  }

  async startProvider(): Promise<void> {
    const child = this.#spawn([]);
    this.#child = child;
    await new Promise<void>((settle, reject) => {
      const read = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        if (/^ready http/m.test(chunk.toString())) settle();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${this.#output}`)));
    });
  }

  /** kill -9. Its state stays. */
  async killProvider(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async haltProvider(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Hands a mail over, as a mail server does. @throws Error when it is refused */
  async handOver(mail: SendMailOptions): Promise<void> {
    const transport = createTransport({ host: '127.0.0.1', port: this.smtp, ignoreTLS: true });
    await transport.sendMail({ from: 'Ann Example <ann@customer.example>', to: MAILBOX, ...mail });
  }

  async chats(): Promise<InboxChat[]> {
    const reply = expectStatus(200, await this.admin.get('/api/inbox/chats?limit=200'));
    return reply.json.chats as InboxChat[];
  }

  /** The chat of that title. @throws Error while there is none */
  async chat(title: string): Promise<InboxChat> {
    const chat = (await this.chats()).find((one) => one.title === title);
    if (chat === undefined) throw new Error(`no chat "${title}"`);
    return chat;
  }

  async messages(chatId: string): Promise<InboxMessage[]> {
    const reply = expectStatus(200, await this.admin.get(`/api/inbox/chats/${chatId}/messages?limit=200`));
    return reply.json.messages as InboxMessage[];
  }

  /** A person answers; the id of the message. */
  async reply(chatId: string, text: string): Promise<string> {
    const path = `/api/inbox/chats/${chatId}/messages`;
    return String(expectStatus(201, await this.admin.post(path, { text })).json.id);
  }

  async revokeToken(): Promise<void> {
    const path = `/api/communications/providers/${APP}/tokens/${this.connected.tokenId}`;
    expectStatus(204, await this.admin.send('DELETE', path));
  }

  #configure(): void {
    writeFileSync(join(this.directory, 'key'), KEY);
    const tenants = this.#tenants.map(({ id, token, address }) => {
      writeFileSync(join(this.directory, `token-${id}`), token);
      const mailboxes = `[{ address = "${address}", name = "Shop" }]`;
      return `[[tenants]]\nid = "${id}"\ntoken_file = "token-${id}"\nmailboxes = ${mailboxes}`;
    });
    const lines = [
      `trunkline = "${this.server.url}"`,
      'state_dir = "state"',
      `[http]\nport = ${this.http}\nkey_file = "key"`,
      `[smtp_in]\nport = ${this.smtp}\nmax_megabytes = 1`,
      '[smtp_out]\nhost = "127.0.0.1"',
      ...this.#smtpOut,
      ...tenants,
    ];
    writeFileSync(this.configFile, lines.join('\n'));
  }

  #spawn(args: string[]): ChildProcess {
    const main = join(root, 'providers/email/main.ts');
    const child = spawn(process.execPath, [main, '--config', this.configFile, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((settle) => child.once('exit', settle));
    child.kill(signal);
    await gone;
  }
}
