import { timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { SUBSCRIBER_HEADER, TICKET_HEADER, type LiveSubscriber } from '../../objects/call-hub/contract';
import { keyedDigest } from '../auth/digest';
import type { Env } from '../env';
import { identify } from '../http/authenticate';
import type { AppEnv, Identity } from '../http/context';
import { isSameOrigin } from '../http/csrf';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { viewerOf } from './viewer';

const subscriberOf = (identity: Identity): LiveSubscriber => ({
  ...viewerOf(identity),
  sid: identity.sid,
  expiresAt: identity.expiresAt,
});

/** `<tenant>.<secret>.<seal>`: the seal proves that the tenant in it was not made up by the client. */
const sealOf = (env: Env, tenantId: string, secret: string): string =>
  keyedDigest(env, 'live-ticket', `${tenantId}.${secret}`);

function readTicket(env: Env, ticket: string): { tenantId: string; secret: string } | null {
  const [tenantId = '', secret = '', seal = '', ...rest] = ticket.length > 256 ? [] : ticket.split('.');
  const expected = Buffer.from(sealOf(env, tenantId, secret));
  const given = Buffer.from(seal);
  if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { tenantId, secret };
}

const ticket = apiRoute({
  method: 'post',
  path: '/api/live/ticket',
  summary: 'A ticket for the live socket',
  description: 'For clients whose WebSocket can carry neither the cookie nor a header. One use, 30 seconds.',
  tags: ['Live'],
  access: 'call.view',
  responses: {
    200: json(z.object({ ticket: z.string(), expires: z.iso.datetime() }), 'Give it as `?ticket=`.', {
      ticket: '0101.k3J….9f2c…',
      expires: '2025-11-15T10:30:30.000Z',
    }),
  },
});

const socket = apiRoute({
  method: 'get',
  path: '/api/live',
  summary: 'The live socket',
  description:
    'A WebSocket. Signed in by the session cookie (same origin), the Authorization header or `?ticket=`. The first ' +
    'message is `hello` with the feed’s epoch and offset; a client that gives those of its last message gets what it ' +
    'missed, or `reload`. See docs/calls.md for every message and close code.',
  tags: ['Live'],
  access: 'public',
  errors: ['AUTH_FAIL', 'PERMISSION_DENIED', 'INVALID_PARAMS', 'RATE_LIMITED'],
  request: {
    query: z.object({
      epoch: z.string().max(64).optional(),
      offset: z.string().max(20).optional(),
      ticket: z.string().max(256).optional(),
      token: z.string().optional().openapi({ description: 'Refused: a token must not travel in the URL.' }),
      access_token: z.string().optional().openapi({ description: 'Refused like `token`.' }),
    }),
  },
  responses: { 101: { description: 'Switching to WebSocket.' } },
});

/** The tenant whose hub the socket goes to, and what the hub is told of who asks. */
async function whoAsks(
  c: Context<AppEnv>,
  given: string | undefined,
): Promise<{ tenantId: string; headers: Headers }> {
  const headers = new Headers({ upgrade: 'websocket' });
  if (given !== undefined) {
    const parsed = readTicket(c.env, given);
    if (!parsed) throw new PlatformError('AUTH_FAIL', 'The ticket is not valid.');
    headers.set(TICKET_HEADER, parsed.secret);
    return { tenantId: parsed.tenantId, headers };
  }
  const result = await identify(c.req.raw, c.env);
  if (!result.ok) {
    throw new PlatformError(
      'AUTH_FAIL',
      'Sign in first: the token or session is missing, expired or revoked.',
    );
  }
  const { identity } = result;
  // Browsers send the cookie along with a foreign page's socket and ask no leave: the origin is the only defence.
  if (identity.via === 'cookie' && !isSameOrigin(c.req.raw)) {
    throw new PlatformError(
      'PERMISSION_DENIED',
      'A socket with the session cookie must come from our own pages.',
    );
  }
  if (!identity.permissions.has('call.view')) {
    throw new PlatformError('PERMISSION_DENIED', 'Your role does not allow call.view.');
  }
  headers.set(SUBSCRIBER_HEADER, JSON.stringify(subscriberOf(identity)));
  return { tenantId: identity.tenantId, headers };
}

/** `/api/live`: the tenant's feed as it happens. */
export const live = newApiApp();

live.openapi(ticket, async (c) => {
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const { secret, expiresAt } = await hub.createTicket(subscriberOf(identity), Date.now());
  const sealed = `${identity.tenantId}.${secret}.${sealOf(c.env, identity.tenantId, secret)}`;
  return c.json({ ticket: sealed, expires: new Date(expiresAt).toISOString() }, 200);
});

live.openapi(socket, async (c) => {
  const query = c.req.valid('query');
  if (query.token !== undefined || query.access_token !== undefined) {
    throw new PlatformError(
      'INVALID_PARAMS',
      'A token must not travel in the URL: use the header or a ticket.',
    );
  }
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new PlatformError('INVALID_PARAMS', 'This path is a WebSocket.');
  }
  const { tenantId, headers } = await whoAsks(c, query.ticket);
  const url = new URL('https://call-hub/live');
  if (query.epoch !== undefined) url.searchParams.set('epoch', query.epoch);
  if (query.offset !== undefined) url.searchParams.set('offset', query.offset);
  const answer = await c.env.CALL_HUB.getByName(tenantId).fetch(url.href, { headers });
  if (answer.status === 401) throw new PlatformError('AUTH_FAIL', 'The ticket was used or is past its time.');
  if (answer.status === 429) {
    throw new PlatformError('RATE_LIMITED', 'Too many live sockets are open.', {
      headers: { 'Retry-After': '30' },
    });
  }
  return answer;
});
