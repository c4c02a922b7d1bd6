import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import type { BridgeStatus } from '../../objects/bridge-link/contract';
import { openDb, type Db } from '../db';
import { bridges as table } from '../db/schema';
import type { Env } from '../env';
import { auditOf } from '../http/audit';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { CODE_LIFE_MS, codeHash, newCode } from './codes';
import { linkOf } from './links';
import { Bridge, BridgeList, BridgeLog, BridgeName, NewCode } from './schema';
import { bridgeView, type BridgeRow } from './view';

/** Every start of a call on any free slot asks all of them. */
const MAX_BRIDGES = 50;

const tags = ['Bridges'];
const params = z.object({ id: z.uuid().openapi({ example: '0f8fad5b-d9cb-469f-a165-70867728950e' }) });

const list = apiRoute({
  method: 'get',
  path: '/api/bridges',
  summary: 'The bridges and how they are',
  tags,
  access: 'bridge.view',
  request: { query: z.object({ revoked: z.enum(['0', '1']).optional() }) },
  responses: { 200: json(BridgeList, 'By their numbers; revoked ones with `revoked=1` only.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/bridges',
  summary: 'Add a bridge',
  description: 'Answers the code with which the bridge’s machine enrols itself.',
  tags,
  access: 'bridge.manage',
  request: { body: jsonRequest(z.object({ name: BridgeName }), { name: 'Minsk office' }) },
  responses: { 201: json(NewCode, 'The bridge and its code.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/bridges/{id}',
  summary: 'One bridge',
  tags,
  access: 'bridge.view',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: { 200: json(Bridge, 'The bridge.') },
});

const rename = apiRoute({
  method: 'patch',
  path: '/api/bridges/{id}',
  summary: 'Rename a bridge',
  tags,
  access: 'bridge.manage',
  errors: ['NOT_FOUND'],
  request: { params, body: jsonRequest(z.object({ name: BridgeName }), { name: 'Minsk office' }) },
  responses: { 200: json(Bridge, 'The bridge.') },
});

const anew = apiRoute({
  method: 'post',
  path: '/api/bridges/{id}/code',
  summary: 'A new enrolment code',
  description: 'An earlier code is void. The key that is registered serves until the new code is used.',
  tags,
  access: 'bridge.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: { params },
  responses: { 201: json(NewCode, 'The bridge and its new code.') },
});

const revoke = apiRoute({
  method: 'delete',
  path: '/api/bridges/{id}',
  summary: 'Revoke a bridge',
  description: 'Its tunnel is closed at once, its key is worth nothing any more. Repeating it is no error.',
  tags,
  access: 'bridge.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: { 200: json(Bridge, 'It is revoked.') },
});

const log = apiRoute({
  method: 'get',
  path: '/api/bridges/{id}/log',
  summary: 'What a bridge told of itself',
  tags,
  access: 'bridge.view',
  errors: ['NOT_FOUND'],
  request: {
    params,
    query: z.object({
      before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: { 200: json(BridgeLog, 'Newest first.') },
});

/** `/api/bridges`: who may connect, and how those that do are. */
export const bridges = newApiApp();

bridges.openapi(list, async (c) => {
  const { tenantId } = c.var.identity;
  const all = c.req.valid('query').revoked === '1';
  const rows = await openDb(c.env.DB)
    .select()
    .from(table)
    .where(and(eq(table.tenantId, tenantId), all ? undefined : isNull(table.revokedAt)))
    .orderBy(asc(table.number));
  const now = Date.now();
  const items = await Promise.all(rows.map(async (row) => bridgeView(row, await statusOf(c.env, row), now)));
  return c.json({ items }, 200);
});

bridges.openapi(create, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const now = Date.now();
  const living = await db.$count(table, and(eq(table.tenantId, identity.tenantId), isNull(table.revokedAt)));
  if (living >= MAX_BRIDGES)
    throw new PlatformError('INVALID_PARAMS', `There are ${MAX_BRIDGES} bridges already: revoke one first.`);
  const code = newCode();
  const [row] = await db
    .insert(table)
    .values({
      id: crypto.randomUUID(),
      tenantId: identity.tenantId,
      // Rows are never deleted, so a number is never used again.
      number: sql`(SELECT coalesce(max(${table.number}), 0) + 1 FROM ${table} WHERE ${table.tenantId} = ${identity.tenantId})`,
      name: c.req.valid('json').name,
      codeHash: codeHash(code),
      codeExpiresAt: now + CODE_LIFE_MS,
      createdAt: now,
      createdBy: identity.userId,
    })
    .returning();
  if (row === undefined) throw new Error('the new bridge was not returned');
  await auditOf(c, 'bridge.create', row.id, null, { name: row.name, number: row.number });
  return c.json(codeView(row, code, now), 201);
});

bridges.openapi(show, async (c) => {
  const row = await known(openDb(c.env.DB), c.var.identity.tenantId, c.req.valid('param').id);
  return c.json(bridgeView(row, await statusOf(c.env, row), Date.now()), 200);
});

bridges.openapi(rename, async (c) => {
  const { tenantId } = c.var.identity;
  const db = openDb(c.env.DB);
  const before = await known(db, tenantId, c.req.valid('param').id);
  const { name } = c.req.valid('json');
  await db
    .update(table)
    .set({ name })
    .where(and(eq(table.tenantId, tenantId), eq(table.id, before.id)));
  await c.env.SESSION_GATE.getByName(tenantId).tenantChanged();
  await auditOf(c, 'bridge.rename', before.id, { name: before.name }, { name });
  const row = { ...before, name };
  return c.json(bridgeView(row, await statusOf(c.env, row), Date.now()), 200);
});

bridges.openapi(anew, async (c) => {
  const { tenantId } = c.var.identity;
  const db = openDb(c.env.DB);
  const now = Date.now();
  const { id } = await known(db, tenantId, c.req.valid('param').id);
  const code = newCode();
  const [row] = await db
    .update(table)
    .set({ codeHash: codeHash(code), codeExpiresAt: now + CODE_LIFE_MS })
    .where(and(eq(table.tenantId, tenantId), eq(table.id, id), isNull(table.revokedAt)))
    .returning();
  if (row === undefined)
    throw new PlatformError('INVALID_PARAMS', 'This bridge was revoked: add a new one instead.');
  await auditOf(c, 'bridge.code', id, null, { expires_at: new Date(now + CODE_LIFE_MS).toISOString() });
  return c.json(codeView(row, code, now), 201);
});

bridges.openapi(revoke, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const before = await known(db, identity.tenantId, c.req.valid('param').id);
  const revokedAt = before.revokedAt ?? Date.now();
  // D1 first: from here on no connection is let in. Each step may be repeated by asking again.
  await db
    .update(table)
    .set({ revokedAt, codeHash: null, codeExpiresAt: null })
    .where(and(eq(table.tenantId, identity.tenantId), eq(table.id, before.id), isNull(table.revokedAt)));
  await linkOf(c.env, identity.tenantId, before.id).revoke();
  await c.env.SESSION_GATE.getByName(identity.tenantId).tenantChanged();
  if (before.revokedAt === null) await auditOf(c, 'bridge.revoke', before.id, { name: before.name }, null);
  return c.json(bridgeView({ ...before, revokedAt }, null, Date.now()), 200);
});

bridges.openapi(log, async (c) => {
  const { tenantId } = c.var.identity;
  const { id } = await known(openDb(c.env.DB), tenantId, c.req.valid('param').id);
  const { before, limit } = c.req.valid('query');
  const lines = await linkOf(c.env, tenantId, id).log({ limit, ...(before !== undefined && { before }) });
  const items = lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() }));
  return c.json({ items, next: lines.length === limit ? (lines.at(-1)?.id ?? null) : null }, 200);
});

/** @throws PlatformError NOT_FOUND, for another tenant's as for a made-up id */
async function known(db: Db, tenantId: string, id: string): Promise<BridgeRow> {
  const [row] = await db
    .select()
    .from(table)
    .where(and(eq(table.tenantId, tenantId), eq(table.id, id)));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such bridge.');
  return row;
}

/** One bridge that can't be asked must not hide the others. */
async function statusOf(env: Env, row: BridgeRow): Promise<BridgeStatus | null> {
  if (row.publicKey === null) return null;
  try {
    return await linkOf(env, row.tenantId, row.id).status();
  } catch (error) {
    console.warn(`bridge ${row.id} could not be asked for its state:`, error);
    return null;
  }
}

const codeView = (row: BridgeRow, code: string, now: number): z.infer<typeof NewCode> => ({
  bridge: bridgeView(row, null, now),
  code,
  expires_at: new Date(row.codeExpiresAt ?? now).toISOString(),
});
