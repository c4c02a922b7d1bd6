/** Which telephony the operators have, and the tenant's rules. */
import { z } from '@hono/zod-openapi';
import { checkOutgoingUrl, originsOf } from '../../objects/lib/outgoing-url';
import { CIPT_KEY } from '../../objects/lib/telephony/open';
import { sealText } from '../auth/secrets';
import type { OperatorSettingsData } from '../db/schema';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { OperatorsError } from './errors';
import { audit, dbOf, deskOf } from './room';
import { operatorsRoute } from './schemas';
import { saveSettings, settingsOf } from './store';

const ROOT = '/callcenter_operators/v1/admin';
const DAY_MS = 24 * 3_600_000;
/** A key that ends sooner is warned of. */
const WARN_DAYS = 60;
/** Of a key whose end nobody entered: what its vendor gives. */
const KEY_YEARS = 5;

const Template = z
  .string()
  .max(300)
  .regex(/^\/[^\s?#]*$/, 'a path that begins with /')
  .refine((path) => !/(^|\/)\.{1,2}(\/|$)/.test(path), { error: 'no dots as directions' })
  .refine((path) => [...path.matchAll(/\{([^}]*)\}/g)].every(([, name]) => PARTS.includes(name ?? '')), {
    error: 'only {user}, {cc_id} and {agent_id}',
  });
const PARTS = ['user', 'cc_id', 'agent_id'];

const common = {
  driver: z.enum(['asterisk', 'cipt']),
  bridge: z.string().max(64).nullable(),
  pbx: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
    .nullable(),
  softphone_server: z
    .string()
    .max(260)
    .regex(
      /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/,
      'a host, or a host and port',
    )
    .nullable()
    .openapi({
      description: 'Where softphones register; shown beside their login.',
      example: 'pbx.firm.example',
    }),
  pause_reasons: z.array(z.string().trim().min(1).max(80)).max(50),
  pause_after_missed: z.number().int().min(0).max(100).openapi({ description: '0: never.' }),
};
const cipt = {
  url: z.string().max(500),
  header: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'a name of a header'),
  add_path: Template.nullable(),
  remove_path: Template.nullable(),
};

const Settings = z
  .object({
    ...common,
    cipt: z
      .object({
        ...cipt,
        key: z.string().openapi({ description: 'Masked.' }),
        key_expires: z.string(),
        warning: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi('OperatorSettings');

const show = operatorsRoute({
  method: 'get',
  path: `${ROOT}/settings`,
  summary: 'The operators’ telephony',
  access: 'operator.view',
  responses: { 200: json(Settings, 'Keys are masked.') },
});

const save = operatorsRoute({
  method: 'put',
  path: `${ROOT}/settings`,
  summary: 'Set up the operators’ telephony',
  description: 'What is absent stays; a key that is absent stays as well.',
  access: 'operator.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        driver: common.driver.optional(),
        bridge: common.bridge.optional(),
        pbx: common.pbx.optional(),
        softphone_server: common.softphone_server.optional(),
        pause_reasons: common.pause_reasons.optional(),
        pause_after_missed: common.pause_after_missed.optional(),
        cipt: z
          .strictObject({
            url: cipt.url,
            header: cipt.header.default('X-API-KEY'),
            add_path: cipt.add_path.default(null),
            remove_path: cipt.remove_path.default(null),
            key: z.string().min(1).max(500).optional(),
            key_expires: z.iso.datetime({ offset: true }).optional(),
          })
          .optional(),
      }),
      { driver: 'asterisk', pause_reasons: ['lunch', 'training'], pause_after_missed: 3 },
    ),
  },
  responses: { 200: json(Settings, 'As they are now.') },
});

const answers = operatorsRoute({
  method: 'get',
  path: `${ROOT}/telephony`,
  summary: 'What telephony answered, by endpoint and status',
  access: 'operator.view',
  responses: {
    200: json(
      z.object({
        breaker: z.enum(['closed', 'open', 'half_open']),
        rests_until: z.string().nullable(),
        answers: z.array(
          z.object({
            endpoint: z.string(),
            status: z.number().int(),
            count: z.number().int(),
            last: z.string(),
          }),
        ),
      }),
      'Running totals.',
    ),
  },
});

/** `/v1/admin/settings`, `/v1/admin/telephony`. */
export const settings = newApiApp();

