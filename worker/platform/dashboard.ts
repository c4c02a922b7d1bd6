import { z } from '@hono/zod-openapi';
import { CALL_DIRECTIONS, CALL_OUTCOMES, CALL_SOURCES, type HourKind } from '../../objects/call-hub/contract';
import { linkOf } from '../bridge/links';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { apiRoute, json, newApiApp } from '../http/openapi';

const count = z.number().int();

const DashboardBody = z
  .object({
    active_calls: count.openapi({ description: 'Not over yet, whenever they began.' }),
    active_slots: count.nullable().openapi({
      description: 'Slots that are online, in a call or not; null where a bridge’s can’t be had.',
    }),
    slots: count.nullable().openapi({ description: 'Slots there are.' }),
    today_calls: count.openapi({ description: 'Calls that began today.' }),
    failed_calls: count.openapi({ description: 'Of today’s those with the outcome `failed`.' }),
    answered_calls: count,
    missed_calls: count.openapi({ description: 'Incoming calls of today nobody answered.' }),
    talk_seconds: count.openapi({ description: 'Of today’s calls that are over.' }),
    day: z.iso.date().openapi({ description: 'Today by the tenant’s time zone.' }),
    time_zone: z.string(),
    counting: z
      .boolean()
      .openapi({ description: 'Calls from before there were counters are still being counted.' }),
    timestamp: z.iso.datetime(),
  })
  .openapi('Dashboard', {
    example: {
      active_calls: 3,
      active_slots: 11,
      slots: 12,
      today_calls: 182,
      failed_calls: 4,
      answered_calls: 120,
      missed_calls: 9,
      talk_seconds: 17_280,
      day: '2025-11-15',
      time_zone: 'Europe/Moscow',
      counting: false,
      timestamp: '2025-11-15T10:30:00.000Z',
    },
  });

const show = apiRoute({
  method: 'get',
  path: '/api/dashboard',
  summary: 'The day so far',
  description: 'From counters kept as calls come: what it costs does not grow with the history.',
  tags: ['Dashboard'],
  access: 'dashboard.view',
  responses: { 200: json(DashboardBody, 'All calls of the tenant, now and today.') },
});

const DayBody = z
  .object({
    day: z.iso.date(),
    time_zone: z.string(),
    kinds: z.array(
      z.object({
        hour: z.iso.datetime().openapi({ description: 'When the hour of the tenant’s clock began.' }),
        source: z.enum(CALL_SOURCES),
        direction: z.enum(CALL_DIRECTIONS),
        outcome: z
          .enum([...CALL_OUTCOMES, 'live', 'none'])
          .openapi({ description: '`live`: not over yet; `none`: over, and nothing says how.' }),
        calls: count,
        talk_seconds: count,
      }),
    ),
  })
  .openapi('DashboardDay', {
    example: {
      day: '2025-11-15',
      time_zone: 'Europe/Moscow',
      kinds: [
        {
          hour: '2025-11-15T10:00:00.000Z',
          source: 'pbx',
          direction: 'in',
          outcome: 'answered',
          calls: 14,
          talk_seconds: 1_893,
        },
      ],
    },
  });

const hours = apiRoute({
  method: 'get',
  path: '/api/dashboard/day',
  summary: 'A day by hour and kind of call',
  description: 'What charts of the day are drawn of. Hours without calls are left out.',
  tags: ['Dashboard'],
  access: 'dashboard.view',
  request: {
    query: z.object({
      day: z.iso
        .date()
        .optional()
        .openapi({ description: 'Of the tenant’s calendar; today when absent.', example: '2025-11-15' }),
    }),
  },
  responses: { 200: json(DayBody, 'Calls counted in the hour they began in.') },
});

/** `/api/dashboard…`. */
export const dashboard = newApiApp();

dashboard.openapi(show, async (c) => {
  const { identity } = c.var;
  const now = Date.now();
  const [today, slots] = await Promise.all([
    c.env.CALL_HUB.getByName(identity.tenantId).dayCounters({ now }),
    slotsOf(c.env, identity),
  ]);
  const sum = (fits: (kind: HourKind) => boolean, of: 'calls' | 'talkSec' = 'calls'): number =>
    today.kinds.reduce((total, kind) => (fits(kind) ? total + kind[of] : total), 0);
  return c.json(
    {
      active_calls: today.active,
      active_slots: slots?.active ?? null,
      slots: slots?.all ?? null,
      today_calls: sum(() => true),
      failed_calls: sum(({ outcome }) => outcome === 'failed'),
      answered_calls: sum(({ outcome }) => outcome === 'answered'),
      missed_calls: sum(isMissed),
      talk_seconds: sum(() => true, 'talkSec'),
      day: today.day,
      time_zone: today.timeZone,
      counting: today.counting,
      timestamp: new Date(now).toISOString(),
    },
    200,
  );
});

/** Of an incoming call nobody took; how one ended that nobody told of is not known. */
const isMissed = ({ direction, outcome }: HourKind): boolean =>
  direction === 'in' && outcome !== 'answered' && outcome !== 'live' && outcome !== 'none';

dashboard.openapi(hours, async (c) => {
  const { day } = c.req.valid('query');
  const hub = c.env.CALL_HUB.getByName(c.var.identity.tenantId);
  const found = await hub.dayCounters({ now: Date.now(), ...(day !== undefined && { day }) });
  const kinds = found.kinds.map(({ hour, talkSec, ...kind }) => ({
    ...kind,
    hour: new Date(hour).toISOString(),
    talk_seconds: talkSec,
  }));
  return c.json({ day: found.day, time_zone: found.timeZone, kinds }, 200);
});

/** Null where one of the bridges' objects can't be asked: a part of the sum would be a wrong number. */
async function slotsOf(env: Env, { tenant }: Identity): Promise<{ active: number; all: number } | null> {
  try {
    const asked = await Promise.all(tenant.bridges.map(({ id }) => linkOf(env, tenant.id, id).slots()));
    const slots = asked.flat();
    return {
      active: slots.filter(({ status }) => status === 'ONLINE' || status === 'BUSY').length,
      all: slots.length,
    };
  } catch (error) {
    console.error('slots of the dashboard', error);
    return null;
  }
}
