import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { checkExtensions } from './internal-phones';
import {
  checkedUrl,
  deleteLink,
  extensionsOf,
  findLink,
  knownLink,
  linkOf,
  rulesOf,
  saveExtensions,
  saveLink,
  saveRules,
  secretOf,
  tellOfLinks,
  type LinkChange,
  type LinkRow,
} from './links';
import { audit, crmError, own, publicOrigin, type Mount } from './room';
import { ConfigAnswer, ConfigChange, entParam } from './schemas';
import { configView, maskOf } from './view';

type ConfigBody = z.infer<typeof ConfigAnswer>;

/** The configuration as it is shown. */
export async function showConfig(c: Context<AppEnv>, mount: Mount, tenantId: string): Promise<ConfigBody> {
  const db = openDb(c.env.DB);
  const [row, extensions, rules, status] = await Promise.all([
    knownLink(db, tenantId, mount.family),
    extensionsOf(db, tenantId, mount.family),
    rulesOf(db, tenantId),
    linkOf(c.env, tenantId, mount.family).status(),
  ]);
  const lastSync = status.sync.state === 'ok' ? status.sync.at : null;
  return { enterprise_number: tenantId, config: configView(row, extensions, rules, lastSync) };
}

/** What of a change is the link's own row. */
function changeOf(
  c: Context<AppEnv>,
  mount: Mount,
  before: LinkRow | null,
  given: z.infer<typeof ConfigChange>,
): LinkChange {
  const options = { ...before?.options };
  const set = <K extends keyof typeof options>(
    name: K,
    value: (typeof options)[K] | null | undefined,
  ): void => {
    if (value === undefined) return;
    if (value === null) delete options[name];
    else options[name] = value;
  };
  set('site', given.site === '' ? null : given.site);
  set('zone', given.zone);
  set('lines', given.lines);
  set('prefixIds', given.prefix_ids);
  set('popupLifeSec', given.popup_life_sec);
  set('recordingDays', given.recording_link_days);
  if (given.send_recordings !== undefined) set('noRecordings', given.send_recordings ? null : true);
  // A family that is not registered with the CRM has no other moment to learn under which address we are reached.
  options.publicUrl ??= publicOrigin(c.req.raw, c.env);
  const kept = given.api_key === undefined || (before !== null && given.api_key === maskOf(before.hint));
  const what = mount.family === 'webhook' ? 'address' : 'origin';
  return {
    options,
    ...(given.enabled !== undefined && { enabled: given.enabled }),
    ...(given.domain !== undefined && { url: checkedUrl(c.env, given.domain, what) }),
    ...(!kept && { secret: given.api_key }),
  };
}

/** Changes what is given of a link's configuration, and tells everybody who goes by it. Answers it as it is now. */
export async function changeConfig(
  c: Context<AppEnv>,
  mount: Mount,
  tenantId: string,
  given: z.infer<typeof ConfigChange>,
): Promise<ConfigBody> {
  const { family } = mount;
  const db = openDb(c.env.DB);
  const before = await findLink(db, tenantId, family);
  const was = before === null ? null : (await showConfig(c, mount, tenantId)).config;
  if (given.user_extensions !== undefined) await checkExtensions(db, tenantId, given.user_extensions);
  await saveLink(c.env, tenantId, family, before, changeOf(c, mount, before, given));
  if (given.user_extensions !== undefined)
    await saveExtensions(c.env, tenantId, family, given.user_extensions);
  if (given.rules !== undefined) await saveRules(db, tenantId, given.rules);
  await tellOfLinks(c.env, tenantId, family);
  const now = await showConfig(c, mount, tenantId);
  await audit(c, 'crm.config', family, was, now.config);
  // What the CRM keeps of it. Where it can't be reached now, the link tries again by itself and says so in its state.
  const isTheCrms = [given.user_extensions, given.lines, given.site].some((part) => part !== undefined);
  if (isTheCrms && now.config.registered_at !== null) await linkOf(c.env, tenantId, family).sync();
  return now;
}

/** `GET`, `PUT` and `DELETE` of a link's configuration. */
export function configRoutes(app: OpenAPIHono<AppEnv>, mount: Mount): void {
  const { prefix, family, tags } = mount;
  const path = `${prefix}/config/{ent}` as const;

  const show = apiRoute({
    method: 'get',
    path,
    summary: 'Configuration of the link',
    description: 'The key is masked.',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: { 200: json(ConfigAnswer, 'The configuration.') },
  });
  const change = apiRoute({
    method: 'put',
    path,
    summary: 'Change the configuration of the link',
    description:
      'Fields that are absent stay as they are; it counts from the next event on. Extensions, lines and the site are pushed to a CRM that knows us; with another address or key see `register`. A new link needs `domain` and `api_key`.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: {
      params: entParam,
      body: jsonRequest(z.strictObject({ config: ConfigChange }), {
        config: {
          enabled: true,
          domain: 'https://demo.retailcrm.example.com',
          api_key: 'an-invented-key',
          rules: { attribution: 'last' },
        },
      }),
    },
    responses: { 200: json(ConfigAnswer, 'The configuration as it is now.') },
  });
  const remove = apiRoute({
    method: 'delete',
    path,
    summary: 'Disconnect the CRM',
    description:
      'Tells the CRM that we are gone where it can be reached, forgets the key, the extensions and what waits. Sign-ins from the CRM end.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(z.object({ success: z.literal(true), message: z.string() }), 'It is disconnected.', {
        success: true,
        message: 'Disconnected.',
      }),
    },
  });

  app.openapi(show, async (c) => c.json(await showConfig(c, mount, own(c, c.req.valid('param').ent)), 200));

  app.openapi(change, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    return c.json(await changeConfig(c, mount, tenantId, c.req.valid('json').config), 200);
  });

  app.openapi(remove, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const db = openDb(c.env.DB);
    const row = await knownLink(db, tenantId, family);
    const was = (await showConfig(c, mount, tenantId)).config;
    const told = await sayGoodbye(c, mount, row);
    await deleteLink(c.env, tenantId, family);
    await tellOfLinks(c.env, tenantId, family);
    await audit(c, 'crm.disconnect', family, was, null);
    const message = told === null ? 'Disconnected.' : `Disconnected here; the CRM still lists us: ${told}`;
    return c.json({ success: true as const, message }, 200);
  });
}

/** Null when the CRM knows, or never knew of us; else why not. A CRM that is away keeps nobody connected. */
async function sayGoodbye(c: Context<AppEnv>, mount: Mount, row: LinkRow): Promise<string | null> {
  const secret = secretOf(c.env, row);
  if (row.registeredAt === null || row.clientId === null || secret === null) return null;
  const publicUrl = row.options.publicUrl ?? publicOrigin(c.req.raw, c.env);
  const answer = await linkOf(c.env, row.tenantId, mount.family).register({
    candidate: { url: row.url, secret },
    clientId: row.clientId,
    publicUrl,
    accountUrl: `${publicUrl}/retailcrm-admin/`,
    active: false,
  });
  return answer.ok ? null : crmError(answer).message;
}