function view(data: OperatorSettingsData, now: number): z.infer<typeof Settings> {
  const { cipt: known } = data;
  const days = known === undefined ? null : Math.floor((known.keyExpiresAt - now) / DAY_MS);
  return {
    driver: data.driver ?? 'asterisk',
    bridge: data.bridge ?? null,
    pbx: data.pbx ?? null,
    softphone_server: data.softphoneServer ?? null,
    pause_reasons: data.pauseReasons ?? [],
    pause_after_missed: data.pauseAfterMissed ?? 0,
    cipt:
      known === undefined || days === null
        ? null
        : {
            url: known.url,
            header: known.header,
            add_path: known.addPath ?? null,
            remove_path: known.removePath ?? null,
            key: `****${known.hint}`,
            key_expires: new Date(known.keyExpiresAt).toISOString(),
            warning:
              days < 0
                ? 'The key has expired: enter a new one.'
                : days < WARN_DAYS
                  ? `The key ends in ${days} days: enter a new one before that.`
                  : null,
          },
  };
}

settings.openapi(show, async (c) =>
  c.json(view(await settingsOf(dbOf(c), c.var.identity.tenantId), Date.now()), 200),
);

settings.openapi(save, async (c) => {
  const db = dbOf(c);
  const { tenant, tenantId } = c.var.identity;
  const given = c.req.valid('json');
  const before = await settingsOf(db, tenantId);
  const now = Date.now();
  if (given.bridge != null && !tenant.bridges.some(({ id }) => id === given.bridge))
    throw new OperatorsError(400, 'INVALID_PARAMS', 'No such bridge.', { bridge: ['no such bridge'] });
  const next: OperatorSettingsData = {
    driver: given.driver ?? before.driver,
    bridge: given.bridge === undefined ? before.bridge : (given.bridge ?? undefined),
    pbx: given.pbx === undefined ? before.pbx : (given.pbx ?? undefined),
    softphoneServer:
      given.softphone_server === undefined ? before.softphoneServer : (given.softphone_server ?? undefined),
    pauseReasons: given.pause_reasons ?? before.pauseReasons,
    pauseAfterMissed: given.pause_after_missed ?? before.pauseAfterMissed,
    cipt: before.cipt,
  };
  if (given.cipt !== undefined) next.cipt = ciptOf(given.cipt, before.cipt);
  await saveSettings(db, tenantId, next, now);
  await deskOf(c).configure({
    bridgeId: next.bridge ?? null,
    pbx: next.pbx ?? null,
    pauseAfterMissed: next.pauseAfterMissed ?? 0,
  });
  await audit(c, db, 'operator.settings', tenantId, view(before, now), view(next, now));
  return c.json(view(next, now), 200);

  function ciptOf(
    { key, key_expires, add_path, remove_path, url, header }: NonNullable<typeof given.cipt>,
    known: OperatorSettingsData['cipt'],
  ): NonNullable<OperatorSettingsData['cipt']> {
    const checked = checkOutgoingUrl(url, originsOf(c.env.OUTGOING_ORIGINS));
    if (!checked.ok)
      throw new OperatorsError(400, 'INVALID_PARAMS', `The address ${checked.message}.`, {
        'cipt.url': [checked.message],
      });
    if (key === undefined && known === undefined)
      throw new OperatorsError(400, 'INVALID_PARAMS', 'The key is missing.', { 'cipt.key': ['is missing'] });
    // A key goes to the address it was entered for, and nowhere else.
    if (key === undefined && known !== undefined && new URL(known.url).origin !== checked.url.origin)
      throw new OperatorsError(400, 'INVALID_PARAMS', 'Another address needs the key anew.', {
        'cipt.key': ['enter it again for the new address'],
      });
    const isNew = key !== undefined;
    const expiry = key_expires === undefined ? undefined : Date.parse(key_expires);
    return {
      url: checked.url.href.replace(/\/+$/, ''),
      header,
      key: isNew ? sealText(c.env, tenantId, CIPT_KEY, key) : (known?.key ?? ''),
      hint: isNew ? key.slice(-4) : (known?.hint ?? ''),
      keyExpiresAt:
        expiry ?? (isNew || known === undefined ? now + KEY_YEARS * 365 * DAY_MS : known.keyExpiresAt),
      ...(add_path !== null && { addPath: add_path }),
      ...(remove_path !== null && { removePath: remove_path }),
    };
  }
});

settings.openapi(answers, async (c) => {
  const { breaker, restsUntil, counts } = await deskOf(c).answers();
  return c.json(
    {
      breaker,
      rests_until: restsUntil === null ? null : new Date(restsUntil).toISOString(),
      answers: counts.map(({ lastAt, ...rest }) => ({ ...rest, last: new Date(lastAt).toISOString() })),
    },
    200,
  );
});
