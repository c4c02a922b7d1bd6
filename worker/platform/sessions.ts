import { z } from '@hono/zod-openapi';
import type { SessionView } from '../../objects/session-gate/contract';
import { auditOf } from '../http/audit';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';

const Session = z
  .object({
    id: z.string(),
    kind: z.enum(['browser', 'api', 'phone']),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().openapi({ description: 'To about five minutes.' }),
    expires_at: z.iso.datetime().nullable().openapi({ description: 'Absolute end; null for a phone.' }),
    user_agent: z.string().nullable(),
    address: z.string().nullable(),
    current: z.boolean().openapi({ description: 'The one this request was made with.' }),
  })
  .openapi('Session');

const list = apiRoute({
  method: 'get',
  path: '/api/sessions',
  summary: 'My sign-ins',
  tags: ['Sign-in'],
  access: 'signed_in',
  responses: {
    200: json(z.object({ items: z.array(Session) }), 'Living sessions, the one used last first.'),
  },
});

const end = apiRoute({
  method: 'delete',
  path: '/api/sessions/{id}',
  summary: 'End one of my sign-ins',
  tags: ['Sign-in'],
  access: 'signed_in',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.uuid() }) },
  responses: { 204: { description: 'It is over.' } },
});

const endAll = apiRoute({
  method: 'post',
  path: '/api/sessions/revoke-all',
  summary: 'Sign out everywhere',
  description: 'Phones too. With `keep_current` this session stays.',
  tags: ['Sign-in'],
  access: 'signed_in',
  request: {
    body: jsonRequest(z.object({ keep_current: z.boolean().default(false) }), { keep_current: true }),
  },
  responses: {
    200: json(z.object({ revoked: z.number().int() }), 'How many sessions ended.', { revoked: 3 }),
  },
});

/** What the audit log keeps of a session that ended. */
const brief = ({ sid, kind, userAgent, address }: SessionView) => ({
  id: sid,
  kind,
  user_agent: userAgent,
  address,
});

const iso = (at: number): string => new Date(at).toISOString();

/** `/api/sessions`: one's own sign-ins, as the profile shows them. */
export const sessions = newApiApp();

sessions.openapi(list, async (c) => {
  const { tenantId, userId, sid: current } = c.var.identity;
  const alive = await c.env.SESSION_GATE.getByName(tenantId).sessionsOf(userId);
  const items = alive.map((session) => ({
    id: session.sid,
    kind: session.kind,
    created_at: iso(session.createdAt),
    last_used_at: iso(session.lastUsedAt),
    expires_at: session.expiresAt === null ? null : iso(session.expiresAt),
    user_agent: session.userAgent,
    address: session.address,
    current: session.sid === current,
  }));
  return c.json({ items }, 200);
});

sessions.openapi(end, async (c) => {
  const { tenantId, userId } = c.var.identity;
  const { id } = c.req.valid('param');
  const gate = c.env.SESSION_GATE.getByName(tenantId);
  const before = (await gate.sessionsOf(userId)).find(({ sid }) => sid === id);
  const { revoked } = await gate.revokeSession({ sid: id, by: userId, userId });
  if (revoked === 0) throw new PlatformError('NOT_FOUND', 'No such session.');
  await auditOf(c, 'session.end', id, before === undefined ? null : brief(before), null);
  return c.body(null, 204);
});

sessions.openapi(endAll, async (c) => {
  const { tenantId, userId, sid } = c.var.identity;
  const gate = c.env.SESSION_GATE.getByName(tenantId);
  const keep: { exceptSid?: string } = c.req.valid('json').keep_current ? { exceptSid: sid } : {};
  const before = (await gate.sessionsOf(userId)).filter((session) => session.sid !== keep.exceptSid);
  const { revoked } = await gate.revokeUser({ userId, by: userId, ...keep });
  await auditOf(c, 'session.end_all', userId, before.map(brief), { revoked });
  return c.json({ revoked }, 200);
});
