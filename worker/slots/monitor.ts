import { z } from '@hono/zod-openapi';
import type { BridgeStatus } from '../../objects/bridge-link/contract';
import { bridgeOf, linkOf, linkOfSlot, type BridgeRef } from '../bridge/links';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { HubBody, NetworkBody, SlotReadingBody, SystemBody } from './monitor-schema';
import { SlotId } from './schema';
import { ageSec, iso, metricsView, uptimeText } from './views';

const ofBridge = z.object({
  bridge: z
    .string()
    .max(64)
    .optional()
    .openapi({ description: 'Id of a bridge; the first one when absent.' }),
});

const system = apiRoute({
  method: 'get',
  path: '/api/monitor/system',
  summary: 'Health of a bridge’s host',
  tags: ['Monitoring'],
  access: 'bridge.view',
  errors: ['NOT_FOUND'],
  request: { query: ofBridge },
  responses: { 200: json(SystemBody, 'The newest readings with their age.') },
});

const usb = apiRoute({
  method: 'get',
  path: '/api/monitor/usb',
  summary: 'USB hubs: ports, and how many have a phone that can be used',
  tags: ['Monitoring'],
  access: 'bridge.view',
  errors: ['NOT_FOUND'],
  request: {
    query: z.object({
      bridge: z.string().max(64).optional().openapi({ description: 'Id of a bridge; all when absent.' }),
    }),
  },
  responses: {
    200: json(
      z.array(HubBody),
      'By bridge and path. A bridge whose hubs can’t be read has one row with `hub: null` and says why.',
    ),
  },
});

const network = apiRoute({
  method: 'get',
  path: '/api/monitor/network',
  summary: 'The way to a bridge, as it was measured',
  tags: ['Monitoring'],
  access: 'bridge.view',
  errors: ['NOT_FOUND'],
  request: { query: ofBridge },
  responses: { 200: json(NetworkBody, 'The newest readings with their age.') },
});

const slot = apiRoute({
  method: 'get',
  path: '/api/monitor/slots/{id}',
  summary: 'Health of a slot',
  tags: ['Monitoring'],
  access: 'slot.view',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: SlotId }) },
  responses: { 200: json(SlotReadingBody, 'The newest readings with their age.') },
});

/** `/api/monitor/…`: readings of hosts and phones. */
export const monitor = newApiApp();

const NO_BRIDGE = 'no bridge is enrolled';
const NO_READING = 'the bridge has not told a reading yet';

monitor.openapi(system, async (c) => {
  const read = await hostOf(c.env, c.var.identity, c.req.valid('query').bridge);
  const fields = ['cpu', 'ram', 'uptime', 'ram_total_mb', 'rss_mb'] as const;
  if (!read.ok) {
    const none = { cpu: null, ram: null, uptime: null, uptime_sec: null, ram_total_mb: null, rss_mb: null };
    return c.json({ ...none, ...missing(read.bridge, fields, read.why) }, 200);
  }
  const { reading, taken } = read;
  return c.json(
    {
      cpu: reading.cpu,
      ram: reading.ram,
      uptime: reading.uptime_sec === null ? null : uptimeText(reading.uptime_sec),
      uptime_sec: reading.uptime_sec,
      ram_total_mb: reading.ram_total_mb,
      rss_mb: reading.rss_mb,
      ...taken,
      why: {
        ...whyOf(reading.why, fields),
        ...(reading.why.uptime_sec !== undefined && { uptime: reading.why.uptime_sec }),
      },
    },
    200,
  );
});

monitor.openapi(network, async (c) => {
  const read = await hostOf(c.env, c.var.identity, c.req.valid('query').bridge);
  const fields = ['bandwidth_mbps', 'latency_ms'] as const;
  if (!read.ok)
    return c.json({ bandwidth_mbps: null, latency_ms: null, ...missing(read.bridge, fields, read.why) }, 200);
  const { bandwidth_mbps, latency_ms, why } = read.reading;
  return c.json({ bandwidth_mbps, latency_ms, ...read.taken, why: whyOf(why, fields) }, 200);
});

monitor.openapi(usb, async (c) => {
  const { identity } = c.var;
  const { bridge: wanted } = c.req.valid('query');
  const asked = wanted === undefined ? identity.tenant.bridges : [bridgeOf(identity.tenant, wanted)];
  const rows = await Promise.all(
    asked.map(async (bridge) => {
      const link = linkOf(c.env, identity.tenantId, bridge.id);
      const [{ hubs }, slots] = await Promise.all([link.status(), link.slots()]);
      const idOf = new Map(slots.map(({ key, id }) => [key, id]));
      return hubRows(bridge, hubs, (key) => idOf.get(key) ?? null);
    }),
  );
  return c.json(rows.flat(), 200);
});

monitor.openapi(slot, async (c) => {
  const { bridge, slot: found } = await linkOfSlot(c.env, c.var.identity.tenant, c.req.valid('param').id);
  const { latency_ms: latency, why, ...metrics } = metricsView(found.reading, Date.now());
  const { latency_ms: whyLatency, ...rest } = why;
  return c.json(
    {
      slot_id: found.id,
      ...metrics,
      latency,
      network: found.reading?.network ?? null,
      bridge: bridge.id,
      why: { ...rest, ...(whyLatency !== undefined && { latency: whyLatency }) },
    },
    200,
  );
});

type Hub = z.infer<typeof HubBody>;

function hubRows(
  bridge: BridgeRef,
  told: BridgeStatus['hubs'],
  slotOf: (key: string) => number | null,
): Hub[] {
  if (told?.hubs == null) {
    const why = told === null ? NO_READING : (told.why ?? 'the tree of USB devices can’t be read');
    return [
      {
        hub: null,
        online: null,
        total: null,
        name: null,
        ports: null,
        bridge: bridge.id,
        at: told === null ? null : iso(told.at),
        age_sec: told === null ? null : ageSec(told.at, Date.now()),
        why: { hub: why },
      },
    ];
  }
  const taken = { bridge: bridge.id, at: iso(told.at), age_sec: ageSec(told.at, Date.now()), why: {} };
  return told.hubs.map((hub) => ({
    hub: hub.hub,
    online: hub.online,
    total: hub.total,
    name: hub.name,
    ports: hub.ports.map(({ port, state, slot: key }) => ({
      port,
      state,
      serial: key,
      slot: key === null ? null : slotOf(key),
    })),
    ...taken,
  }));
}

type HostRead =
  | {
      ok: true;
      reading: NonNullable<BridgeStatus['host']>['reading'];
      taken: { bridge: string; at: string; age_sec: number };
    }
  | { ok: false; bridge: string | null; why: string };

/** @throws PlatformError NOT_FOUND for a bridge the tenant has not */
async function hostOf(env: Env, identity: Identity, wanted: string | undefined): Promise<HostRead> {
  if (wanted === undefined && identity.tenant.bridges.length === 0)
    return { ok: false, bridge: null, why: NO_BRIDGE };
  const bridge = bridgeOf(identity.tenant, wanted);
  const { host } = await linkOf(env, identity.tenantId, bridge.id).status();
  if (host === null) return { ok: false, bridge: bridge.id, why: NO_READING };
  const taken = { bridge: bridge.id, at: iso(host.at), age_sec: ageSec(host.at, Date.now()) };
  return { ok: true, reading: host.reading, taken };
}

const missing = (bridge: string | null, fields: readonly string[], why: string) => ({
  bridge,
  at: null,
  age_sec: null,
  why: Object.fromEntries(fields.map((field) => [field, why])),
});

const whyOf = (why: Readonly<Record<string, string>>, fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(why).filter(([field]) => fields.includes(field)));
