/** The public API as a careful provider asks it: again under the same key until there is an answer, each one checked. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiDocument } from './document.ts';
import { isRecord } from './contract.ts';

const TIMEOUT_MS = 10_000;
const LONGEST_WAIT_MS = 2_000;

export interface Told {
  status: number;
  json: Record<string, unknown>;
  /** Of a problem. */
  code: string | null;
  replayed: boolean;
  /** Attempts, with the one that was answered. */
  tries: number;
}

export interface ApiOptions {
  /** Where the platform is, `http://127.0.0.1:8787`. */
  origin: string;
  /** The client's token. */
  token: string;
  /** How long one request is tried again where there is no answer, or one that asks for patience; milliseconds. */
  patienceMs?: number;
  /** Hears what is wrong with an answer. */
  note(problem: string): void;
  /** Hears every answer. */
  onAnswer?: (method: string, path: string, status: number, body: string) => void;
}

export class PublicApi {
  token: string;
  readonly origin: string;
  readonly #options: ApiOptions;
  #document: Promise<ApiDocument> | null = null;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.origin = options.origin;
    this.token = options.token;
  }

  /**
   * Asks until it is answered. A refusal is an answer; no connection, a fault of the platform, `Retry-After` are not.
   * @param key `Idempotency-Key` of a POST; one is made where none is given
   * @throws Error when patience ends
   */
  async ask(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    key: string = randomUUID(),
  ): Promise<Told> {
    const until = Date.now() + (this.#options.patienceMs ?? 60_000);
    let used = key;
    for (let wait = 100, tries = 1; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS), tries += 1) {
      const { told, retryMs, why, inFlight } = await this.#once(method, path, body, used);
      if (told !== null) return { ...told, tries };
      // Whoever answered under it may have died, and then it is held for a while; ids make a repeat safe as well.
      if (inFlight === true && path !== '/webhooks') used = randomUUID();
      if (Date.now() + (retryMs ?? wait) > until) throw new Error(`${method} ${path} has no answer: ${why}`);
      await delay(retryMs ?? wait);
    }
  }

  async #once(
    method: string,
    path: string,
    body: unknown,
    key: string,
  ): Promise<{ told: Omit<Told, 'tries'> | null; retryMs?: number; why: string; inFlight?: boolean }> {
    const full = `/communications/v1${path}`;
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(this.origin + full, {
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(method === 'POST' && { 'idempotency-key': key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await answer.text();
    } catch (error) {
      return { told: null, why: error instanceof Error ? error.message : String(error) };
    }
    const { status } = answer;
    // A server that dies or starts answers for its front door, not for the API.
    if (status === 502 || status === 503) return { told: null, why: `HTTP ${status}` };
    await this.#check(method, full, answer, text);
    this.#options.onAnswer?.(method, full, status, text);
    const json = jsonOf(text);
    const code = typeof json.code === 'string' ? json.code : null;
    if (status === 429 || status >= 500 || code === 'key_in_flight') {
      const after = Number(answer.headers.get('retry-after') ?? Number.NaN);
      return {
        told: null,
        why: `HTTP ${status} ${text.slice(0, 200)}`,
        inFlight: code === 'key_in_flight',
        ...(Number.isFinite(after) && { retryMs: after * 1_000 }),
      };
    }
    const replayed = answer.headers.get('idempotent-replayed') === 'true';
    return { told: { status, json, code, replayed }, why: '' };
  }

  async #check(method: string, path: string, answer: Response, text: string): Promise<void> {
    this.#document ??= ApiDocument.load(this.origin);
    let document: ApiDocument;
    try {
      document = await this.#document;
    } catch {
      // The server died meanwhile: read when it answers again.
      this.#document = null;
      return;
    }
    const type = answer.headers.get('content-type');
    const problem = document.problem(method, path, answer.status, type, text);
    if (problem !== null) this.#options.note(problem);
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
