/** Recordings for the people of a CRM, who have no account of ours: by the address a call's record was told with. */
import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import { isGoodProof, readRecordingUrl, recordingVersion } from '../auth/recording-links';
import { openDb } from '../db';
import { crmLinks, tenants } from '../db/schema';
import type { AppEnv } from '../http/context';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { sendRecording } from '../http/recording-file';
import { knownLink, tellOfLinks } from './links';
import { audit, own, type Mount } from './room';
import { entParam } from './schemas';

const HEADERS = {
  'cache-control': 'no-store',
  // The address is the proof: no page that it is opened from or leads to is told of it.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const refusal = (status: 403 | 404, text: string): Response =>
  new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...HEADERS } });

const VOID = 'This link is not valid any more. Ask whoever runs your telephony for the recording.';
const GONE = 'There is no such recording any more.';

async function listen(c: Context<AppEnv>): Promise<Response> {
  const { searchParams } = new URL(c.req.url);
  const told = readRecordingUrl(c.req.param('rid') ?? '', searchParams);
  if (told === null) return refusal(403, VOID);
  const { link, proof } = told;
  const [row] = await openDb(c.env.DB)
    .select({ createdAt: crmLinks.createdAt, options: crmLinks.options })
    .from(crmLinks)
    .innerJoin(tenants, eq(tenants.id, crmLinks.tenantId))
    .where(
      and(eq(crmLinks.tenantId, link.tenantId), eq(crmLinks.family, link.source), isNull(tenants.disabledAt)),
    );
  if (row === undefined || !isGoodProof(c.env, link, recordingVersion(row), proof, Date.now()))
    return refusal(403, VOID);
  const hub = c.env.CALL_HUB.getByName(link.tenantId);
  const everybody = { userId: `crm:${link.source}`, scope: 'all' } as const;
  const blob = await hub.recordingBlob(link.callId, link.recordingId, everybody);
  const sent =
    blob &&
    (await sendRecording(c.env, c.req.header('range'), {
      ...blob,
      callId: link.callId,
      recordingId: link.recordingId,
      save: searchParams.get('download') === '1',
    }));
  if (sent === null) return refusal(404, GONE);
  for (const [name, value] of Object.entries(HEADERS)) sent.headers.set(name, value);
  // The CRM plays it inside its own page.
  sent.headers.set('cross-origin-resource-policy', 'cross-origin');
  return sent;
}

/** `GET /recordings/file/{rid}`. */
export const recordingPage = newApiApp();
recordingPage.get('/recordings/file/:rid', listen);

const words = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } });

recordingPage.openAPIRegistry.registerPath({
  method: 'get',
  path: '/recordings/file/{rid}',
  summary: 'A recording, for the people of a CRM',
  description:
    'The address is given to the CRM with the record of the call and proves itself: no sign-in is asked for. It is void when ' +
    'its time is up (`recording_link_days`), when the links were called back, and when the CRM is disconnected. `Range` of ' +
    'one part is answered with 206.',
  tags: ['CRM'],
  security: [],
  request: {
    params: z.object({ rid: z.string() }),
    query: z.object({
      enterprise_number: z.string(),
      source: z.string().openapi({ description: 'Family of the CRM.' }),
      call: z.string(),
      token: z.string().openapi({ description: 'Time in seconds until which it is good, and the proof.' }),
      download: z.enum(['0', '1']).optional(),
    }),
  },
  responses: {
    200: { description: 'The whole file.', content: { 'audio/wav': { schema: z.string() } } },
    206: { description: 'The part asked for.' },
    403: words(VOID),
    404: words(GONE),
    416: { description: 'The part is outside of the file; its length is in `Content-Range`.' },
  },
});

/** Calls back every address of a recording that the CRM was ever told. */
export function recordingRoutes(app: OpenAPIHono<AppEnv>, { prefix, family, tags }: Mount): void {
  const revoke = apiRoute({
    method: 'post',
    path: `${prefix}/recording-links/{ent}/revoke` as const,
    summary: 'Call back the addresses of recordings',
    description:
      'None that the CRM was told until now opens anything any more; its history keeps them. Records told from now on carry new ones.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(z.object({ revoked_at: z.iso.datetime() }), 'They are void.', {
        revoked_at: '2026-01-15T10:30:00.000Z',
      }),
    },
  });
  app.openapi(revoke, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const db = openDb(c.env.DB);
    const before = await knownLink(db, tenantId, family);
    const now = Date.now();
    // In place: whatever else of the options is being changed at this moment stays changed.
    await db
      .update(crmLinks)
      .set({ options: sql`json_set(${crmLinks.options}, '$.recordingsSince', ${now})` })
      .where(and(eq(crmLinks.tenantId, tenantId), eq(crmLinks.family, family)));
    await tellOfLinks(c.env, tenantId, family);
    const at = (ms: number) => ({ recordings_since: new Date(ms).toISOString() });
    await audit(c, 'crm.recordings.revoke', family, at(recordingVersion(before)), at(now));
    return c.json({ revoked_at: new Date(now).toISOString() }, 200);
  });
}
