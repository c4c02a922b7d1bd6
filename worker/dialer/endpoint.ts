import type { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../db';
import type { Env } from '../env';
import { isJsonType, readBodyText } from '../http/body';
import { badRequest, brokenJson, tooLarge, unsupportedMediaType } from './errors';
import type { DialerIdentity } from './identity';

/** Most bytes of a body unless its endpoint says otherwise. */
const BODY_LIMIT = 256 * 1_024;

/** One request to one endpoint. */
export interface DialerCall {
  request: Request;
  env: Env;
  /** When it came, ms. */
  now: number;
  url: URL;
}

/** `Signed` endpoints get the caller's identity, public ones don't. */
export type SignedCall = DialerCall & { identity: DialerIdentity };

/** How an endpoint looks in the OpenAPI document; schemas there are of the wire. */
export interface EndpointDoc {
  summary: string;
  description?: string;
  /** Example of the JSON body. */
  body?: Record<string, unknown> | unknown[];
  query?: Record<string, string>;
  /** Whatever its query says is understood: no 400. */
  takesAnyQuery?: boolean;
  /** Example of the 200 answer; a string names its media type. */
  answer: Record<string, unknown> | string;
  /** Shape of the 200 answer, where our own screens depend on it. */
  schema?: z.ZodType;
  /** Refusals besides 400 (with a body), 401 (signed in), 405 and 415. */
  errors?: readonly (401 | 403 | 404 | 409 | 413 | 423 | 429)[];
}

export type Endpoint = { path: string; method: 'GET' | 'POST'; doc: EndpointDoc } & (
  | { who: 'public'; run(call: DialerCall): Promise<Response> }
  /** `phone`: a phone's access token only; `any`: a platform session too. */
  | { who: 'phone' | 'any'; run(call: SignedCall): Promise<Response> }
);

export const database = (call: DialerCall): Db => openDb(call.env.DB);

/** JSON with `no-store`: tokens and commands must not stay in a cache on the way. */
export const answer = (body: unknown, status = 200): Response =>
  Response.json(body, { status, headers: { 'Cache-Control': 'no-store' } });

/**
 * The JSON body of a request, at most `limit` bytes. An empty body is an empty object, as in DRF.
 * @throws DialerError 400, 413, 415
 */
export async function readJson(call: DialerCall, limit = BODY_LIMIT): Promise<unknown> {
  const text = await readText(call, limit, isJsonType);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw brokenJson(error instanceof SyntaxError ? error.message.slice(0, 120) : 'unreadable');
  }
}

const isForm = (type: string | undefined): boolean =>
  type?.split(';', 1)[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';

/** As `readJson`, from JSON or an HTML form. @throws DialerError 400, 413, 415 */
export async function readJsonOrForm(call: DialerCall, limit = BODY_LIMIT): Promise<unknown> {
  if (!isForm(call.request.headers.get('content-type') ?? undefined)) return readJson(call, limit);
  return Object.fromEntries(new URLSearchParams(await readText(call, limit, isForm)));
}

async function readText(
  call: DialerCall,
  limit: number,
  takes: (type: string | undefined) => boolean,
): Promise<string> {
  const type = call.request.headers.get('content-type') ?? undefined;
  const body = await readBodyText(call.request, limit);
  if (!body.ok && body.reason === 'too_large') throw tooLarge(`Request body is larger than ${limit} bytes.`);
  if (body.ok && body.text === '') return '';
  if (!takes(type)) throw unsupportedMediaType((type ?? '').slice(0, 100));
  if (!body.ok) throw badRequest('JSON parse error - the body is not valid UTF-8');
  return body.text;
}
