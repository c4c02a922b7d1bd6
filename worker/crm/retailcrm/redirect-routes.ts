import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { AppEnv } from '../../http/context';
import { DEFAULT_BODY_LIMIT, readBodyText } from '../../http/body';
import { PlatformError } from '../../http/errors';
import { apiRoute, fieldProblems, json, jsonRequest } from '../../http/openapi';
import { tenantOfPbxToken } from '../../pbx/tenant-of-token';
import { parseObject } from '../../pbx/told';
import { audit, own, type Mount } from '../room';
import { Enterprise, entParam } from '../schemas';
import { changeGuide, GuideBody, GuideChange, guideOf } from './guide-settings';

const Asked = z
  .strictObject({
    enterprise_number: Enterprise,
    phone: z
      .string()
      .regex(/^\+?[\d\s().-]{3,30}$/, 'not a phone number')
      .openapi({ example: '375290000001' }),
    unique_id: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,150}$/, 'not an id of a channel')
      .optional()
      .openapi({ example: '1760000000.100', description: '`UniqueId` of the caller’s channel.' }),
    channel: z
      .string()
      .regex(/^[A-Za-z0-9/_.@;:-]{1,80}$/, 'not a channel')
      .optional()
      .openapi({ description: 'Name of the caller’s channel, where its `UniqueId` is not known.' }),
    trunk: z.string().max(120).optional().openapi({ example: '0001001' }),
    execute: z.boolean().optional().openapi({
      description: 'Whether the caller is sent there. Where absent: if a channel is given.',
    }),
  })
  .openapi('SmartRedirect');

const Answer = z.object({
  success: z.literal(true),
  extension: z.string().nullable(),
  user_id: z.string().nullable().openapi({ description: 'Of the manager in the CRM.' }),
  customer_name: z.string().nullable(),
  source: z.enum(['crm', 'cache', 'history', 'none']),
  redirect: z.enum(['queued', 'skipped']),
  reason: z
    .enum(['repeated', 'answered', 'ended', 'outgoing', 'unknown'])
    .nullable()
    .openapi({ description: 'Why the caller is not sent there; null where he is, or nobody asked for it.' }),
  took_ms: z.number().int(),
});

const Metrics = z.object({
  requests_total: z.number().int(),
  cache_hits: z.number().int(),
  dialplan_computed: z.number().int(),
  errors_total: z.number().int(),
  latency_p50_ms: z.number().nullable(),
  latency_p95_ms: z.number().nullable(),
  error_rate: z.number().openapi({ description: 'Errors per request, 0–1.' }),
  samples: z.number().int(),
});

async function redirect(
  c: Context<AppEnv>,
  tenantId: string,
  by: string,
  asked: z.infer<typeof Asked>,
): Promise<z.infer<typeof Answer>> {
  const began = Date.now();
  const { phone, trunk = '', unique_id: uniqueid = null, channel = null } = asked;
  const guide = c.env.CALLER_GUIDE.getByName(tenantId);
  const { extension, userId, customerName, source } = await guide.advise({ phone, trunk });
  const wanted = (asked.execute ?? true) && (uniqueid !== null || channel !== null);
  const sent =
    wanted && extension !== null ? await guide.redirect({ uniqueid, channel, extension, phone, by }) : null;
  return {
    success: true,
    extension,
    user_id: userId,
    customer_name: customerName,
    source,
    redirect: sent?.ok === true ? 'queued' : 'skipped',
    reason: sent?.ok === false ? sent.reason : null,
    took_ms: Date.now() - began,
  };
}

/** Whoever speaks for the PBX proves it by its token, in place of a session. */
const byToken: MiddlewareHandler<AppEnv> = async (c, next) => {
  const token = c.req.header('token');
  if (token === undefined || c.req.header('authorization') !== undefined) return next();
  const tenantId = await tenantOfPbxToken(c.env, token.trim());
  if (tenantId === null) throw new PlatformError('AUTH_FAIL', 'Unknown token.');
  const read = await readBodyText(c.req.raw, DEFAULT_BODY_LIMIT);
  if (!read.ok && read.reason === 'too_large')
    throw new PlatformError('BODY_TOO_LARGE', `The body is larger than ${DEFAULT_BODY_LIMIT} bytes.`);
  const asked = Asked.safeParse(read.ok ? parseObject(read.text) : null);
  if (!asked.success)
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', {
      details: fieldProblems(asked.error),
    });
  if (asked.data.enterprise_number !== tenantId) throw new PlatformError('NOT_FOUND', 'No such enterprise.');
  return c.json(await redirect(c, tenantId, 'pbx', asked.data), 200);
};

/** Smart redirect: who knows a caller, and sending him there; its settings, and how it goes. */
export function redirectRoutes(app: OpenAPIHono<AppEnv>, { prefix, tags }: Mount): void {
  const path = `${prefix}/smart-redirect` as const;

  const ask = apiRoute({
    method: 'post',
    path,
    summary: 'Who knows a caller, and send him there',
    description:
      'Ends within a second. A caller is sent elsewhere at most once, and never after somebody answered or he hung up. The header `Token` of the PBX host serves in place of a session.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: {
      headers: z.object({ Token: z.string().max(128).optional() }),
      body: jsonRequest(Asked, { enterprise_number: '0101', phone: '375290000001', trunk: '0001001' }),
    },
    responses: {
      200: json(Answer, 'What is known, and whether he is sent there.', {
        success: true,
        extension: '101',
        user_id: '11',
        customer_name: 'Ann Example',
        source: 'crm',
        redirect: 'queued',
        reason: null,
        took_ms: 120,
      }),
    },
  });
  app.use(path, byToken);
  app.openapi(ask, async (c) => {
    const asked = c.req.valid('json');
    const tenantId = own(c, asked.enterprise_number);
    return c.json(await redirect(c, tenantId, `user:${c.var.identity.userId}`, asked), 200);
  });

  const show = apiRoute({
    method: 'get',
    path: `${path}/{ent}/settings` as const,
    summary: 'How callers are named and sent to whoever knows them',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: { 200: json(GuideBody, 'The settings, with the defaults of what was never set.') },
  });
  app.openapi(show, async (c) => c.json(await guideOf(c.env, own(c, c.req.valid('param').ent)), 200));

  const change = apiRoute({
    method: 'put',
    path: `${path}/{ent}/settings` as const,
    summary: 'Change how callers are named and sent on',
    description:
      'Fields that are absent stay as they are, within a line as well; null takes a line away. It counts from the next call on.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: {
      params: entParam,
      body: jsonRequest(GuideChange, {
        mode: 'routing+name',
        phone_ids: { '101': '12' },
        lines: { 'gsm:0001001': { algorithm: 'last_call', line_name: 'Shop', send_line_name: true } },
      }),
    },
    responses: { 200: json(GuideBody, 'The settings as they are now.') },
  });
  app.openapi(change, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const before = await guideOf(c.env, tenantId);
    await changeGuide(c.env, tenantId, c.req.valid('json'));
    const after = await guideOf(c.env, tenantId);
    await audit(c, 'crm.smart_redirect', tenantId, before, after);
    return c.json(after, 200);
  });

  const metrics = apiRoute({
    method: 'get',
    path: `${path}/{ent}/metrics` as const,
    summary: 'How fast and how often callers are guided',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: { 200: json(Metrics, 'Totals since the start; latencies of the newest 500, milliseconds.') },
  });
  app.openapi(metrics, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    return c.json(await c.env.CALLER_GUIDE.getByName(tenantId).metrics(), 200);
  });
}
