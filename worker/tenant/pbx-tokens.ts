import { randomInt } from 'node:crypto';
import { and, desc, eq, isNull } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { pbxTokenHash } from '../auth/digest';
import { openDb, type Db } from '../db';
import { pbxTokens as tokenRows } from '../db/schema';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';

/** More than hosts anybody has. */
const MOST = 20;

const Token = z
  .object({
    id: z.string(),
    hint: z.string().openapi({ description: 'Its last four digits.' }),
    created_at: z.iso.datetime(),
  })
  .openapi('PbxToken', {
    example: {
      id: 'b8c7f0de-0000-4000-8000-000000000001',
      hint: '0400',
      created_at: '2025-11-15T10:30:00.000Z',
    },
  });

const list = apiRoute({
  method: 'get',
  path: '/api/tenant/pbx-tokens',
  summary: 'Tokens with which PBX hosts send their events',
  tags: ['Tenant'],
  access: 'tenant.settings',
  responses: { 200: json(z.object({ tokens: z.array(Token) }), 'Those that are good, newest first.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/tenant/pbx-tokens',
  summary: 'Make a token for a PBX host',
  description: `Shown this once. Several are good at the same time, at most ${MOST}: that is how one is replaced.`,
  tags: ['Tenant'],
  access: 'tenant.settings',
  errors: ['INVALID_PARAMS'],
  responses: {
    201: json(
      Token.extend({ token: z.string().openapi({ description: '12 digits.' }) }).openapi('PbxTokenMade', {
        example: {
          id: 'b8c7f0de-0000-4000-8000-000000000001',
          hint: '0400',
          created_at: '2025-11-15T10:30:00.000Z',
          token: '100200300400',
        },
      }),
      'The token.',
    ),
  },
});

const revoke = apiRoute({
  method: 'delete',
  path: '/api/tenant/pbx-tokens/{id}',
  summary: 'Revoke a token of a PBX host',
  description: 'Its events are refused within a minute.',
  tags: ['Tenant'],
  access: 'tenant.settings',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.string().min(1).max(64) }) },
  responses: { 204: { description: 'It is good no more.' } },
});

/** `/api/tenant/pbx-tokens`. */
export const pbxTokens = newApiApp();

const good = (db: Db, tenantId: string) =>
  db
    .select()
    .from(tokenRows)
    .where(and(eq(tokenRows.tenantId, tenantId), isNull(tokenRows.revokedAt)))
    .orderBy(desc(tokenRows.createdAt), desc(tokenRows.id));

pbxTokens.openapi(list, async (c) => {
  const rows = await good(openDb(c.env.DB), c.var.identity.tenantId);
  return c.json({ tokens: rows.map(view) }, 200);
});

pbxTokens.openapi(create, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  if ((await good(db, identity.tenantId)).length >= MOST)
    throw new PlatformError('INVALID_PARAMS', `There are ${MOST} tokens: revoke one that is not used first.`);
  const token = Array.from({ length: 12 }, () => randomInt(10)).join('');
  const row = {
    id: crypto.randomUUID(),
    tenantId: identity.tenantId,
    tokenHash: pbxTokenHash(c.env, token),
    hint: token.slice(-4),
    createdAt: Date.now(),
    revokedAt: null,
  };
  await db.insert(tokenRows).values(row);
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(db, identity, 'tenant.pbx_token.create', row.id, null, { hint: row.hint }, address);
  return c.json({ ...view(row), token }, 201);
});

pbxTokens.openapi(revoke, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const { id } = c.req.valid('param');
  const [row] = await db
    .update(tokenRows)
    .set({ revokedAt: Date.now() })
    .where(and(eq(tokenRows.tenantId, identity.tenantId), eq(tokenRows.id, id), isNull(tokenRows.revokedAt)))
    .returning();
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such token.');
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(db, identity, 'tenant.pbx_token.revoke', id, { hint: row.hint }, null, address);
  return c.body(null, 204);
});

const view = (row: { id: string; hint: string; createdAt: number }): z.infer<typeof Token> => ({
  id: row.id,
  hint: row.hint,
  created_at: new Date(row.createdAt).toISOString(),
});
