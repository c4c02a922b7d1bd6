/** Everything of the simulator at one address: the provider's endpoints, its webhook, its customers, a page for a person. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PublicApi, type ApiOptions } from './api.ts';
import { isRecord } from './contract.ts';
import { Customers, type Story } from './customers.ts';
import { readFault } from './faults.ts';
import { PAGE } from './page.ts';
import { ProviderSim, type SimOptions } from './sim.ts';
import { readEvent, type WebhookEvent } from './webhook.ts';

const MOST_BODY = 8 * 1_024 * 1_024;

export class ProviderStand {
  readonly sim: ProviderSim;
  /** Events of the webhook, in the order they came; each once. */
  readonly events: WebhookEvent[] = [];
  /** Secrets of the webhook that are good. */
  readonly secrets: string[] = [];
  /** What is said of each message that comes, by itself. */
  story: Story = 'honest';
  /** Runs what is typed on the page; answers what to tell. */
  onCommand: (line: string) => Promise<string> = () => Promise.reject(new Error('nobody listens'));
  readonly #server: Server;
  #customers: Customers | null = null;
  readonly #telling = new Set<Promise<void>>();

  private constructor(sim: ProviderSim) {
    this.sim = sim;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(error instanceof Error ? error.message : String(error));
      });
    });
    sim.onTaken = (taken) => {
      if (this.#customers === null) return;
      const telling: Promise<void> = this.#customers
        .tell(taken, this.story)
        .catch((error: unknown) => sim.note(error instanceof Error ? error.message : String(error)))
        .finally(() => this.#telling.delete(telling));
      this.#telling.add(telling);
    };
  }

  /** `port` 0: any that is free. */
  static async start(options: SimOptions = {}, port = 0): Promise<ProviderStand> {
    const stand = new ProviderStand(new ProviderSim(options));
    await new Promise<void>((resolve, reject) => {
      stand.#server.once('error', reject);
      stand.#server.listen(port, '127.0.0.1', resolve);
    });
    return stand;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @throws Error before `use` */
  get customers(): Customers {
    if (this.#customers === null) throw new Error('the platform has given no token yet');
    return this.#customers;
  }

  /** Asks the platform by this token from now on. */
  use(options: Omit<ApiOptions, 'note'>): void {
    const api = new PublicApi({ ...options, note: (problem) => this.sim.note(problem) });
    this.#customers = new Customers(api, this.sim.ledger, this.sim.channels);
  }

  /** Has the platform send events here. */
  async listen(): Promise<void> {
    const { status, json } = await this.customers.api.ask('POST', '/webhooks', {
      url: `${this.url}/webhook`,
    });
    if (status >= 300) throw new Error(`the webhook is not set: ${status} ${JSON.stringify(json)}`);
    this.secrets.push(String(json.secret));
  }

  /** Resolves when everything that was to be said of messages taken so far is said. */
  async told(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', this.url);
    const body = await readBody(incoming);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (url.pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
      return;
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers))
      if (typeof value === 'string') headers.set(name, value);
    if (url.pathname === '/webhook') {
      json(this.#hear(headers, body.toString('utf8')), {});
      return;
    }
    if (url.pathname.startsWith('/_sim/')) {
      // Pages of other sites may not command it.
      if (incoming.method === 'POST' && headers.get('content-type') !== 'application/json') json(415, {});
      else json(200, await this.#control(url.pathname, body.toString('utf8')));
      return;
    }
    const outcome = await this.sim.handle(
      new Request(url, {
        method: incoming.method ?? 'GET',
        headers,
        ...(body.length > 0 && { body: new Uint8Array(body) }),
      }),
    );
    if (outcome === 'hang') return;
    if (outcome === 'cut') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(outcome.status, Object.fromEntries(outcome.headers));
    response.end(new Uint8Array(await outcome.arrayBuffer()));
  }

  #hear(headers: Headers, body: string): number {
    const read = readEvent(headers, body, this.secrets, Date.now());
    if ('problem' in read) {
      this.sim.note(read.problem);
      return 400;
    }
    if (!this.events.some(({ id }) => id === read.event.id)) this.events.push(read.event);
    this.sim.say(`webhook ${read.event.type} (${read.event.id})`);
    return 200;
  }

  /** What the page, and whoever drives it from outside, asks of the simulator itself. */
  async #control(path: string, body: string): Promise<unknown> {
    if (path === '/_sim/state') return this.#state();
    const given: unknown = body === '' ? {} : JSON.parse(body);
    const input = isRecord(given) ? given : {};
    try {
      if (path === '/_sim/faults') this.sim.faults.add(readFault(String(input.fault)));
      else if (path === '/_sim/command') return { said: await this.onCommand(String(input.command)) };
      else return { error: 'there is no such helper' };
      return { ok: true };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  #state(): unknown {
    const { ledger, problems, seen, faults, down, repeats } = this.sim;
    return {
      story: this.story,
      down,
      repeats,
      connected: this.#customers !== null,
      faults: faults.waiting,
      problems: problems.slice(-100),
      taken: ledger.taken.slice(-100),
      posted: [...ledger.posted.values()].slice(-100),
      counts: { taken: ledger.taken.length, posted: ledger.posted.size, chats: ledger.chats.size },
      goodbyes: ledger.goodbyes,
      events: this.events.slice(-50),
      seen: seen.slice(-50),
    };
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BODY) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
