/**
 * Shapes of the bridges' API (`/api/bridges*`). Times are ISO 8601 in UTC. Seeing needs `bridge.view`, everything else
 * `bridge.manage`.
 *
 * | call | answer |
 * |---|---|
 * | GET /api/bridges?revoked=1 | BridgeList |
 * | POST /api/bridges {name} | NewCode: the row and its one-time enrolment code |
 * | GET, PATCH /api/bridges/:id | Bridge |
 * | POST /api/bridges/:id/code | NewCode: for another machine or a lost key; the old key serves until it is used |
 * | DELETE /api/bridges/:id | Bridge, revoked: its tunnel is closed at once |
 * | GET /api/bridges/:id/log?before=&limit= | BridgeLog |
 */
import { z } from '@hono/zod-openapi';

const time = z.iso.datetime().openapi({ example: '2026-11-15T10:30:00.000Z' });
const count = z.int().min(0);

export const BRIDGE_STATES = ['new', 'online', 'offline', 'revoked', 'unknown'] as const;

const HostHealth = z
  .object({
    at: time,
    cpu: z.number().nullable().openapi({ description: 'Per cent of all cores.' }),
    ram: z.number().nullable().openapi({ description: 'Per cent in use.' }),
    ram_total_mb: z.number().nullable(),
    uptime_sec: z.number().nullable(),
    rss_mb: z.number().nullable().openapi({ description: 'Of the bridge process.' }),
    latency_ms: z.number().nullable().openapi({ description: 'Round trip of the tunnel, measured.' }),
    bandwidth_mbps: z.number().nullable(),
    why: z.record(z.string(), z.string()).openapi({
      description: 'Why a reading is null, by its name.',
      example: { cpu: 'no earlier reading' },
    }),
  })
  .openapi('BridgeHost');

const Hub = z
  .object({
    hub: z.string(),
    name: z.string().nullable(),
    total: count,
    online: count,
    ports: z.array(
      z.object({
        port: z.int(),
        state: z.enum(['empty', 'online', 'unauthorized', 'charge_only', 'hub', 'other']),
        slot: z.string().nullable().openapi({ description: 'Serial number of the phone.' }),
      }),
    ),
  })
  .openapi('BridgeHub');

export const BridgeLive = z
  .object({
    connected: z.boolean(),
    since: time
      .nullable()
      .openapi({ description: 'Of this connection, else when the last one ended; null: there was none.' }),
    agent: z
      .object({ version: z.string(), host: z.string(), platform: z.string(), node: z.string() })
      .nullable(),
    address: z.string().nullable(),
    replaced_at: time.nullable().openapi({
      description: 'Another connection with the same key took over: two processes may be running.',
    }),
    in_flight: count.openapi({ description: 'Requests open at the bridge.' }),
    backlog: count.openapi({ description: 'Events received and not stored elsewhere yet.' }),
    slots: z.object({ total: count, online: count }),
    pbx: z.array(
      z.object({
        name: z.string(),
        ssh: z.enum(['up', 'down', 'unused']),
        ami: z.enum(['up', 'down']),
        version: z.string().nullable(),
        error: z.string().nullable(),
        at: time,
      }),
    ),
    host: z.union([HostHealth, z.null()]),
    hubs: z.object({ at: time, items: z.array(Hub).nullable(), why: z.string().nullable() }).nullable(),
    config: z
      .object({
        pbx: z.array(
          z.object({
            name: z.string(),
            trunks: z.array(z.string()),
            contexts: z.array(z.string()),
            modules: z.array(z.string()),
            recordings: z.boolean(),
          }),
        ),
        slots: z.boolean(),
      })
      .nullable()
      .openapi({ description: 'What the bridge’s own configuration allows.' }),
  })
  .openapi('BridgeLive');

export const Bridge = z
  .object({
    id: z.uuid(),
    number: z.int().openapi({ description: 'Ids of commands and script runs carry it.' }),
    name: z.string(),
    state: z.enum(BRIDGE_STATES).openapi({
      description: '`new`: not enrolled yet; `unknown`: its live state could not be asked for just now.',
    }),
    created_at: time,
    enrolled_at: time.nullable(),
    revoked_at: time.nullable(),
    code_expires_at: time
      .nullable()
      .openapi({ description: 'End of a code that was not used yet; null when none waits.' }),
    live: z
      .union([BridgeLive, z.null()])
      .openapi({ description: 'Null: never enrolled, or state `unknown`.' }),
  })
  .openapi('Bridge');

export const BridgeList = z.object({ items: z.array(Bridge) }).openapi('BridgeList');

export const NewCode = z
  .object({
    bridge: Bridge,
    code: z.string().openapi({
      example: '7K2M9-QX4TR-0HBWN-5ZC8D',
      description: 'Shown once: only its digest is kept. One use, 15 minutes.',
    }),
    expires_at: time,
  })
  .openapi('BridgeCode');

export const BridgeLog = z
  .object({
    items: z.array(
      z.object({
        id: z.int(),
        at: time,
        level: z.enum(['info', 'warn', 'error']),
        part: z.string().openapi({ example: 'tunnel' }),
        text: z.string(),
      }),
    ),
    next: z
      .int()
      .nullable()
      .openapi({ description: 'Goes back as `?before=` for older lines; null: there are none.' }),
  })
  .openapi('BridgeLog');

export const BridgeName = z.string().trim().min(1).max(60).openapi({ example: 'Minsk office' });
