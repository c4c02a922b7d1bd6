import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { checkExtensions, internalPhones } from './internal-phones';
import { extensionsOf, knownLink, linkOf, saveExtensions, tellOfLinks } from './links';
import { audit, crmError, own, type Mount } from './room';
import { CrmUserId, entParam, Extension, UserExtensions } from './schemas';

const success = z.literal(true);

const CrmPerson = z
  .object({
    id: z.string(),
    firstName: z.string(),
    lastName: z.string(),
    email: z.string(),
    groups: z.array(z.string()),
    extension: z.string().nullable(),
    crm_code: z.string().nullable().openapi({ description: 'The extension the CRM has for him.' }),
  })
  .openapi('CrmPerson');

const Assignment = z.object({ userId: z.string(), code: z.string() });

/** People of the CRM and our extensions: who has which, here and there. */
export function peopleRoutes(app: OpenAPIHono<AppEnv>, mount: Mount): void {
  const { prefix, family, tags } = mount;

  const phones = apiRoute({
    method: 'get',
    path: `${prefix}/internal-phones/{ent}` as const,
    summary: 'Our extensions with their owners',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({
          success,
          phones: z.array(
            z.object({
              phone_number: z.string(),
              user_id: z.string().nullable(),
              owner: z.string().nullable(),
            }),
          ),
          total: z.number().int(),
        }),
        'By their numbers.',
      ),
    },
  });
  app.openapi(phones, async (c) => {
    const list = await internalPhones(openDb(c.env.DB), own(c, c.req.valid('param').ent));
    return c.json({ success: true as const, phones: list, total: list.length }, 200);
  });

  const extensions = apiRoute({
    method: 'get',
    path: `${prefix}/user-extensions/{ent}` as const,
    summary: 'Who of the CRM has which extension',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({ success, user_extensions: UserExtensions, total: z.number().int() }),
        'By the CRM’s user ids.',
      ),
    },
  });
  app.openapi(extensions, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const known = await extensionsOf(openDb(c.env.DB), tenantId, family);
    return c.json({ success: true as const, user_extensions: known, total: Object.keys(known).length }, 200);
  });

  const save = apiRoute({
    method: 'post',
    path: `${prefix}/save-extensions/{ent}` as const,
    summary: 'Give extensions to people of the CRM',
    description:
      'An extension belongs to one person: whoever had it loses it. null takes it away. Stored first, then pushed to the CRM; where that fails it is kept here, `sync` is `pending` and it is tried again.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: {
      params: entParam,
      body: jsonRequest(
        z.strictObject({
          extensions: UserExtensions.refine((all) => Object.keys(all).length <= 500, 'at most 500 at once'),
        }),
        { extensions: { '11': null } },
      ),
    },
    responses: {
      200: json(
        z.object({
          success,
          saved_extensions: UserExtensions,
          assignments: z.array(Assignment),
          sync: z.enum(['ok', 'pending']),
          error: z.string().nullable().openapi({ description: 'Why the CRM did not take them.' }),
        }),
        'All of them as they are now.',
      ),
    },
  });
  app.openapi(save, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const { extensions: change } = c.req.valid('json');
    const db = openDb(c.env.DB);
    await knownLink(db, tenantId, family);
    await checkExtensions(db, tenantId, change);
    const before = await extensionsOf(db, tenantId, family);
    await saveExtensions(c.env, tenantId, family, change);
    await tellOfLinks(c.env, tenantId, family);
    const saved = await extensionsOf(db, tenantId, family);
    await audit(c, 'crm.extensions', family, before, saved);
    const link = linkOf(c.env, tenantId, family);
    const began = Date.now();
    const pushed = await link.sync();
    await link.note({
      eventType: 'save_extensions',
      callId: null,
      phone: null,
      request: Object.fromEntries(Object.entries(change).map(([userId, code]) => [userId, code ?? ''])),
      httpStatus: 200,
      error: pushed.ok ? null : pushed.error,
      durationMs: Date.now() - began,
    });
    const assignments = Object.entries(saved).map(([userId, code]) => ({ userId, code }));
    return c.json(
      {
        success: true as const,
        saved_extensions: saved,
        assignments,
        sync: pushed.ok ? ('ok' as const) : ('pending' as const),
        error: pushed.ok ? null : pushed.error,
      },
      200,
    );
  });

  const sync = apiRoute({
    method: 'post',
    path: `${prefix}/sync-extensions/{ent}` as const,
    summary: 'Push our extensions to the CRM',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'INVALID_PARAMS', 'CALL_FAILED'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({
          success,
          synced_extensions: z.number().int(),
          local_extensions: UserExtensions,
          unknown_users: z
            .array(z.string())
            .openapi({ description: 'People the CRM says it does not have.' }),
        }),
        'The CRM has what we have.',
      ),
    },
  });
  app.openapi(sync, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const db = openDb(c.env.DB);
    await knownLink(db, tenantId, family);
    const answer = await linkOf(c.env, tenantId, family).sync();
    if (!answer.ok) throw crmError(answer);
    await audit(c, 'crm.sync', family, null, { pushed: answer.value.pushed });
    const local = await extensionsOf(db, tenantId, family);
    const { pushed, unknownUsers } = answer.value;
    return c.json(
      {
        success: true as const,
        synced_extensions: pushed,
        local_extensions: local,
        unknown_users: unknownUsers,
      },
      200,
    );
  });

  const refresh = apiRoute({
    method: 'post',
    path: `${prefix}/refresh-managers/{ent}` as const,
    summary: 'Read the people of the CRM',
    description:
      'All active ones, whatever their status. Where we have no extensions yet those of the CRM are taken over, as far as they are extensions of ours; otherwise ours count.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'INVALID_PARAMS', 'CALL_FAILED'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({ success, users: z.array(CrmPerson), total: z.number().int(), imported: z.number().int() }),
        'By their ids.',
      ),
    },
  });
  app.openapi(refresh, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const db = openDb(c.env.DB);
    await knownLink(db, tenantId, family);
    const answer = await linkOf(c.env, tenantId, family).users();
    if (!answer.ok) throw crmError(answer);
    let local = await extensionsOf(db, tenantId, family);
    let imported = 0;
    if (Object.keys(local).length === 0) {
      const ours = new Set((await internalPhones(db, tenantId)).map((phone) => phone.phone_number));
      const theirs = new Map(
        answer.value.flatMap((user) =>
          user.crmCode !== null && ours.has(user.crmCode) ? [[user.crmCode, user.id]] : [],
        ),
      );
      const taken = Object.fromEntries([...theirs].map(([code, id]) => [id, code]));
      imported = Object.keys(taken).length;
      if (imported > 0) {
        await saveExtensions(c.env, tenantId, family, taken);
        await tellOfLinks(c.env, tenantId, family);
        await audit(c, 'crm.import', family, {}, taken);
        local = taken;
      }
    }
    const users = answer.value.map(({ crmCode, ...user }) => ({
      ...user,
      extension: local[user.id] ?? null,
      crm_code: crmCode,
    }));
    return c.json({ success: true as const, users, total: users.length, imported }, 200);
  });

  const drift = apiRoute({
    method: 'get',
    path: `${prefix}/drift/{ent}` as const,
    summary: 'How our extensions differ from the CRM’s',
    description: '`sync-extensions` makes the CRM’s the same as ours.',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND', 'INVALID_PARAMS', 'CALL_FAILED'],
    request: { params: entParam },
    responses: {
      200: json(
        z
          .object({
            missing: z.array(Assignment).openapi({ description: 'Here, not there.' }),
            extra: z.array(Assignment).openapi({ description: 'There, not here.' }),
            different: z.array(Assignment.extend({ crmCode: z.string() })),
            active: z.boolean().openapi({ description: 'Whether the CRM has our module switched on.' }),
          })
          .openapi('CrmDrift'),
        'The differences.',
      ),
    },
  });
  app.openapi(drift, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    await knownLink(openDb(c.env.DB), tenantId, family);
    const answer = await linkOf(c.env, tenantId, family).drift();
    if (!answer.ok) throw crmError(answer);
    return c.json(answer.value, 200);
  });

  const testCall = apiRoute({
    method: 'post',
    path: `${prefix}/test-call/{ent}` as const,
    summary: 'Show somebody of the CRM a popup, and close it',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'INVALID_PARAMS', 'CALL_FAILED'],
    request: {
      params: entParam,
      body: jsonRequest(z.strictObject({ userId: CrmUserId, code: Extension }), {
        userId: '11',
        code: '101',
      }),
    },
    responses: { 200: json(z.object({ success }), 'The CRM took both.', { success: true }) },
  });
  app.openapi(testCall, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    await knownLink(openDb(c.env.DB), tenantId, family);
    const answer = await linkOf(c.env, tenantId, family).tryPopup(c.req.valid('json'));
    if (!answer.ok) throw crmError(answer);
    return c.json({ success: true as const }, 200);
  });
}
