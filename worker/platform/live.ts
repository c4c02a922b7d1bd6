import { timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { SUBSCRIBER_HEADER, type LiveSubscriber } from '../../objects/call-hub/contract';
import { keyedDigest } from '../auth/digest';
import type { Env } from '../env';
import { identify } from '../http/authenticate';
import type { AppEnv } from '../http/context';
import { isSameOrigin } from '../http/csrf';
import { PlatformError } from '../http/errors';
import { isFrontItself, SEAT_PATH } from '../http/front';
import { subscriberOf } from '../http/live-subscriber';
import { apiRoute, json, newApiApp } from '../http/openapi';

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

interface Seat {
  /** Whose hub the socket goes to. */
  tenant: string;
  who: LiveSubscriber;
}

/** Who asks for a live socket, by ticket, header or cookie. @throws PlatformError */
async function seatOf(c: Context<AppEnv>, ticket: string | undefined): Promise<Seat> {
  if (ticket !== undefined) {
    const parsed = readTicket(c.env, ticket);
    const who = parsed && (await c.env.CALL_HUB.getByName(parsed.tenantId).takeTicket(parsed.secret));
    if (!who) throw new PlatformError('AUTH_FAIL', 'The ticket is not valid, was used or is past its time.');
    return { tenant: parsed.tenantId, who };
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
  return { tenant: identity.tenantId, who: subscriberOf(identity) };
}

function refuseTokenInUrl(query: { token?: string; access_token?: string }): void {
  if (query.token === undefined && query.access_token === undefined) return;
  throw new PlatformError(
    'INVALID_PARAMS',
    'A token must not travel in the URL: use the header or a ticket.',
  );
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
  refuseTokenInUrl(query);
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new PlatformError('INVALID_PARAMS', 'This path is a WebSocket.');
  }
  const { tenant, who } = await seatOf(c, query.ticket);
  const url = new URL('https://call-hub/live');
  if (query.epoch !== undefined) url.searchParams.set('epoch', query.epoch);
  if (query.offset !== undefined) url.searchParams.set('offset', query.offset);
  const headers = { upgrade: 'websocket', [SUBSCRIBER_HEADER]: JSON.stringify(who) };
  const answer = await c.env.CALL_HUB.getByName(tenant).fetch(url.href, { headers });
  if (answer.status === 429) {
    throw new PlatformError('RATE_LIMITED', 'Too many live sockets are open.', {
      headers: { 'Retry-After': '30' },
    });
  }
  return answer;
});

/** The same for a front that holds the sockets itself (`scripts/front/live.ts`); nobody else is answered. */
live.get(SEAT_PATH, async (c) => {
  if (!isFrontItself(c.req.raw, c.env)) return c.notFound();
  const query = Object.fromEntries(new URL(c.req.url).searchParams);
  refuseTokenInUrl(query);
  return c.json(await seatOf(c, query.ticket), 200);
});
