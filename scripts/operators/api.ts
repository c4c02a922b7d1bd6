/** The deployment's API of enrolments, as the command line asks it: over restarts and moments without a network. */
import { Refusal } from '../start/refusal.ts';
import type { OperatorsOptions } from './options.ts';

const ROOT = '/callcenter_operators/v1/admin/enrolments';
const TIMEOUT_MS = 30_000;
/** How long a deployment may be away before the command gives up; the enrolment itself goes on. */
const PATIENCE_MS = 5 * 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export interface Enrolment {
  id: string;
  state: 'running' | 'done' | 'halted' | 'stopped';
  started_at: string;
  total: number;
  counts: { pending: number; added: number; already: number; failed: number; gone: number };
  problem: { code: string; message: string } | null;
  waits_until: string | null;
}

export interface Item {
  yandex_uuid: string;
  full_name: string;
  problem: { code: string; message: string } | null;
}

/** The deployment did not answer for so long that the command gives up. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export interface Parts {
  fetch(url: string, init: RequestInit): Promise<Response>;
  sleep(ms: number): Promise<void>;
  now(): number;
  /** Told once when the deployment stops answering. */
  away(why: string): void;
}

/** Which tenant of which deployment, and who asks. */
type Target = Pick<OperatorsOptions, 'url' | 'tenant'> & {
  credentials: { token: string } | { username: string; password: string };
};

/** One tenant of one deployment. @throws Refusal, Unreachable from every method */
export class EnrolmentApi {
  readonly #options: Target;
  readonly #parts: Parts;
  #token: string | null = null;

  constructor(options: Target, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Signs in where there is no token, and makes sure that it is this tenant's. */
  async open(): Promise<void> {
    const me = (await this.#json('GET', '/api/auth/me')) as { tenant: { id: string; name: string } };
    const { tenant } = this.#options;
    if (me.tenant.id !== tenant)
      throw new Refusal(
        `the token is good for tenant ${me.tenant.id} (${me.tenant.name}), not for ${tenant}`,
      );
  }

  async start(include: 'missing' | 'all'): Promise<{ enrolment: Enrolment; joined: boolean }> {
    return (await this.#json('POST', ROOT, { include })) as { enrolment: Enrolment; joined: boolean };
  }

  /** The newest; null: there was none yet. */
  async latest(): Promise<Enrolment | null> {
    const { enrolments } = (await this.#json('GET', ROOT)) as { enrolments: Enrolment[] };
    return enrolments[0] ?? null;
  }

  async show(id: string): Promise<Enrolment> {
    return (await this.#json('GET', `${ROOT}/${id}`)) as Enrolment;
  }

  async stop(id: string): Promise<Enrolment> {
    return (await this.#json('POST', `${ROOT}/${id}/stop`)) as Enrolment;
  }

  async failed(id: string, limit: number): Promise<Item[]> {
    const path = `${ROOT}/${id}/report?result=failed&limit=${limit}`;
    return ((await this.#json('GET', path)) as { items: Item[] }).items;
  }

  /** The whole report as CSV. */
  async csv(id: string): Promise<string> {
    const answer = await this.#ask('GET', `${ROOT}/${id}/report`, undefined, 'text/csv');
    return `\ufeff${await answer.text()}`;
  }

  async #json(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.#ask(method, path, body)).json();
  }

  /** Every request of here may be repeated: what changes something is harmless twice. */
  async #ask(method: string, path: string, body?: unknown, accept = 'application/json'): Promise<Response> {
    const { now, sleep, away } = this.#parts;
    const begun = now();
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once(method, path, body, accept);
      if (answer instanceof Response) return answer;
      if (now() - begun >= PATIENCE_MS)
        throw new Unreachable(`${this.#options.url} does not answer: ${answer.why}`);
      if (attempt === 0) away(answer.why);
      await sleep(Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS));
    }
  }

  /** `why`: it can be tried again. */
  async #once(
    method: string,
    path: string,
    body: unknown,
    accept: string,
  ): Promise<Response | { why: string }> {
    let answer: Response;
    try {
      const token = path === LOGIN ? null : await this.#signedIn();
      answer = await this.#parts.fetch(this.#options.url + path, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept,
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (answer.ok) return answer;
      const words = (await answer.text()).slice(0, 2_000);
      if (answer.status === 429 || answer.status >= 500)
        return { why: `${answer.status} ${messageOf(words)}` };
      // A session that ended while the enrolment goes on: whoever can signs in again.
      if (answer.status === 401 && path !== LOGIN && 'password' in this.#options.credentials && this.#token) {
        this.#token = null;
        return { why: 'signed out' };
      }
      throw new Refusal(`${method} ${path}: ${answer.status} ${messageOf(words)}`);
    } catch (error) {
      if (error instanceof Refusal || error instanceof Unreachable) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { why: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  async #signedIn(): Promise<string> {
    const { credentials, tenant } = this.#options;
    if ('token' in credentials) return credentials.token;
    if (this.#token === null) {
      const { username, password } = credentials;
      const body = { username: `${username}@${tenant}`, password };
      const { token } = (await this.#json('POST', LOGIN, body)) as { token: string };
      this.#token = token;
    }
    return this.#token;
  }
}

const LOGIN = '/api/auth/login';

/** The words of a refusal, else the beginning of whatever came. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // No JSON: a proxy's page.
  }
  return text.replaceAll(/\s+/g, ' ').slice(0, 200);
}
