import { request as httpRequest, type Agent, type ClientRequest, type IncomingHttpHeaders } from 'node:http';

/** What to ask. */
export interface Ask {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Absolute URL of http: the simulator runs beside the server or behind a terminating proxy. */
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`; the content type is the caller's to say. */
  raw?: string;
  /** No byte for this long ends the call; milliseconds. */
  readTimeoutMs: number;
  /** The whole call's limit; milliseconds. */
  callTimeoutMs?: number | null;
}

export interface Answer {
  ok: true;
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  tookMs: number;
}

export interface NoAnswer {
  ok: false;
  reason: 'refused' | 'broken' | 'timeout' | 'dropped';
  message: string;
  tookMs: number;
}

export type Outcome = Answer | NoAnswer;

/** A call under way. `drop` ends it from the phone's side, as lost coverage (rst) or a closing app (fin) does. */
export interface Ongoing {
  readonly outcome: Promise<Outcome>;
  drop(how: 'fin' | 'rst'): void;
}

/** A reused connection that dies at once was stale: the app's HTTP library looks before it reuses one. */
const STALE_MS = 100;

/** Sends one request. Never rejects: whatever goes wrong is an outcome. Redirects are not followed. */
export function ask(agent: Agent, what: Ask): Ongoing {
  const startedAt = performance.now();
  const took = (): number => Math.round(performance.now() - startedAt);
  let dropped = false;
  let timedOut = false;
  let finished = false;
  const sent: { request?: ClientRequest } = {};
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const limit = what.callTimeoutMs ? setTimeout(expire, what.callTimeoutMs) : null;

  function expire(): void {
    timedOut = true;
    sent.request?.destroy();
  }
  function finish(result: Outcome): void {
    if (limit !== null) clearTimeout(limit);
    finished = true;
    resolve(result);
  }
  function fail(error: NodeJS.ErrnoException): void {
    const reason = dropped
      ? 'dropped'
      : timedOut
        ? 'timeout'
        : error.code === 'ECONNREFUSED'
          ? 'refused'
          : 'broken';
    finish({ ok: false, reason, message: error.message, tookMs: took() });
  }
  function send(mayRetry: boolean): void {
    const payload = what.raw ?? (what.body === undefined ? null : JSON.stringify(what.body));
    const request = httpRequest(what.url, {
      agent,
      method: what.method,
      timeout: what.readTimeoutMs,
      headers: {
        ...(payload === null
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
        ...what.headers,
      },
    });
    sent.request = request;
    request.on('timeout', expire);
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && error.code === 'ECONNRESET' && took() < STALE_MS;
      if (stale && mayRetry && !dropped && !timedOut) send(false);
      else fail(error);
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        finish({
          ok: true,
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          tookMs: took(),
        }),
      );
    });
    request.end(payload ?? undefined);
  }
  send(true);

  return {
    outcome,
    drop(how) {
      // The connection of a call that is over may carry another one by now.
      if (finished) return;
      dropped = true;
      const socket = sent.request?.socket;
      if (how === 'rst' && socket && 'resetAndDestroy' in socket) socket.resetAndDestroy();
      else sent.request?.destroy();
    },
  };
}

/** The body as a JSON object, or null when it is none. */
export function jsonObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
