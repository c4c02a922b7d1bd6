import { and, eq } from 'drizzle-orm';
import { importPKCS8 } from 'jose';
import { z } from '@hono/zod-openapi';
import { parseServiceAccount, PUSH_SECRET } from '../../../objects/lib/service-account';
import { seal } from '../../auth/secrets';
import { openDb, type Db } from '../../db';
import { tenantSecrets } from '../../db/schema';
import type { Env } from '../../env';
import { auditOf } from '../../http/audit';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { iso, isoOrNull } from './directory';
import { DeadPushList, PushSettings, PutPush, Replayed } from './schema';

const show = apiRoute({
  method: 'get',
  path: '/api/phones/push',
  summary: 'Where wake-ups for sleeping phones go, and how that goes',
  tags: ['Phones'],
  access: 'phone.manage',
  responses: { 200: json(PushSettings, 'Settings, masked, and the state of the deliveries.') },
});

const put = apiRoute({
  method: 'put',
  path: '/api/phones/push',
  summary: 'Set the Firebase service account',
  description: 'The key file as downloaded from the console. It is stored encrypted and never given back.',
  tags: ['Phones'],
  access: 'phone.manage',
  request: {
    body: jsonRequest(PutPush, { service_account: '{"type": "service_account", "project_id": "…"}' }),
  },
  responses: { 200: json(PushSettings, 'It is in force.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/phones/push',
  summary: 'Stop waking phones by push',
  tags: ['Phones'],
  access: 'phone.manage',
  responses: { 200: json(PushSettings, 'Nothing is sent any more.') },
});

const dead = apiRoute({
  method: 'get',
  path: '/api/phones/push/dead',
  summary: 'Wake-ups that were given up, newest first',
  tags: ['Phones'],
  access: 'phone.manage',
  request: {
    query: z.object({
      cursor: z.string().max(32).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(DeadPushList, 'A page of them; kept for 30 days, at most 1,000.') },
});

const replay = apiRoute({
  method: 'post',
  path: '/api/phones/push/replay',
  summary: 'Try the given-up wake-ups again',
  tags: ['Phones'],
  access: 'phone.manage',
  responses: { 200: json(Replayed, 'How many are under way again.', { replayed: 3 }) },
});

const Hint = z.object({ project_id: z.string(), client_email: z.string() });

const outboxOf = (env: Env, tenantId: string) => env.OUTBOX.getByName(`${tenantId}:push`);
const secretOf = (tenantId: string) =>
  and(eq(tenantSecrets.tenantId, tenantId), eq(tenantSecrets.name, PUSH_SECRET));

export const phonePush = newApiApp();

phonePush.openapi(show, async (c) => c.json(await view(c.env, c.var.identity.tenantId), 200));

phonePush.openapi(put, async (c) => {
  const { identity } = c.var;
  const text = c.req.valid('json').service_account;
  const parsed = parseServiceAccount(text);
  if (!parsed.ok) {
    throw new PlatformError('INVALID_PARAMS', parsed.problem, {
      details: { service_account: [parsed.problem] },
    });
  }
  const { project_id, client_email, private_key } = parsed.account;
  try {
    await importPKCS8(private_key, 'RS256');
  } catch {
    const problem = 'The private key in the file cannot be read.';
    throw new PlatformError('INVALID_PARAMS', problem, { details: { service_account: [problem] } });
  }
  const hint = JSON.stringify({ project_id, client_email: maskEmail(client_email) });
  const values = { ...seal(c.env, identity.tenantId, PUSH_SECRET, text), hint, updatedAt: Date.now() };
  const db = openDb(c.env.DB);
  const before = await hintOf(db, identity.tenantId);
  await db
    .insert(tenantSecrets)
    .values({ tenantId: identity.tenantId, name: PUSH_SECRET, ...values })
    .onConflictDoUpdate({ target: [tenantSecrets.tenantId, tenantSecrets.name], set: values });
  await outboxOf(c.env, identity.tenantId).settingsChanged();
  await auditOf(c, 'phone.push.set', null, before, { project_id });
  return c.json(await view(c.env, identity.tenantId), 200);
});

phonePush.openapi(remove, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const before = await hintOf(db, identity.tenantId);
  await db.delete(tenantSecrets).where(secretOf(identity.tenantId));
  await outboxOf(c.env, identity.tenantId).settingsChanged();
  if (before !== null) await auditOf(c, 'phone.push.remove', null, before, null);
  return c.json(await view(c.env, identity.tenantId), 200);
});

phonePush.openapi(dead, async (c) => {
  const { cursor, limit } = c.req.valid('query');
  const page = await outboxOf(c.env, c.var.identity.tenantId).deadLetters({ cursor: cursor ?? null, limit });
  const items = page.items.map((letter) => ({
    id: letter.id,
    phone_id: letter.key,
    reason: letter.payload.reason,
    created_at: iso(letter.createdAt),
    died_at: iso(letter.diedAt),
    attempts: letter.attempts,
    error: letter.error,
  }));
  return c.json({ items, next: page.next }, 200);
});

phonePush.openapi(replay, async (c) => {
  const { identity } = c.var;
  const result = await outboxOf(c.env, identity.tenantId).replay();
  await auditOf(c, 'phone.push.replay', null, null, result);
  return c.json(result, 200);
});

/** What may be shown of the service account that is stored; null where there is none. */
async function hintOf(db: Db, tenantId: string): Promise<z.infer<typeof Hint> | null> {
  const [row] = await db.select({ hint: tenantSecrets.hint }).from(tenantSecrets).where(secretOf(tenantId));
  return row === undefined ? null : Hint.parse(JSON.parse(row.hint));
}

async function view(env: Env, tenantId: string): Promise<z.infer<typeof PushSettings>> {
  const [row] = await openDb(env.DB)
    .select({ hint: tenantSecrets.hint, updatedAt: tenantSecrets.updatedAt })
    .from(tenantSecrets)
    .where(secretOf(tenantId));
  const hint = row === undefined ? null : Hint.parse(JSON.parse(row.hint));
  const status = await outboxOf(env, tenantId).status();
  return {
    configured: row !== undefined,
    project_id: hint?.project_id ?? null,
    client_email: hint?.client_email ?? null,
    updated_at: row === undefined ? null : iso(row.updatedAt),
    health: {
      breaker: status.breaker,
      breaker_until: isoOrNull(status.breakerUntil),
      waiting: status.waiting,
      dead: status.dead,
      delivered: status.delivered,
      last_delivered_at: isoOrNull(status.lastDeliveredAt),
      last_failure_at: isoOrNull(status.lastFailureAt),
      last_error: status.lastError,
    },
  };
}

/** `tr***@project.iam.gserviceaccount.com`: enough to tell two accounts apart. */
const maskEmail = (email: string): string => `${email.slice(0, 2)}***${email.slice(email.lastIndexOf('@'))}`;
