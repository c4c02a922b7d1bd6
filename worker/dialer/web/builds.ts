import { and, desc, eq } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../../db';
import { appBuilds } from '../../db/schema';
import { recordAudit } from '../../http/audit';
import { discardRest } from '../../http/body';
import { clientAddress } from '../../http/client-address';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { buildLinkUrl, LINK_TTL_SEC } from '../download-link';
import { MOST_BUILD_BYTES, storeBuild } from './build-upload';
import { iso, people } from './directory';
import { Build, BuildLinkBody, BuildList, Removed } from './schema';

const APK = 'application/vnd.android.package-archive';

const list = apiRoute({
  method: 'get',
  path: '/api/phones/builds',
  summary: 'Builds of the app, newest version first',
  tags: ['Phones'],
  access: 'phone.manage',
  responses: { 200: json(BuildList, 'Builds.') },
});

const upload = apiRoute({
  method: 'post',
  path: '/api/phones/builds',
  summary: 'Upload a build of the app',
  description: `The APK itself as the body, with its Content-Length, at most ${MOST_BUILD_BYTES / 1024 / 1024} MiB.`,
  tags: ['Phones'],
  access: 'phone.manage',
  errors: ['INVALID_PARAMS', 'BODY_TOO_LARGE'],
  request: {
    query: z.object({
      version_name: z
        .string()
        .trim()
        .regex(/^[0-9A-Za-z][0-9A-Za-z._+-]{0,39}$/)
        .openapi({ example: '2.4.1' }),
      version_code: z.coerce.number().int().min(1).max(2_100_000_000).openapi({ example: 241 }),
    }),
    body: { required: true, content: { [APK]: { schema: z.string().openapi({ format: 'binary' }) } } },
  },
  responses: { 201: json(Build, 'It is stored and offered to phones.') },
});

const link = apiRoute({
  method: 'get',
  path: '/api/phones/builds/{id}/link',
  summary: 'A link to the file of a build',
  description: `Good for ${LINK_TTL_SEC / 60} minutes, without a sign-in.`,
  tags: ['Phones'],
  access: 'phone.manage',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.uuid() }) },
  responses: { 200: json(BuildLinkBody, 'The link.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/phones/builds/{id}',
  summary: 'Remove a build',
  tags: ['Phones'],
  access: 'phone.manage',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.uuid() }) },
  responses: { 200: json(Removed, 'It is gone.', { ok: true, id: '0f8fad5b-d9cb-469f-a165-70867728950e' }) },
});

/** Of a refused upload by a stranger this much is still read. */
const STRANGERS_REST = 1024 * 1024;

export const builds = newApiApp();

builds.post('/api/phones/builds', async (c, next) => {
  await next();
  if (c.res.status < 400) return;
  const isKnown = c.res.status !== 401 && c.res.status !== 403;
  await discardRest(c.req.raw.body, isKnown ? MOST_BUILD_BYTES : STRANGERS_REST);
});

builds.openapi(list, async (c) =>
  c.json({ items: await views(openDb(c.env.DB), c.var.identity.tenantId) }, 200),
);

builds.openapi(upload, async (c) => {
  const { identity } = c.var;
  const { tenantId } = identity;
  const version = c.req.valid('query');
  const size = announcedSize(c.req.header('content-length'));
  const body = c.req.raw.body;
  if (c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() !== APK)
    throw bad(`Send the file as ${APK}.`);
  if (body === null) throw bad('The body is empty.');
  const db = openDb(c.env.DB);
  const sameVersion = and(eq(appBuilds.tenantId, tenantId), eq(appBuilds.versionCode, version.version_code));
  const [taken] = await db.select({ id: appBuilds.id }).from(appBuilds).where(sameVersion);
  if (taken !== undefined) throw versionTaken();

  const id = crypto.randomUUID();
  const blobKey = `builds/${tenantId}/${id}.apk`;
  const stored = await storeBuild(c.env.BLOBS, blobKey, body, size);
  if (!stored.ok) throw bad(stored.code === 'not_apk' ? 'The file is not an APK.' : 'The upload broke off.');
  const row = {
    id,
    tenantId,
    versionName: version.version_name,
    versionCode: version.version_code,
    sha256: stored.sha256,
    sizeBytes: stored.size,
    blobKey,
    uploadedAt: Date.now(),
    uploadedBy: identity.userId,
  };
  const [inserted] = await db
    .insert(appBuilds)
    .values(row)
    .onConflictDoNothing()
    .returning({ id: appBuilds.id });
  if (inserted === undefined) {
    await c.env.BLOBS.delete(blobKey);
    throw versionTaken();
  }
  const { versionName, versionCode, sha256 } = row;
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(
    db,
    identity,
    'phone.build.upload',
    id,
    null,
    { versionName, versionCode, sha256 },
    address,
  );
  const made = (await views(db, tenantId)).find((build) => build.id === id);
  if (made === undefined) throw new Error('a build just stored is not listed');
  return c.json(made, 201);
});

builds.openapi(link, async (c) => {
  const { tenantId } = c.var.identity;
  const { id: buildId } = c.req.valid('param');
  const [build] = await openDb(c.env.DB)
    .select({ id: appBuilds.id })
    .from(appBuilds)
    .where(and(eq(appBuilds.tenantId, tenantId), eq(appBuilds.id, buildId)));
  if (build === undefined) throw new PlatformError('NOT_FOUND', 'No such build.');
  const now = Date.now();
  const { href } = await buildLinkUrl(c.req.raw, c.env, { tenantId, buildId }, now);
  return c.json({ url: href, expires_at: iso(now + LINK_TTL_SEC * 1_000) }, 200);
});

builds.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const db = openDb(c.env.DB);
  const [row] = await db
    .delete(appBuilds)
    .where(and(eq(appBuilds.tenantId, identity.tenantId), eq(appBuilds.id, id)))
    .returning();
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such build.');
  await c.env.BLOBS.delete(row.blobKey);
  const before = { versionName: row.versionName, versionCode: row.versionCode };
  await recordAudit(db, identity, 'phone.build.remove', id, before, null, clientAddress(c.req.raw, c.env));
  return c.json({ ok: true as const, id }, 200);
});

async function views(db: Db, tenantId: string): Promise<z.infer<typeof Build>[]> {
  const rows = await db
    .select()
    .from(appBuilds)
    .where(eq(appBuilds.tenantId, tenantId))
    .orderBy(desc(appBuilds.versionCode));
  const person = await people(
    db,
    tenantId,
    rows.map((row) => row.uploadedBy),
  );
  return rows.map((row, index) => ({
    id: row.id,
    version_name: row.versionName,
    version_code: row.versionCode,
    sha256: row.sha256,
    size_bytes: row.sizeBytes,
    uploaded_at: iso(row.uploadedAt),
    uploaded_by: person(row.uploadedBy),
    latest: index === 0,
  }));
}

/** @throws PlatformError where R2 could not be told the size, or would be told too much. */
function announcedSize(header: string | undefined): number {
  if (header === undefined || !/^\d{1,12}$/.test(header)) throw bad('The upload needs a Content-Length.');
  const size = Number(header);
  if (size > MOST_BUILD_BYTES) {
    throw new PlatformError('BODY_TOO_LARGE', `A build may have at most ${MOST_BUILD_BYTES} bytes.`);
  }
  if (size === 0) throw bad('The body is empty.');
  return size;
}

const bad = (message: string) => new PlatformError('INVALID_PARAMS', message);
const versionTaken = () =>
  new PlatformError('INVALID_PARAMS', 'There is a build with this version code already.', {
    details: { version_code: ['already taken'] },
  });
