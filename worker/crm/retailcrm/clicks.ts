/** What RetailCRM asks of us when its people click: a call (`makeCallUrl`), or a changed status (`changeUserStatusUrl`). */
import { z } from '@hono/zod-openapi';
import { and, eq } from 'drizzle-orm';
import type { Context } from 'hono';
import type { TenantView } from '../../../objects/session-gate/contract';
import { openDb } from '../../db';
import { crmLinks } from '../../db/schema';
import { readBodyText } from '../../http/body';
import type { AppEnv } from '../../http/context';
import { newApiApp } from '../../http/openapi';
import { extensionsOf, linkOf } from '../links';
import { place } from './placing';

const BODY_LIMIT = 16 * 1_024;
const FIELDS = ['clientId', 'code', 'phone', 'userId', 'externalPhone', 'siteCode', 'status'] as const;
type Field = (typeof FIELDS)[number];
type Asked = Partial<Record<Field, string>>;

const STATUSES = ['free', 'busy', 'dinner', 'break'];

/** From the query, a form or JSON, whichever the CRM uses; the query counts where a name is in both. */
async function readAsked(c: Context<AppEnv>): Promise<Asked> {
  const { searchParams } = new URL(c.req.url);
  const read = c.req.method === 'POST' ? await readBodyText(c.req.raw, BODY_LIMIT) : null;
  const body = read?.ok === true ? fieldsOf(read.text) : {};
  const asked: Asked = {};
  for (const field of FIELDS) {
    const given = searchParams.get(field) ?? body[field];
    if (typeof given === 'string' || typeof given === 'number')
      asked[field] = String(given).trim().slice(0, 200);
  }
  return asked;
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
}

/** The tenant whose registration this id is of; null for any other. */
async function tenantOfClient(c: Context<AppEnv>, clientId: string | undefined): Promise<TenantView | null> {
  if (clientId === undefined || !/^[0-9a-f]{32,128}$/.test(clientId)) return null;
  const [row] = await openDb(c.env.DB)
    .select({ tenantId: crmLinks.tenantId, enabled: crmLinks.enabled })
    .from(crmLinks)
    .where(and(eq(crmLinks.clientId, clientId), eq(crmLinks.family, 'retailcrm')));
  if (row?.enabled !== true) return null;
  return c.env.SESSION_GATE.getByName(row.tenantId).tenant();
}

const plain = (status: 200 | 400 | 401 | 500 | 502, text: string): Response =>
  new Response(text, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });

const UNAUTHORIZED = 'Unauthorized: Invalid clientId';

interface Outcome {
  status: 200 | 400 | 500 | 502;
  text: string;
  callId: string | null;
}

/** Answers what the CRM's person is shown: anything but 200 is a failure to them. */
async function click(c: Context<AppEnv>, tenant: TenantView, asked: Asked): Promise<Outcome> {
  const byUser =
    asked.userId === undefined
      ? undefined
      : (await extensionsOf(openDb(c.env.DB), tenant.id, 'retailcrm'))[asked.userId];
  const extension = asked.code === undefined || asked.code === '' ? byUser : asked.code;
  if (extension === undefined) {
    const text = `No extension configured for user ${asked.userId ?? 'unknown'}`;
    return { status: 400, text, callId: null };
  }
  return place(c.env, tenant, { extension, phone: asked.phone ?? '' });
}

async function makeCall(c: Context<AppEnv>): Promise<Response> {
  const asked = await readAsked(c);
  const tenant = await tenantOfClient(c, asked.clientId);
  if (tenant === null) return plain(401, UNAUTHORIZED);
  const began = Date.now();
  const { status, text, callId } = await click(c, tenant, asked);
  await note(c, tenant.id, 'make_call', asked, { status, text, callId, durationMs: Date.now() - began });
  return plain(status, text);
}

/** A person's status in the CRM is theirs: we note it, and tell the CRM that we have. */
async function changeStatus(c: Context<AppEnv>): Promise<Response> {
  const asked = await readAsked(c);
  const tenant = await tenantOfClient(c, asked.clientId);
  if (tenant === null) return plain(401, UNAUTHORIZED);
  const isKnown = STATUSES.includes(asked.status ?? '');
  const [status, text] = isKnown ? ([200, 'OK'] as const) : ([400, 'The status is not valid.'] as const);
  await note(c, tenant.id, 'user_status', asked, { status, text, callId: null, durationMs: 0 });
  return plain(status, text);
}

function note(
  c: Context<AppEnv>,
  tenantId: string,
  eventType: 'make_call' | 'user_status',
  { clientId: _, ...request }: Asked,
  { status, text, callId, durationMs }: Outcome & { durationMs: number },
): Promise<void> {
  return linkOf(c.env, tenantId, 'retailcrm').note({
    eventType,
    callId,
    phone: request.phone ?? null,
    request,
    httpStatus: status,
    error: status === 200 ? null : text,
    durationMs,
  });
}

/** `/retailcrm/make-call`, `/retailcrm/status`. */
export const clicks = newApiApp();

const PATHS = {
  '/retailcrm/make-call': { does: makeCall, asksPbx: true, summary: 'RetailCRM’s click on a phone number' },
  '/retailcrm/status': {
    does: changeStatus,
    asksPbx: false,
    summary: 'Somebody’s status in RetailCRM changed',
  },
} as const;

const text = { 'text/plain': { schema: z.string() } };
for (const [path, { does, asksPbx, summary }] of Object.entries(PATHS)) {
  clicks.get(path, does);
  clicks.post(path, does);
  for (const method of ['get', 'post'] as const)
    clicks.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      description:
        'Parameters from the query, a form or JSON. Whoever asks proves it by the clientId of the registration.',
      tags: ['RetailCRM'],
      security: [],
      request: {
        query: z.object({
          clientId: z.string().optional(),
          code: z.string().optional().openapi({ description: 'Extension; goes before the one of userId.' }),
          userId: z.string().optional(),
          phone: z.string().optional(),
          externalPhone: z.string().optional(),
          status: z.string().optional(),
        }),
      },
      responses: {
        200: { description: 'OK', content: text },
        400: { description: 'Which parameter is wrong, in words.', content: text },
        401: { description: UNAUTHORIZED, content: text },
        ...(asksPbx && { 502: { description: 'The PBX failed, in words.', content: text } }),
      },
    });
}
