/** Shapes of `/api/monitor/…`. A reading that can't be had is null and `why` says the reason. */
import { z } from '@hono/zod-openapi';
import { age, time, Why } from './schema';

const percent = z.number().nullable();
const taken = {
  bridge: z.string().nullable().openapi({ description: 'Id of the bridge that was asked.' }),
  at: time.nullable(),
  age_sec: age,
  why: Why,
};

export const SystemBody = z
  .object({
    cpu: percent.openapi({ example: 12.5 }),
    ram: percent.openapi({ example: 41.2 }),
    uptime: z.string().nullable().openapi({ example: '14h32m' }),
    uptime_sec: z.number().nullable(),
    ram_total_mb: z.number().nullable(),
    rss_mb: z.number().nullable().openapi({ description: 'Of the bridge’s own process.' }),
    ...taken,
  })
  .openapi('MonitorSystem');

export const HubBody = z
  .object({
    hub: z.string().nullable().openapi({ example: '1-1' }),
    online: z.int().nullable(),
    total: z.int().nullable(),
    name: z.string().nullable(),
    ports: z
      .array(
        z.object({
          port: z.int(),
          state: z.enum(['empty', 'online', 'unauthorized', 'charge_only', 'hub', 'other']),
          serial: z.string().nullable(),
          slot: z.int().nullable(),
        }),
      )
      .nullable(),
    ...taken,
  })
  .openapi('MonitorHub');

export const NetworkBody = z
  .object({
    bandwidth_mbps: z.number().nullable(),
    latency_ms: z.number().nullable().openapi({ description: 'Round trip of the tunnel.' }),
    ...taken,
  })
  .openapi('MonitorNetwork');

export const SlotReadingBody = z
  .object({
    slot_id: z.int(),
    cpu: percent,
    ram: percent,
    temperature: z.number().nullable().openapi({ description: 'Of the battery, °C', example: 38 }),
    battery: percent.openapi({ description: 'Per cent', example: 82 }),
    latency: z.number().nullable().openapi({ description: 'Round trip of a command to the phone, ms' }),
    signal: z.number().nullable().openapi({ description: 'dBm' }),
    storage: percent,
    network: z.string().nullable(),
    ...taken,
  })
  .openapi('MonitorSlot');
