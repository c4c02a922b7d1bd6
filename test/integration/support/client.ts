import { Agent } from 'node:http';
import { noteAnswer } from '../../refusals/record.ts';
import { ask, jsonObject, type Ask, type Answer } from '../../sim/phone/http.ts';

/** Longest a request other than a poll may take; a limit against hanging, not a measure. */
const PATIENCE_MS = 30_000;

export interface Reply {
  status: number;
  headers: Answer['headers'];
  text: string;
  /** The body as an object; empty when it is none. */
  json: Record<string, unknown>;
}

type Method = Ask['method'];
interface Extra {
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  /** Another token than the client's own; null sends none. */
  token?: string | null;
}

/** The server's APIs over real sockets, as one person or none. Redirects are answers like any other. */
export class Client {
  readonly url: string;
  readonly token: string | null;
  readonly agent: Agent;

  constructor(url: string, token: string | null = null, agent = new Agent({ keepAlive: true })) {
    this.url = url;
    this.token = token;
    this.agent = agent;
  }

  as(token: string | null): Client {
    return new Client(this.url, token, this.agent);
  }

  get(path: string, extra: Extra = {}): Promise<Reply> {
    return this.send('GET', path, extra);
  }

  post(path: string, body: unknown, extra: Extra = {}): Promise<Reply> {
    return this.send('POST', path, { body, ...extra });
  }

  /** @throws Error when no answer came */
  async send(method: Method, path: string, extra: Extra = {}): Promise<Reply> {
    const token = extra.token === undefined ? this.token : extra.token;
    const outcome = await ask(this.agent, {
      method,
      url: this.url + path,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...extra.headers },
      body: extra.body,
      ...(extra.raw === undefined ? {} : { raw: extra.raw }),
      readTimeoutMs: PATIENCE_MS,
    }).outcome;
    if (!outcome.ok) throw new Error(`${method} ${path}: ${outcome.reason}: ${outcome.message}`);
    noteAnswer(method, path, outcome.status, outcome.body);
    return {
      status: outcome.status,
      headers: outcome.headers,
      text: outcome.body,
      json: jsonObject(outcome.body) ?? {},
    };
  }
}

/** Signs in to the platform as a client of the API. `username` is one of the demo's. */
export async function signIn(url: string, username: string): Promise<Client> {
  const client = new Client(url);
  const password = `demo-${username.split('@')[0] ?? ''}`;
  const reply = await client.post('/api/auth/login', { username, password });
  const token = reply.json['token'];
  if (reply.status !== 200 || typeof token !== 'string') {
    throw new Error(`${username} could not sign in: ${reply.status} ${reply.text}`);
  }
  return client.as(token);
}

let numbers = 0;

/** A number nobody has, another one each time: equal ones within a minute would be one command. */
export function newNumber(): string {
  numbers += 1;
  return `+37529${String(1_000_000 + numbers)}`;
}

/** Resolves when `look` finds something; asks again and again, since some things only the API can tell. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
