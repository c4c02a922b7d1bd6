/**
 * Stands in for the external call-centre telephony, as strictly as its few documented paths allow: the key in its header,
 * the paths to the letter with every part percent-encoded, known users, agents and queues. Answers of the two paths whose
 * bodies nobody documents are the ones the driver reads: `{login, password}`, `{queues: [{queue, connected, …}]}`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const AGENT = '/mod.cipt-call-center/api/callcenter/AGENT/';

export interface CiptAgent {
  ccId: string;
  agentId: string;
  user: string;
  password: string;
  active: boolean;
  /** Queues the agent may work in. */
  queues: Map<string, { connected: boolean; paused: boolean; priority: number }>;
}

/** What happens to the next requests, each once: an answer of its own, a hang, a broken connection. */
export type CiptFault = { status: number; body?: unknown; raw?: string } | 'hang' | 'cut';

interface Answer {
  status: number;
  body: unknown;
}

const no = (status: number, code: string, message: string): Answer => ({ status, body: { code, message } });

export class CiptSim {
  readonly agents: CiptAgent[] = [];
  readonly faults: CiptFault[] = [];
  /** `METHOD path` of everything that came, as it came. */
  readonly requests: string[] = [];
  readonly #key: string;
  readonly #server: Server;

  private constructor(key: string) {
    this.#key = key;
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  /** Listens on a free port of loopback. */
  static async start(key: string): Promise<CiptSim> {
    const sim = new CiptSim(key);
    await new Promise<void>((done) => sim.#server.listen(0, '127.0.0.1', done));
    return sim;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  add(
    agent: Omit<CiptAgent, 'queues' | 'active'> & { queues: readonly string[]; active?: boolean },
  ): CiptAgent {
    const made: CiptAgent = {
      ...agent,
      active: agent.active ?? true,
      queues: new Map(agent.queues.map((name) => [name, { connected: false, paused: false, priority: 0 }])),
    };
    this.agents.push(made);
    return made;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const fault = this.faults.shift();
    if (fault === 'hang') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    const { status, body, raw } = fault
      ? { body: {}, raw: undefined, ...fault }
      : { ...this.#answer(request), raw: undefined };
    response.writeHead(status, { 'content-type': raw === undefined ? 'application/json' : 'text/html' });
    response.end(raw ?? JSON.stringify(body));
  }

  #answer({ method = '', url = '', headers }: IncomingMessage): Answer {
    if (headers['x-api-key'] !== this.#key) return no(403, 'WRONG_KEY', 'The key is not valid.');
    const shown = /^\/USER\/([^/]+)\/SHOWPASSWORD&REQUEST=(.+)$/.exec(url);
    if (shown)
      return method === 'GET'
        ? this.#password(shown[1] ?? '', shown[2] ?? '')
        : no(405, 'METHOD', 'GET only.');
    const made = /^\/accounts\/([^/]+)\/(create|deactivate)$/.exec(url);
    if (made)
      return method === 'POST'
        ? this.#account(made[1] ?? '', made[2] === 'create')
        : no(405, 'METHOD', 'POST only.');
    if (!url.startsWith(AGENT)) return no(404, 'NO_PATH', 'No such path.');
    return this.#agent(method, url.slice(AGENT.length).split('/'));
  }

  #password(user: string, request: string): Answer {
    if (decodeURIComponent(request) !== "{'REASON':''}")
      return no(400, 'BAD_REQUEST', 'REQUEST is not understood.');
    const agent = this.agents.find((one) => one.user === decodeURIComponent(user));
    if (!agent?.active) return no(404, 'NO_USER', 'No such user.');
    return { status: 200, body: { login: agent.user, password: agent.password } };
  }

  #account(user: string, active: boolean): Answer {
    const agent = this.agents.find((one) => one.user === decodeURIComponent(user));
    if (!agent) return no(404, 'NO_USER', 'No such user.');
    agent.active = active;
    if (!active) for (const queue of agent.queues.values()) queue.connected = false;
    return { status: 200, body: {} };
  }

  #agent(method: string, parts: string[]): Answer {
    const [ccId = '', agentId = '', verb = '', ...rest] = parts.map((part) => decodeURIComponent(part));
    const agent = this.agents.find((one) => one.ccId === ccId && one.agentId === agentId);
    if (!agent?.active) return no(404, 'NO_AGENT', 'No such agent.');
    if (verb === 'SHOW') {
      if (method !== 'GET' || rest.length !== 1 || rest[0] !== '') return no(404, 'NO_PATH', 'No such path.');
      const queues = [...agent.queues].map(([queue, state]) => ({ queue, ...state }));
      return { status: 200, body: { queues } };
    }
    if (method !== 'POST') return no(405, 'METHOD', 'POST only.');
    const [name = '', priority = '', paused = ''] = rest;
    const queue = agent.queues.get(name);
    if (!queue) return no(404, 'NO_QUEUE', `The agent has no queue ${name}.`);
    if (verb === 'CONNECT' || verb === 'DISCONNECT') {
      if (rest.length !== 1) return no(404, 'NO_PATH', 'No such path.');
      queue.connected = verb === 'CONNECT';
      if (!queue.connected) queue.paused = false;
      return { status: 200, body: {} };
    }
    if (verb !== 'changestatus' || rest.length !== 3) return no(404, 'NO_PATH', 'No such path.');
    if (!queue.connected) return no(409, 'NOT_CONNECTED', 'The agent is not on the line there.');
    if (!/^\d{1,3}$/.test(priority) || !/^[01]$/.test(paused))
      return no(400, 'BAD_STATUS', 'Priority and 0 or 1.');
    queue.priority = Number(priority);
    queue.paused = paused === '1';
    return { status: 200, body: {} };
  }
}
