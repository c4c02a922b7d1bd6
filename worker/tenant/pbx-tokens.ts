import { randomBytes, randomInt } from 'node:crypto';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { pbxTokenHash } from '../auth/digest';
import { openDb, type Db } from '../db';
import { pbxTokens as tokenRows } from '../db/schema';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';

/** More than hosts anybody has. */
const MOST = 20;

const Kind = z.enum(['token', 'secret']).openapi({
  description:
    '`token`: 12 digits, which a host sends with its events. `secret`: 64 hex digits, the `clientId` of whoever asks for ' +
    'calls; it also serves to send what was read from a host’s journal.',
});

const Token = z
  .object({
    id: z.string(),
    kind: Kind,
    hint: z.string().openapi({ description: 'Its last four characters.' }),
    created_at: z.iso.datetime(),
  })
  .openapi('PbxToken', {
    example: {
      id: 'b8c7f0de-0000-4000-8000-000000000001',
      kind: 'token',
      hint: '0400',
      created_at: '2025-11-15T10:30:00.000Z',
    },
  });

const list = apiRoute({
  method: 'get',
  path: '/api/tenant/pbx-tokens',
  summary: 'Tokens with which PBX hosts send their events, and secrets of those who ask for calls',
  tags: ['Tenant'],
  access: 'tenant.settings',
  responses: { 200: json(z.object({ tokens: z.array(Token) }), 'Those that are good, newest first.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/tenant/pbx-tokens',
  summary: 'Make a token for a PBX host, or a secret',
  description: `Shown this once. Several are good at the same time, at most ${MOST}: that is how one is replaced.`,
  tags: ['Tenant'],
  access: 'tenant.settings',
  bodyOptional: true,
  request: { body: jsonRequest(z.strictObject({ kind: Kind.optional() }), { kind: 'token' }) },
  responses: {
    201: json(
      Token.extend({ token: z.string().openapi({ description: '12 digits, or 64 hex digits.' }) }).openapi(
        'PbxTokenMade',
        {
          example: {
            id: 'b8c7f0de-0000-4000-8000-000000000001',
            kind: 'token',
            hint: '0400',
            created_at: '2025-11-15T10:30:00.000Z',
            token: '100200300400',
          },
        },
      ),
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
  const { kind = 'token' } = c.req.valid('json');
  const token =
    kind === 'secret'
      ? randomBytes(32).toString('hex')
      : Array.from({ length: 12 }, () => randomInt(10)).join('');
  const row = {
    id: crypto.randomUUID(),
    tenantId: identity.tenantId,
    tokenHash: pbxTokenHash(c.env, token),
    kind,
    hint: token.slice(-4),
    createdAt: Date.now(),
    revokedAt: null,
  };
  // One statement, so that two people can't step over the limit.
  const { meta } = await db.run(sql`
    INSERT INTO pbx_tokens (id, tenant_id, token_hash, kind, hint, created_at)
    SELECT ${row.id}, ${row.tenantId}, ${row.tokenHash}, ${kind}, ${row.hint}, ${row.createdAt}
    WHERE (SELECT count(*) FROM pbx_tokens
      WHERE tenant_id = ${row.tenantId} AND revoked_at IS NULL) < ${MOST}`);
  if (meta.changes === 0)
    throw new PlatformError('INVALID_PARAMS', `There are ${MOST} tokens: revoke one that is not used first.`);
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(db, identity, 'tenant.pbx_token.create', row.id, null, { kind, hint: row.hint }, address);
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
  await recordAudit(
    db,
    identity,
    'tenant.pbx_token.revoke',
    id,
    { kind: row.kind, hint: row.hint },
    null,
    address,
  );
  return c.body(null, 204);
});

const view = (
  row: Pick<typeof tokenRows.$inferSelect, 'id' | 'kind' | 'hint' | 'createdAt'>,
): z.infer<typeof Token> => ({
  id: row.id,
  kind: row.kind,
  hint: row.hint,
  created_at: new Date(row.createdAt).toISOString(),
});
