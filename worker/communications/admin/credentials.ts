/** What the marketplace and the developers of apps prove themselves with: made by the people who run the platform. */
import { randomBytes } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { and, desc, eq, isNull } from 'drizzle-orm';
import { sha256Hex } from '../../auth/digest';
import { openDb } from '../../db';
import { marketplaceCredentials } from '../../db/schema';
import { auditOf } from '../../http/audit';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { Developer } from '../marketplace/schemas';

const ROOT = '/api/marketplace/credentials';
const tags = ['Marketplace'];
/** More than a marketplace has developers at work at once. */
const MOST = 1_000;

const Credential = z
  .object({
    id: z.string().openapi({ example: 'b8c7f0de-0000-4000-8000-000000000031' }),
    kind: z.enum(['service', 'developer']),
    name: z.string().openapi({ example: 'Marketplace' }),
    developer: Developer.nullable(),
    hint: z.string().openapi({ description: 'Its last four characters.', example: 'x3Qw' }),
    created_at: z.iso.datetime(),
  })
  .openapi('MarketplaceCredential');

const list = apiRoute({
  method: 'get',
  path: ROOT,
  summary: 'Credentials of the marketplace that are good',
  tags,
  access: 'marketplace.manage',
  responses: { 200: json(z.object({ credentials: z.array(Credential) }), 'Newest first.') },
});

const create = apiRoute({
  method: 'post',
  path: ROOT,
  summary: 'Make a credential',
  description:
    'Shown this once. A service’s is the marketplace’s own; a developer’s is good for the apps of that developer.',
  tags,
  access: 'marketplace.manage',
  request: {
    body: jsonRequest(
      z
        .strictObject({
          kind: z.enum(['service', 'developer']),
          name: z.string().trim().min(1).max(120),
          developer: Developer.optional(),
        })
        .refine(({ kind, developer }) => (kind === 'developer') === (developer !== undefined), {
          path: ['developer'],
          message: 'a developer’s credential names the developer, a service’s does not',
        }),
      { kind: 'developer', name: 'Build server', developer: 'dev-company' },
    ),
  },
  responses: {
    201: json(
      Credential.extend({ token: z.string().openapi({ example: 'tlm_…' }) }).openapi(
        'MarketplaceCredentialMade',
      ),
      'The credential.',
    ),
  },
});

const revoke = apiRoute({
  method: 'delete',
  path: `${ROOT}/{id}`,
  summary: 'Revoke a credential',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.string().min(1).max(64) }) },
  responses: { 204: { description: 'It is good no more.' } },
});

/** `/api/marketplace/credentials`. */
export const credentials = newApiApp();

type Row = typeof marketplaceCredentials.$inferSelect;

const view = (row: Row): z.infer<typeof Credential> => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  developer: row.developer,
  hint: row.hint,
  created_at: new Date(row.createdAt).toISOString(),
});

credentials.openapi(list, async (c) => {
  const rows = await openDb(c.env.DB)
    .select()
    .from(marketplaceCredentials)
    .where(isNull(marketplaceCredentials.revokedAt))
    .orderBy(desc(marketplaceCredentials.createdAt), desc(marketplaceCredentials.id))
    .limit(MOST);
  return c.json({ credentials: rows.map(view) }, 200);
});

credentials.openapi(create, async (c) => {
  const { kind, name, developer = null } = c.req.valid('json');
  const token = `tlm_${randomBytes(32).toString('base64url')}`;
  const row: Row = {
    id: crypto.randomUUID(),
    kind,
    name,
    developer,
    tokenHash: sha256Hex(token),
    hint: token.slice(-4),
    createdAt: Date.now(),
    revokedAt: null,
  };
  await openDb(c.env.DB).insert(marketplaceCredentials).values(row);
  await auditOf(c, 'marketplace.key.create', row.id, null, { kind, name, developer, hint: row.hint });
  return c.json({ ...view(row), token }, 201);
});

credentials.openapi(revoke, async (c) => {
  const { id } = c.req.valid('param');
  const [row] = await openDb(c.env.DB)
    .update(marketplaceCredentials)
    .set({ revokedAt: Date.now() })
    .where(and(eq(marketplaceCredentials.id, id), isNull(marketplaceCredentials.revokedAt)))
    .returning();
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such credential.');
  const { kind, name, developer, hint } = row;
  await auditOf(c, 'marketplace.key.revoke', id, { kind, name, developer, hint }, null);
  return c.body(null, 204);
});
