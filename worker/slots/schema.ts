/**
 * Shapes of `/api/slots…`: USB phones of the tenant's bridges. Times are ISO 8601 in UTC. A reading carries its age;
 * one that can't be had is null, and `why` names the field with the reason.
 */
import { z } from '@hono/zod-openapi';
import { SLOT_STATUSES } from '../../bridge/protocol/slots';

export const time = z.iso.datetime().openapi({ example: '2025-11-15T10:30:00.000Z' });
const count = z.int().min(0);
const percent = z.number().nullable();

/** Path parameter of a slot. */
export const SlotId = z.coerce
  .number()
  .int()
  .min(1)
  .max(2_147_483_647)
  .openapi({ type: 'integer', example: 44 });
export const CommandId = z
  .string()
  .regex(/^cmd_[0-9]{1,10}_[0-9]{1,15}$/, 'not a command id')
  .openapi({ example: 'cmd_1_12' });

export const Person = z
  .object({ id: z.string(), username: z.string(), name: z.string() })
  .openapi('SlotPerson', {
    example: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' },
  });
const person = z.union([Person, z.null()]);

export const Why = z
  .record(z.string(), z.string())
  .openapi({ description: 'Field → why its reading can’t be had.', example: { signal: 'no SIM card' } });

export const age = count.nullable().openapi({
  description: 'Seconds since the reading was taken; null where there never was one.',
  example: 12,
});

export const SlotMetrics = z
  .object({
    battery: percent.openapi({ description: 'Per cent', example: 82 }),
    temperature: z.number().nullable().openapi({ description: 'Of the battery, °C', example: 38 }),
    signal: z.number().nullable().openapi({ description: 'dBm', example: -87 }),
    cpu: percent,
    ram: percent,
    storage: percent,
    latency_ms: z.number().nullable(),
    at: time.nullable(),
    age_sec: age,
    why: Why,
  })
  .openapi('SlotMetrics');

/** Who or what has the slot. */
export const SlotHolderBody = z
  .object({
    kind: z.enum(['call', 'script', 'command', 'user']),
    id: z.string().openapi({ description: 'Call, run, command or user id' }),
    user: person,
    until: time.nullable().openapi({ description: 'When the hold ends by itself at the latest.' }),
  })
  .openapi('SlotHolder');

export const SlotConfigBody = z
  .strictObject({
    app: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$/, 'not the name of a package')
      .max(200)
      .optional()
      .openapi({
        description: 'Package restarted with the slot’s session; the app in front when absent.',
        example: 'org.telegram.messenger',
      }),
    excludeFromAuto: z
      .boolean()
      .optional()
      .openapi({ description: 'Left out when any free slot is asked for.' }),
  })
  .openapi('SlotConfig');

export const SlotBody = z
  .object({
    id: z.int(),
    status: z.enum(SLOT_STATUSES),
    device: z.string().openapi({ description: 'Model, or the serial number while it is unknown.' }),
    label: z.string().nullable(),
    user: person.openapi({ description: 'Whose slot it is.' }),
    trunk: z.string().nullable(),
    last_activity: time.nullable(),
    metrics: SlotMetrics,
    bridge: z.object({ id: z.string(), name: z.string() }),
    serial: z.string(),
    usb: z.string().nullable().openapi({ description: 'Port it is plugged into.', example: '1-1.2' }),
    remedy: z
      .string()
      .nullable()
      .openapi({ description: 'What to do about its status, where something is.' }),
    idle_since: time.nullable().openapi({ description: 'Since when it is online and free.' }),
    holder: z.union([SlotHolderBody, z.null()]),
    call_id: z.string().nullable(),
  })
  .openapi('Slot');

export const SlotDetailBody = SlotBody.extend({
  temperature: z.string().nullable().openapi({ example: '38C' }),
  battery: z.string().nullable().openapi({ example: '82%' }),
  last_event: z.string().nullable(),
  config: SlotConfigBody,
  network: z.string().nullable().openapi({ example: 'LTE' }),
  address: z.string().nullable(),
  model: z.string().nullable(),
  android: z.string().nullable(),
}).openapi('SlotDetail');

export const SlotChange = z
  .strictObject({
    label: z.string().trim().max(80).nullable().optional(),
    user: z
      .string()
      .max(128)
      .nullable()
      .optional()
      .openapi({ description: 'Id or username; null takes the slot away from its user.' }),
    trunk: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not the name of a trunk')
      .nullable()
      .optional(),
    config: SlotConfigBody.optional().openapi({ description: 'Replaces the whole.' }),
  })
  .openapi('SlotChange');

export const SlotHistoryBody = z
  .object({
    items: z.array(
      z.object({
        id: z.int(),
        at: time,
        kind: z.enum(['status', 'call', 'script', 'command', 'hold']),
        text: z.string(),
        user: person,
        ref: z.string().nullable().openapi({ description: 'Call, run or command it is about.' }),
      }),
    ),
    next: z.string().nullable(),
  })
  .openapi('SlotHistory');

export const SlotSamplesBody = z
  .object({
    slot: z.int(),
    from: time,
    every_sec: z.int(),
    items: z.array(
      z.object({
        at: time,
        battery: percent,
        temperature: z.number().nullable(),
        signal: z.number().nullable(),
        cpu: percent,
        ram: percent,
        storage: percent,
        latency_ms: z.number().nullable(),
      }),
    ),
  })
  .openapi('SlotSamples');

export const CommandBody = z
  .object({
    command_id: z.string(),
    slot: z.int(),
    command: z.string().openapi({ description: 'As it was run, quoted where it has to be.' }),
    argv: z.array(z.string()),
    user: person,
    status: z.enum(['executing', 'done', 'failed']),
    exit_code: z.int().nullable(),
    output: z.string().nullable().openapi({ description: 'Standard output, at most 64 KiB.' }),
    error_output: z.string().nullable(),
    truncated: z.boolean(),
    timed_out: z.boolean(),
    took_ms: z.int().nullable(),
    started_at: time,
    ended_at: time.nullable(),
    error: z.union([z.object({ code: z.string(), message: z.string() }), z.null()]),
  })
  .openapi('SlotCommand', {
    example: {
      command_id: 'cmd_1_12',
      slot: 44,
      command: 'input tap 200 400',
      argv: ['input', 'tap', '200', '400'],
      user: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'eng1', name: 'Engineer 1' },
      status: 'done',
      exit_code: 0,
      output: '',
      error_output: '',
      truncated: false,
      timed_out: false,
      took_ms: 38,
      started_at: '2025-11-15T10:30:00.000Z',
      ended_at: '2025-11-15T10:30:00.051Z',
      error: null,
    },
  });
