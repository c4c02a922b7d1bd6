import { z } from '@hono/zod-openapi';
import { openDb } from '../../../db';
import { recordAudit } from '../../../http/audit';
import { clientAddress } from '../../../http/client-address';
import { linkOf as bridgeOfId } from '../../../bridge/links';
import { newApiApp } from '../../../http/openapi';
import { ownerOfExtension, place } from '../placing';
import { aboutService } from './about';
import { askHost, hostsOf } from './pbx';
import { serviceRoute, ServiceRefusal, type Asked } from './route';

/** What the old Asterisk service answered, at its paths. */
export const service = newApiApp();
service.route('/', aboutService);

const Common = {
  success: z.literal(true),
  message: z.string(),
  enterprise: z.string(),
  enterprise_number: z.string(),
  host_ip: z.string().nullable().openapi({ description: 'Where the PBX’s bridge connects from, if known.' }),
  response_time_ms: z.number().int(),
};
const COMMON_EXAMPLE = {
  success: true,
  enterprise: 'Demo One',
  enterprise_number: '0101',
  host_ip: '203.0.113.7',
  response_time_ms: 84,
};
const common = ({ tenant, tookMs }: Asked<string>, host_ip: string | null) => ({
  enterprise: tenant.name,
  enterprise_number: tenant.id,
  host_ip,
  response_time_ms: tookMs(),
});

/** @throws ServiceRefusal 400 */
async function checkExtension({ c, tenant }: Asked<string>, extension: string): Promise<void> {
  if ((await ownerOfExtension(c.env, tenant.id, extension)) === undefined)
    throw new ServiceRefusal(400, `${extension.slice(0, 20)} is no extension of this company`);
}

serviceRoute(service, {
  path: '/api/makecallexternal',
  summary: 'Ring an extension, and then a customer',
  looksForCall: false,
  description: 'The same extension and number within 3 seconds is the same call. A `+` in a query is `%2B`.',
  fields: {
    code: { example: '101', description: 'Extension that is rung first.' },
    phone: { example: '+375290000000', description: 'Customer.' },
  },
  answer: z.object({
    ...Common,
    from_ext: z.string(),
    to_phone: z.string(),
    display_name: z.string().nullable().openapi({ description: 'What the extension’s phone shows.' }),
    customer: z.object({ name: z.string() }).optional(),
  }),
  example: {
    ...COMMON_EXAMPLE,
    message: 'Calling +375290000000 from 101',
    from_ext: '101',
    to_phone: '+375290000000',
    display_name: 'Ann Example',
    customer: { name: 'Ann Example' },
  },
  eventType: 'make_call',
  about: ({ phone }) => ({ phone }),
  async does(asked) {
    const { c, tenant, fields } = asked;
    const placed = await place(c.env, tenant, { extension: fields.code, phone: fields.phone });
    if (placed.status === 400) throw new ServiceRefusal(400, placed.text);
    if (placed.status !== 200) {
      // Where there is no PBX at all, or none that is connected, that is why.
      await hostsOf(c.env, tenant, 'Call initiation');
      throw new ServiceRefusal(500, `Call initiation failed: ${placed.text}`);
    }
    const { name, to, callId, bridgeId } = placed;
    const status = bridgeId === null ? null : await bridgeOfId(c.env, tenant.id, bridgeId).status();
    return {
      callId,
      body: {
        success: true,
        message: `Calling ${to} from ${fields.code}`,
        ...common(asked, status?.address ?? null),
        from_ext: fields.code,
        to_phone: to,
        display_name: name,
        ...(name !== null && { customer: { name } }),
      },
    };
  },
});

const ACTIONS = {
  '09': { name: 'spy', mode: 'listen' },
  '01': { name: 'whisper', mode: 'whisper' },
  '02': { name: 'barge', mode: 'barge' },
} as const;

