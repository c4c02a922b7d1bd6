/**
 * Readings of the host and the phones: the newest counts, none is journalled. A value that can't be had is null and
 * `why` names the field with the reason in words.
 */
import { z } from 'zod';
import { Moment, SlotKey } from './parts.ts';

const why = z.record(z.string().max(40), z.string().max(200));
const percent = z.number().min(0).max(100).nullable();

export const HostReading = z.object({
  /** Per cent of all cores since the reading before. */
  cpu: percent,
  /** Per cent of memory in use. */
  ram: percent,
  ram_total_mb: z.number().nullable(),
  uptime_sec: z.number().nullable(),
  /** Of the bridge process. */
  rss_mb: z.number().nullable(),
  /** Round trip of the tunnel's heartbeat. */
  latency_ms: z.number().nullable(),
  /** Through the host's network interfaces since the reading before. */
  bandwidth_mbps: z.number().nullable(),
  why,
});
export type HostReading = z.infer<typeof HostReading>;

export const HubReading = z.object({
  /** Path of the hub: `1-1`. */
  hub: z.string().max(60),
  name: z.string().max(120).nullable(),
  total: z.number().int(),
  /** Ports with an ADB device the bridge can use. */
  online: z.number().int(),
  ports: z
    .array(
      z.object({
        port: z.number().int(),
        state: z.enum(['empty', 'online', 'unauthorized', 'charge_only', 'hub', 'other']),
        slot: SlotKey.nullable(),
      }),
    )
    .max(64),
});
export type HubReading = z.infer<typeof HubReading>;

export const SlotReading = z.object({
  slot: SlotKey,
  at: Moment,
  battery: percent,
  /** Degrees Celsius of the battery. */
  temperature: z.number().nullable(),
  /** dBm. */
  signal: z.number().nullable(),
  network: z.string().max(80).nullable(),
  cpu: percent,
  ram: percent,
  storage: percent,
  /** Round trip of a command to the phone. */
  latency_ms: z.number().nullable(),
  why,
});
export type SlotReading = z.infer<typeof SlotReading>;

export const Readings = z.object({
  at: Moment,
  host: HostReading.optional(),
  /** Null: the tree of USB devices can't be read, `hubs_why` says why. */
  hubs: z.array(HubReading).max(64).nullable().optional(),
  hubs_why: z.string().max(200).optional(),
  slots: z.array(SlotReading).max(256).optional(),
});
export type Readings = z.infer<typeof Readings>;
