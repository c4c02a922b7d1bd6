import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { BucketPolicy } from '../../objects/rate-limiter/contract';
import { SESSION_HEADER } from '../../objects/socket-io/contract';
import { ENGINE_ERRORS, refuse } from '../../objects/socket-io/engine-codec';
import { keyedDigest } from '../auth/digest';
import type { Env } from '../env';
import { limitByAddress } from '../http/address-limit';
import type { AppEnv } from '../http/context';
import { newApiApp } from '../http/openapi';

/** Part of the seal that goes into an id: against objects made by guessing. */
const SEAL = 16;

const sealOf = (env: Env, random: string): string =>
  keyedDigest(env, 'engine-session', random).slice(0, SEAL);

/** An Engine.IO session id of ours: 128 random bits and a seal. */
function newSessionId(env: Env): string {
  const random = randomBytes(16).toString('base64url');
  return `${random}.${sealOf(env, random)}`;
}

function isOurs(env: Env, sid: string): boolean {
  const [random = '', seal = '', ...rest] = sid.length > 64 ? [] : sid.split('.');
  const expected = Buffer.from(sealOf(env, random));
  const given = Buffer.from(seal);
  return rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected);
}

const query = z.object({
  EIO: z.string().max(10).optional().openapi({ description: 'Always 4.', example: '4' }),
  transport: z
    .string()
    .max(20)
    .optional()
    .openapi({ description: 'polling or websocket', example: 'polling' }),
  sid: z.string().max(200).optional().openapi({ description: 'Absent: a new session.' }),
});

const shape = z.object({ code: z.number().int(), message: z.string() });

const refused = (names: readonly (keyof typeof ENGINE_ERRORS)[]) => ({
  400: {
    description: 'Refused, with Engine.IO’s number and words.',
    content: {
      'application/json': {
        schema: shape,
        examples: Object.fromEntries(names.map((name) => [name, { value: ENGINE_ERRORS[name] }])),
      },
    },
  },
});

const tooMany = {
  429: {
    description: 'Too many new sessions from one address.',
    headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to wait.' } },
    content: {
      'application/json': {
        schema: shape,
        examples: { rate: { value: { code: 3, message: 'Too many connections from this address.' } } },
      },
    },
  },
} as const;

const packets = {
  description: 'Packets of Engine.IO 4.',
  content: { 'text/plain': { schema: z.string(), example: '2' } },
};

const LISTEN_REFUSALS = refused(['version', 'transport', 'request', 'session']);
const SPEAK_REFUSALS = refused(['version', 'transport', 'request', 'session', 'method']);

const listen = (path: string) =>
  createRoute({
    method: 'get',
    path,
    summary: 'Live events for Socket.IO clients',
    description:
      'Engine.IO 4 and Socket.IO 5: see docs/socket-io.md for events and rooms. The token goes into `auth.token` or the ' +
      'Authorization header; who it is for is asked when the client connects, not here.',
    tags: ['Live'],
    security: [],
    request: { query },
    responses: {
      101: { description: 'Switching to WebSocket.' },
      200: packets,
      ...LISTEN_REFUSALS,
      ...tooMany,
    },
  });

const speak = (path: string) =>
  createRoute({
    method: 'post',
    path,
    summary: 'Packets of a Socket.IO client that polls',
    tags: ['Live'],
    security: [],
    request: { query },
    responses: {
      200: packets,
      413: { description: 'Over 100,000 bytes; the session is closed.' },
      ...SPEAK_REFUSALS,
    },
  });

/**
 * `/socket.io/`: Engine.IO 4 and Socket.IO 5 for clients that exist (docs/calls.md). Anybody may open a session; who it
 * is for is asked when it connects. Each session is an object of its own, named by the id we gave it.
 */
export const socketIo = newApiApp();

/** Every browser of an office comes back at once after an outage. */
const KNOCKS: BucketPolicy = { capacity: 600, refillPerSec: 20 };

async function handle(c: Context<AppEnv>): Promise<Response> {
  const request = c.req.raw;
  const url = new URL(request.url);
  const asked = url.searchParams;
  const transport = asked.get('transport');
  const isUpgrade = request.headers.get('upgrade')?.toLowerCase() === 'websocket';
  if (asked.get('EIO') !== '4') return refuse('version');
  if (transport !== 'polling' && transport !== 'websocket') return refuse('transport');
  if ((transport === 'websocket') !== isUpgrade) return refuse('request');
  const known = asked.get('sid');
  if (known === null && request.method !== 'GET') return refuse('method');
  if (known !== null && !isOurs(c.env, known)) return refuse('session');
  // A session that is going on is not a knock at the door.
  if (known === null) await limitByAddress(c.env, request, 'socket-io', KNOCKS);
  const sid = known ?? newSessionId(c.env);
  const headers = new Headers(request.headers);
  headers.set(SESSION_HEADER, sid);
  // The cookie is no sign-in here: a foreign page's socket would carry it as well.
  headers.delete('cookie');
  return c.env.SOCKET_IO.getByName(sid).fetch(new Request(url, { ...init(request), headers }));
}

const init = (request: Request): RequestInit => ({
  method: request.method,
  body: request.body,
  signal: request.signal,
});

for (const path of ['/socket.io', '/socket.io/']) {
  socketIo.openapi(listen(path), handle);
  socketIo.openapi(speak(path), handle);
}
