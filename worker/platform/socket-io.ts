import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { SESSION_HEADER } from '../../objects/socket-io/contract';
import { ENGINE_ERRORS, refuse } from '../../objects/socket-io/engine-codec';
import { keyedDigest } from '../auth/digest';
import type { Env } from '../env';
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

const refused = {
  400: {
    description: 'Refused, with Engine.IO’s number and words.',
    content: {
      'application/json': {
        schema: z.object({ code: z.number().int(), message: z.string() }),
        examples: Object.fromEntries(Object.entries(ENGINE_ERRORS).map(([name, value]) => [name, { value }])),
      },
    },
  },
};

const packets = {
  description: 'Packets of Engine.IO 4.',
  content: { 'text/plain': { schema: z.string(), example: '2' } },
};

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
    responses: { 101: { description: 'Switching to WebSocket.' }, 200: packets, ...refused },
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
      ...refused,
    },
  });

/**
 * `/socket.io/`: Engine.IO 4 and Socket.IO 5 for clients that exist (docs/calls.md). Anybody may open a session; who it
 * is for is asked when it connects. Each session is an object of its own, named by the id we gave it.
 */
export const socketIo = newApiApp();

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
