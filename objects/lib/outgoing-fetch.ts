import { checkOutgoingUrl, type OutgoingProblem } from './outgoing-url';

/** How an address is reached; tests put their own in its place. */
export type Fetcher = (url: string, init: RequestInit) => Promise<Response>;

export interface OutgoingLimits {
  /** Whole time, body included, milliseconds. */
  timeoutMs: number;
  /** Most bytes of the body that are kept; the rest is not read. */
  maxBytes: number;
}

export interface OutgoingAnswer {
  ok: true;
  status: number;
  headers: Headers;
  /** As UTF-8, cut at the limit. */
  body: string;
  truncated: boolean;
  /** Milliseconds from the request to the end of the body (or its limit). */
  ms: number;
}

/**
 * `refused` by the rules of outgoing URLs, before anything was sent; `timeout`; `cancelled` by the signal given;
 * `unreachable`: no connection, no such name, a broken TLS handshake or answer.
 */
export type OutgoingFailure = {
  ok: false;
  reason: 'refused' | 'timeout' | 'cancelled' | 'unreachable';
  /** In words; never holds the URL's query or a header. */
  message: string;
  problem?: OutgoingProblem;
};

/**
 * Asks an address that somebody configured: by the rules of `checkOutgoingUrl`, without following redirects (a 3xx is an
 * answer like any other), within a time and a size. Never throws.
 */
export async function outgoingFetch(
  fetcher: Fetcher,
  request: { url: string; init?: Omit<RequestInit, 'redirect' | 'signal'>; signal?: AbortSignal },
  limits: OutgoingLimits,
  allowed: ReadonlySet<string> = new Set(),
  now: () => number = () => Date.now(),
): Promise<OutgoingAnswer | OutgoingFailure> {
  const target = checkOutgoingUrl(request.url, allowed);
  if (!target.ok)
    return {
      ok: false,
      reason: 'refused',
      problem: target.problem,
      message: `The address ${target.message}.`,
    };
  // Not AbortSignal.timeout: its timer goes on after the answer, and keeps an object awake for nothing.
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new DOMException('timed out', 'TimeoutError')),
    limits.timeoutMs,
  );
  const signal =
    request.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, request.signal]);
  const startedAt = now();
  try {
    const response = await fetcher(target.url.href, { ...request.init, redirect: 'manual', signal });
    const { text, truncated } = await readUpTo(response, limits.maxBytes, signal);
    return {
      ok: true,
      status: response.status,
      headers: response.headers,
      body: text,
      truncated,
      ms: now() - startedAt,
    };
  } catch (error) {
    if (request.signal?.aborted === true)
      return { ok: false, reason: 'cancelled', message: 'The request was cancelled.' };
    if (timeout.signal.aborted)
      return { ok: false, reason: 'timeout', message: `No answer within ${limits.timeoutMs} ms.` };
    return {
      ok: false,
      reason: 'unreachable',
      message: `${target.url.host} can’t be reached${reasonOf(error, target.url)}`,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** The runtime keeps the cause to itself where it was a refused or failed connection: then the usual ones are named. */
function reasonOf(error: unknown, url: URL): string {
  const why = error instanceof Error ? error.message : String(error);
  if (/^internal error/i.test(why))
    return ': no such name, no connection, or an address that this server may not reach.';
  return `: ${why.replaceAll(url.href, url.origin).slice(0, 300)}`;
}

/** @throws what the signal was aborted with, or the fault of a body that broke off */
async function readUpTo(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ text: string; truncated: boolean }> {
  if (response.body === null) return { text: '', truncated: false };
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const decoder = new TextDecoder();
  let text = '';
  let left = maxBytes;
  const onAbort = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return { text: text + decoder.decode(), truncated: false };
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
      if (left < 0) return { text, truncated: true };
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await reader.cancel().catch(() => undefined);
  }
}
