/** One request to the edge outside of the tunnel, through the proxy where there is one. */
import { request as plainRequest, type Agent } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  status: number;
  body: string;
  /** `Date` of the answer, ms; null when it has none. */
  date: number | null;
}

interface Options {
  method: 'GET' | 'POST';
  agent: Agent | undefined;
  timeoutMs: number;
  json?: unknown;
}

/** @throws Error with the reason in words when no answer came */
export async function ask(url: URL, { method, agent, timeoutMs, json }: Options): Promise<Answer> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = send(
    url.href,
    {
      method,
      ...(agent !== undefined && { agent }),
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
    },
    (response) => {
      const date = Date.parse(response.headers.date ?? '');
      void text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body, date: Number.isNaN(date) ? null : date }),
        (error: unknown) => reject(new Error(reasonOf(error, timeoutMs))),
      );
    },
  );
  request.once('error', (error) => reject(new Error(reasonOf(error, timeoutMs))));
  request.end(body);
  return promise;
}

/** What went wrong with a connection, in words a person can act on. */
export function reasonOf(error: unknown, timeoutMs?: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return timeoutMs === undefined ? 'it was given up' : `no answer within ${timeoutMs / 1_000} s`;
  }
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error && cause.message !== '' ? cause.message : error.message;
  return message === '' ? code || error.name : message;
}
