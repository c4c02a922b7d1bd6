import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { knownLink, linkOf } from './links';
import { audit, crmError, own, type Mount } from './room';
import { DeadLetterBody, entParam, LinkStatusBody, LogBody } from './schemas';
import { deadView, logView, statusView } from './view';

const Ids = z.strictObject({
  ids: z
    .array(z.string().max(128))
    .min(1)
    .max(500)
    .optional()
    .openapi({ description: 'Absent: all of them.' }),
});

/** How a link is, what it asked, and what it could not tell. */
export function logRoutes(app: OpenAPIHono<AppEnv>, mount: Mount): void {
  const { prefix, family, tags } = mount;

  const status = apiRoute({
    method: 'get',
    path: `${prefix}/link/{ent}` as const,
    summary: 'How the link is',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: { 200: json(LinkStatusBody, 'Breaker, hold, backlog, counters.') },
  });
  app.openapi(status, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    return c.json(statusView(await linkOf(c.env, tenantId, family).status()), 200);
  });

  const logs = apiRoute({
    method: 'get',
    path: `${prefix}/logs/{ent}` as const,
    summary: 'What was asked of the CRM, and how it answered',
    description: 'Newest first, kept for 30 days; keys and tokens are masked.',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: {
      params: entParam,
      query: z.object({
        status: z.enum(['success', 'error']).optional(),
        event_type: z.string().max(64).optional(),
        call_id: z.string().max(128).optional(),
        phone: z.string().max(32).optional(),
        before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    },
    responses: {
      200: json(z.object({ items: z.array(LogBody), next: z.number().int().nullable() }), 'The entries.'),
    },
  });
  app.openapi(logs, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const { status: only, event_type, call_id, phone, before, limit } = c.req.valid('query');
    const page = await linkOf(c.env, tenantId, family).logs({
      limit,
      ...(only !== undefined && { status: only }),
      ...(event_type !== undefined && { eventType: event_type }),
      ...(call_id !== undefined && { callId: call_id }),
      ...(phone !== undefined && { phone: /^\d{7,}$/.test(phone) ? `+${phone}` : phone }),
      ...(before !== undefined && { before }),
    });
    return c.json(
      { items: page.items.map((entry) => logView(entry, tenantId, family)), next: page.next },
      200,
    );
  });

  const digest = apiRoute({
    method: 'get',
    path: `${prefix}/digest/{ent}` as const,
    summary: 'The last successes and the last errors',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(z.object({ successes: z.array(LogBody), errors: z.array(LogBody) }), 'Five each.'),
    },
  });
  app.openapi(digest, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const { successes, errors } = await linkOf(c.env, tenantId, family).digest();
    const view = (entry: (typeof errors)[number]) => logView(entry, tenantId, family);
    return c.json({ successes: successes.map(view), errors: errors.map(view) }, 200);
  });

  const dead = apiRoute({
    method: 'get',
    path: `${prefix}/dead-letters/{ent}` as const,
    summary: 'What could not be told',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: {
      params: entParam,
      query: z.object({
        cursor: z
          .string()
          .regex(/^\d{1,15}$/)
          .optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    },
    responses: {
      200: json(z.object({ items: z.array(DeadLetterBody), next: z.string().nullable() }), 'Newest first.'),
    },
  });
  app.openapi(dead, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const { cursor, limit } = c.req.valid('query');
    const page = await linkOf(c.env, tenantId, family).deadLetters({
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    return c.json({ items: page.items.map(deadView), next: page.next }, 200);
  });

  const replay = apiRoute({
    method: 'post',
    path: `${prefix}/dead-letters/{ent}/replay` as const,
    summary: 'Tell dead letters anew',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: { params: entParam, body: jsonRequest(Ids, {}) },
    responses: {
      200: json(z.object({ replayed: z.number().int() }), 'How many wait again.', { replayed: 2 }),
    },
  });
  app.openapi(replay, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const answer = await linkOf(c.env, tenantId, family).replay(c.req.valid('json').ids);
    await audit(c, 'crm.replay', family, null, answer);
    return c.json(answer, 200);
  });

  const discard = apiRoute({
    method: 'post',
    path: `${prefix}/dead-letters/{ent}/discard` as const,
    summary: 'Forget dead letters',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: { params: entParam, body: jsonRequest(Ids, { ids: ['c_01k0000000example/4'] }) },
    responses: {
      200: json(z.object({ discarded: z.number().int() }), 'How many are gone.', { discarded: 1 }),
    },
  });
  app.openapi(discard, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const answer = await linkOf(c.env, tenantId, family).discard(c.req.valid('json').ids);
    await audit(c, 'crm.discard', family, null, answer);
    return c.json(answer, 200);
  });

  const resume = apiRoute({
    method: 'post',
    path: `${prefix}/resume/{ent}` as const,
    summary: 'Try what waits now',
    description: 'Lifts the hold of a refused key and closes the breaker.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'INVALID_PARAMS'],
    request: { params: entParam },
    responses: { 200: json(LinkStatusBody, 'How the link is now.') },
  });
  app.openapi(resume, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    await knownLink(openDb(c.env.DB), tenantId, family);
    const link = linkOf(c.env, tenantId, family);
    const before = await link.status();
    await link.resume();
    await audit(c, 'crm.resume', family, { held: before.held?.reason ?? null }, { held: null });
    return c.json(statusView(await link.status()), 200);
  });

  const test = apiRoute({
    method: 'post',
    path: `${prefix}/test-connection/{ent}` as const,
    summary: 'Ask the CRM whether it takes our key',
    description: 'A success lifts the hold of a key that was refused before.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'INVALID_PARAMS', 'CALL_FAILED'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({ success: z.literal(true), details: z.string(), took_ms: z.number().int() }),
        'It does.',
        {
          success: true,
          details: '12 users',
          took_ms: 140,
        },
      ),
    },
  });
  app.openapi(test, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    await knownLink(openDb(c.env.DB), tenantId, family);
    const began = Date.now();
    const answer = await linkOf(c.env, tenantId, family).tryOut();
    if (!answer.ok) throw crmError(answer);
    return c.json(
      { success: true as const, details: answer.value.details, took_ms: Date.now() - began },
      200,
    );
  });
}
