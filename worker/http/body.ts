import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './context';
import { PlatformError } from './errors';

/** Most bytes of a JSON body unless its route says otherwise. */
export const DEFAULT_BODY_LIMIT = 64 * 1_024;

/**
 * How much of a refused body is still read and thrown away: a client in mid-upload sees the answer only after its last
 * byte, and a proxy takes a connection cut before that for a fault of ours.
 */
const DRAIN_LIMIT = 128 * 1_024 * 1_024;

export type BodyText = { ok: true; text: string } | { ok: false; reason: 'too_large' | 'not_utf8' };

/** Reads a body as UTF-8, at most `limit` bytes of it. Nothing is kept of a body that is too large. */
export async function readBodyText(request: Request, limit: number): Promise<BodyText> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (request.body !== null) {
    const reader = request.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size <= limit && announced <= limit) chunks.push(value);
      else {
        chunks.length = 0;
        if (size > limit + DRAIN_LIMIT || announced > limit + DRAIN_LIMIT) {
          await reader.cancel();
          break;
        }
      }
    }
  }
  if (size > limit || announced > limit) return { ok: false, reason: 'too_large' };
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes) };
  } catch {
    return { ok: false, reason: 'not_utf8' };
  }
}

/**
 * Reads and forgets what is left of a body, at most `limit` bytes of it: a client in mid-upload looks for the answer
 * only when it is through, and a connection closed on it would look like a fault of the network.
 */
export async function discardRest(body: ReadableStream<Uint8Array> | null, limit: number): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  try {
    for (let read = 0; read <= limit;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The client went away: nobody is left to answer.
  }
}

/** Lets whoever sent a body that was refused unread (not signed in, no such path) see why. */
export const readRefusedBodies: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.res.status >= 400) await discardRest(c.req.raw.body, DRAIN_LIMIT);
};

/** Whether a media type is JSON; parameters such as `charset` don't matter. */
export const isJsonType = (contentType: string | undefined): boolean =>
  /^application\/(?:[\w.-]+\+)?json$/i.test(contentType?.split(';', 1)[0]?.trim() ?? '');

/** Whether JSON text holds a NUL character inside a string; SQLite and the field's software cut texts at it. */
export const hasNul = (json: string): boolean => /(?<!\\)(?:\\\\)*\\u0000/.test(json);

/**
 * Reads the JSON body of a platform route ahead of its validation: limit, media type, encoding and syntax, each with
 * its own message. The text is left where `c.req.json()` finds it.
 *
 * @param optional a request without any body is fine, too
 * @throws PlatformError BODY_TOO_LARGE, INVALID_PARAMS
 */
export const jsonBody =
  (limit: number = DEFAULT_BODY_LIMIT, optional = false): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const body = await readBodyText(c.req.raw, limit);
    if (optional && body.ok && body.text === '' && c.req.header('content-type') === undefined) {
      // Over a real connection there is a body, if an empty one, and it has been read: whoever looks again finds it here.
      Object.assign(c.req.bodyCache, { text: Promise.resolve('') });
      return next();
    }
    if (!body.ok && body.reason === 'too_large') {
      throw new PlatformError('BODY_TOO_LARGE', `The body is larger than ${limit} bytes.`);
    }
    if (!isJsonType(c.req.header('content-type'))) {
      throw new PlatformError('INVALID_PARAMS', 'The body must be sent as application/json.');
    }
    if (!body.ok) throw new PlatformError('INVALID_PARAMS', 'The body is not valid UTF-8.');
    try {
      JSON.parse(body.text);
    } catch {
      throw new PlatformError('INVALID_PARAMS', 'The body is not valid JSON.');
    }
    if (hasNul(body.text))
      throw new PlatformError('INVALID_PARAMS', 'Texts must not contain NUL characters.');
    // Hono keeps promises there although its types say the values.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(body.text) });
    await next();
  };