serviceRoute(service, {
  path: '/api/monitor',
  summary: 'Listen to a call, whisper into it or join it',
  looksForCall: true,
  description: 'Rings `monitor_from` and lets it into the call `target` is in.',
  fields: {
    action: { example: '09', description: '09 spy, 01 whisper, 02 barge.' },
    target: { example: '101', description: 'Extension that is in a call.' },
    monitor_from: { example: '102', description: 'Extension that listens.' },
  },
  answer: z.object({
    ...Common,
    action: z.string(),
    action_name: z.string(),
    target: z.string(),
    monitor_from: z.string(),
    target_channel: z.string(),
  }),
  example: {
    ...COMMON_EXAMPLE,
    message: '102 is rung to spy 101',
    action: '09',
    action_name: 'spy',
    target: '101',
    monitor_from: '102',
    target_channel: 'PJSIP/101-00000012',
  },
  eventType: 'monitor',
  about: () => ({ phone: null }),
  async does(asked) {
    const { c, tenant, fields } = asked;
    const { target, monitor_from } = fields;
    const action = Object.hasOwn(ACTIONS, fields.action)
      ? ACTIONS[fields.action as keyof typeof ACTIONS]
      : null;
    if (action === null) throw new ServiceRefusal(400, 'action has to be 09, 01 or 02');
    for (const extension of [target, monitor_from]) await checkExtension(asked, extension);
    if (target === monitor_from) throw new ServiceRefusal(400, 'target is the one that listens');
    for (const host of await hostsOf(c.env, tenant, 'Monitoring')) {
      const args = { pbx: host.pbx, by: monitor_from, extension: target, mode: action.mode };
      const spied = await askHost(c.env, tenant, host, ['pbx.spy', args], 'Monitoring');
      if (spied === null) continue;
      const who = { tenantId: tenant.id, userId: null };
      const done = { mode: action.mode, by: monitor_from, ...spied };
      const address = clientAddress(c.req.raw, c.env);
      await recordAudit(openDb(c.env.DB), who, 'pbx.spy', target, null, done, address);
      return {
        callId: null,
        body: {
          success: true,
          message: `${monitor_from} is rung to ${action.name} ${target}`,
          action: fields.action,
          action_name: action.name,
          target,
          monitor_from,
          target_channel: spied.spied,
          ...common(asked, host.address),
        },
      };
    }
    throw new ServiceRefusal(404, `Active channel for extension ${target} not found`);
  },
});

const TRANSFERS = { blind: 'blind transfer', attended: 'attended transfer' } as const;

serviceRoute(service, {
  path: '/api/transfer',
  summary: 'Send whoever an extension talks with to another one',
  looksForCall: true,
  description: '`attended` is executed as `blind` is: nobody is asked first.',
  fields: {
    transfer_type: { example: 'blind', description: 'blind or attended.' },
    from_ext: { example: '101', description: 'Extension in a call.' },
    to_ext: { example: '102', description: 'Extension the other side is sent to.' },
  },
  answer: z.object({
    ...Common,
    transfer_type: z.string(),
    transfer_name: z.string(),
    from_ext: z.string(),
    to_ext: z.string(),
    from_channel: z.string(),
  }),
  example: {
    ...COMMON_EXAMPLE,
    message: 'The call of 101 goes to 102',
    transfer_type: 'blind',
    transfer_name: 'blind transfer',
    from_ext: '101',
    to_ext: '102',
    from_channel: 'PJSIP/101-00000012',
  },
  eventType: 'transfer',
  about: () => ({ phone: null }),
  async does(asked) {
    const { c, tenant, fields } = asked;
    const { transfer_type: type, from_ext, to_ext } = fields;
    if (!Object.hasOwn(TRANSFERS, type))
      throw new ServiceRefusal(400, 'transfer_type has to be blind or attended');
    for (const extension of [from_ext, to_ext]) await checkExtension(asked, extension);
    if (from_ext === to_ext) throw new ServiceRefusal(400, 'to_ext is the extension that is in the call');
    for (const host of await hostsOf(c.env, tenant, 'Transfer')) {
      const { pbx } = host;
      const list = await askHost(c.env, tenant, host, ['pbx.channels', { pbx }], 'Transfer');
      const own = list?.channels.find(
        ({ kind, endpoint, bridge }) => kind === 'extension' && endpoint === from_ext && bridge !== '',
      );
      if (own === undefined) continue;
      const args = {
        pbx,
        linkedid: own.linkedid,
        leg: 'peer_of',
        extension: from_ext,
        to: to_ext,
      } as const;
      const sent = await askHost(c.env, tenant, host, ['pbx.redirect', args], 'Transfer');
      // It ended between the two questions.
      if (sent === null) continue;
      return {
        callId: own.linkedid,
        body: {
          success: true,
          message: `The call of ${from_ext} goes to ${to_ext}`,
          transfer_type: type,
          transfer_name: TRANSFERS[type as keyof typeof TRANSFERS],
          from_ext,
          to_ext,
          from_channel: own.channel,
          ...common(asked, host.address),
        },
      };
    }
    throw new ServiceRefusal(404, `Active channel for extension ${from_ext} not found`);
  },
});
