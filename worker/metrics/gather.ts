/**
 * What the operator of a deployment watches, gathered when it is asked for: each tenant's CallHub and bridges say it
 * from counters and live state, so a scrape costs a few requests per tenant, however long their history.
 */
import { asc, isNotNull, isNull, and } from 'drizzle-orm';
import { SLOT_STATUSES } from '../../bridge/protocol/slots';
import type { HubGauges } from '../../objects/call-hub/contract';
import { linkOf } from '../bridge/links';
import { openDb } from '../db';
import { bridges, tenants } from '../db/schema';
import type { Env } from '../env';
import type { Metric } from './text';

/** A request may ask this many objects; who has more tenants scrapes them in parts (`tenant=`). */
const MOST_TENANTS = 300;
const AT_ONCE = 20;
/** An object that is slower than this counts as not reachable. */
const PATIENCE_MS = 3_000;

interface BridgeReading {
  tenant: string;
  bridge: string;
  connected: boolean;
  /** How many slots have each status. */
  slots: Record<string, number>;
}

interface TenantReading {
  tenant: string;
  /** Null: its object did not answer in time. */
  hub: HubGauges | null;
  bridges: (BridgeReading | null)[];
}

/** Every metric of the deployment, or of one tenant. */
export async function gatherMetrics(env: Env, only: string | undefined): Promise<Metric[]> {
  const began = Date.now();
  const db = openDb(env.DB);
  const all = await db
    .select({ id: tenants.id })
    .from(tenants)
    .where(isNull(tenants.disabledAt))
    .orderBy(asc(tenants.id));
  const enrolled = await db
    .select({ id: bridges.id, tenantId: bridges.tenantId, name: bridges.name })
    .from(bridges)
    .where(and(isNull(bridges.revokedAt), isNotNull(bridges.enrolledAt)));
  const wanted = all.map(({ id }) => id).filter((id) => only === undefined || id === only);
  const readings: TenantReading[] = [];
  for (let at = 0; at < Math.min(wanted.length, MOST_TENANTS); at += AT_ONCE) {
    const some = wanted.slice(at, Math.min(at + AT_ONCE, MOST_TENANTS));
    const read = await Promise.all(
      some.map((id) =>
        readTenant(
          env,
          id,
          enrolled.filter(({ tenantId }) => tenantId === id),
        ),
      ),
    );
    readings.push(...read);
  }
  return [
    gauge('trunkline_tenants', 'Tenants that are not disabled.', [{ value: all.length }]),
    gauge(
      'trunkline_tenants_left_out',
      `Tenants beyond the first ${MOST_TENANTS}: scrape them one by one with ?tenant=.`,
      [{ value: Math.max(0, wanted.length - MOST_TENANTS) }],
    ),
    ...callMetrics(readings),
    ...bridgeMetrics(readings),
    gauge('trunkline_scrape_seconds', 'How long gathering this took.', [
      { value: (Date.now() - began) / 1_000 },
    ]),
  ];
}

async function readTenant(
  env: Env,
  tenant: string,
  enrolled: readonly { id: string; name: string }[],
): Promise<TenantReading> {
  const [hub, ...read] = await Promise.all([
    inTime(env.CALL_HUB.getByName(tenant).gauges(Date.now())),
    ...enrolled.map((bridge) => inTime(readBridge(env, tenant, bridge))),
  ]);
  return { tenant, hub, bridges: read };
}

async function readBridge(
  env: Env,
  tenant: string,
  bridge: { id: string; name: string },
): Promise<BridgeReading> {
  const link = linkOf(env, tenant, bridge.id);
  const [status, found] = await Promise.all([link.status(), link.slots()]);
  const slots: Record<string, number> = Object.fromEntries(SLOT_STATUSES.map((name) => [name, 0]));
  for (const { status: name } of found) slots[name] = (slots[name] ?? 0) + 1;
  return { tenant, bridge: bridge.name, connected: status.connected, slots };
}

/** One object that is away must not hide the others. */
async function inTime<T>(asked: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((settle) => {
    timer = setTimeout(() => settle(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    console.error('metrics', error);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({
  name,
  help,
  samples,
  type: 'gauge',
});
const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({
  name,
  help,
  samples,
  type: 'counter',
});

function callMetrics(readings: readonly TenantReading[]): Metric[] {
  const known = readings.flatMap(({ tenant, hub }) => (hub === null ? [] : [{ tenant, hub }]));
  const ended = known.flatMap(({ tenant, hub }) =>
    hub.ended.map(({ calls, talkSec, ...kind }) => ({ labels: { tenant, ...kind }, calls, talkSec })),
  );
  return [
    gauge(
      'trunkline_tenant_up',
      'Whether the object with the calls of the tenant answered in time.',
      readings.map(({ tenant, hub }) => ({ labels: { tenant }, value: hub === null ? 0 : 1 })),
    ),
    gauge(
      'trunkline_calls_active',
      'Calls that are not over.',
      known.map(({ tenant, hub }) => ({ labels: { tenant }, value: hub.active })),
    ),
    gauge(
      'trunkline_calls_today',
      'Calls that began today, by the tenant’s own calendar.',
      known.map(({ tenant, hub }) => ({
        labels: { tenant },
        value: hub.kinds.reduce((sum, { calls }) => sum + calls, 0),
      })),
    ),
    counter(
      'trunkline_calls_ended_total',
      'Calls that have ended.',
      ended.map(({ labels, calls }) => ({ labels, value: calls })),
    ),
    counter(
      'trunkline_talk_seconds_total',
      'Talk of the calls that have ended, as it was known when they did.',
      ended.map(({ labels, talkSec }) => ({ labels, value: talkSec })),
    ),
    counter(
      'trunkline_feed_events_total',
      'Events of the live feed.',
      known.map(({ tenant, hub }) => ({ labels: { tenant }, value: hub.feedOffset })),
    ),
  ];
}

function bridgeMetrics(readings: readonly TenantReading[]): Metric[] {
  const known = readings.flatMap((reading) => reading.bridges).filter((bridge) => bridge !== null);
  return [
    gauge(
      'trunkline_bridge_connected',
      'Whether the bridge’s tunnel is up.',
      known.map(({ tenant, bridge, connected }) => ({
        labels: { tenant, bridge },
        value: connected ? 1 : 0,
      })),
    ),
    gauge(
      'trunkline_slots',
      'USB phones by status.',
      known.flatMap(({ tenant, bridge, slots }) =>
        Object.entries(slots).map(([status, value]) => ({ labels: { tenant, bridge, status }, value })),
      ),
    ),
  ];
}
