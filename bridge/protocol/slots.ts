/** Verbs for the phones on the bridge's USB ports, and the GUI scripts that run on them. */
import { z } from 'zod';
import { CallId, Fence, PhoneNumber, SlotKey } from './parts.ts';

/** ONLINE and idle, BUSY with a call or a script, and what keeps it from being used. */
export const SLOT_STATUSES = [
  'ONLINE',
  'BUSY',
  'OFFLINE',
  'RESTARTING',
  'REBOOTING',
  'UNAUTHORIZED',
  'ERROR',
] as const;
export type SlotStatus = (typeof SLOT_STATUSES)[number];

const held = z.object({ slot: SlotKey, fence: Fence });

/** How a step finds an element: by its text, resource id or content description on the screen. */
const Target = z.union([
  z.object({ text: z.string().min(1).max(200) }).strict(),
  z.object({ id: z.string().min(1).max(200) }).strict(),
  z.object({ desc: z.string().min(1).max(200) }).strict(),
]);

const coordinate = z.number().int().min(0).max(10_000);
const templated = z.string().max(1_000);

/**
 * One step of a script. `{{name}}` in a templated field is filled with a parameter as one argument; a value never
 * becomes a part of a command line.
 */
export const ScriptStep = z.discriminatedUnion('do', [
  z
    .object({
      do: z.literal('intent'),
      action: z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,199}$/),
      data: templated.optional(),
      package: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_.]{0,199}$/)
        .optional(),
      component: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_.]{0,199}\/[A-Za-z0-9_.$]{1,200}$/)
        .optional(),
      extras: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,99}$/), templated).optional(),
    })
    .strict(),
  z.object({ do: z.literal('tap'), x: coordinate, y: coordinate }).strict(),
  z
    .object({
      do: z.literal('tap_on'),
      target: Target,
      within_ms: z.number().int().min(0).max(60_000).default(5_000),
    })
    .strict(),
  z
    .object({
      do: z.literal('swipe'),
      from: z.tuple([coordinate, coordinate]),
      to: z.tuple([coordinate, coordinate]),
      ms: z.number().int().min(10).max(10_000).default(300),
    })
    .strict(),
  z.object({ do: z.literal('text'), text: templated.min(1) }).strict(),
  /** An Android key by name: `KEYCODE_CALL`, `KEYCODE_HOME`, … */
  z
    .object({ do: z.literal('key'), key: z.string().regex(/^(KEYCODE_[A-Z0-9_]{1,40}|[0-9]{1,3})$/) })
    .strict(),
  z.object({ do: z.literal('wait'), ms: z.number().int().min(1).max(600_000) }).strict(),
  z
    .object({
      do: z.literal('wait_for'),
      target: Target,
      within_ms: z.number().int().min(100).max(600_000).default(15_000),
    })
    .strict(),
  /** Fails the script when the element is not there (or, with `absent`, is). */
  z.object({ do: z.literal('assert'), target: Target, absent: z.boolean().default(false) }).strict(),
  z
    .object({
      do: z.literal('screenshot'),
      name: z
        .string()
        .regex(/^[A-Za-z0-9 _-]{1,60}$/)
        .optional(),
    })
    .strict(),
  /** Needs the permission `slot.shell`. Arguments, never a line. */
  z.object({ do: z.literal('shell'), argv: z.array(templated.min(1)).min(1).max(40) }).strict(),
  /** Waits until the phone's telephony is in this state. */
  z
    .object({
      do: z.literal('wait_call'),
      state: z.enum(['idle', 'ringing', 'offhook', 'active']),
      within_ms: z.number().int().min(100).max(3_600_000).default(60_000),
    })
    .strict(),
]);
export type ScriptStep = z.infer<typeof ScriptStep>;

export const ScriptParam = z
  .object({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
    type: z.enum(['phone', 'text', 'integer']),
    required: z.boolean().default(true),
    /** What the form shows. */
    label: z.string().max(80).optional(),
  })
  .strict();
export type ScriptParam = z.infer<typeof ScriptParam>;

/** A whole script as it is stored and as it travels: data, checked by both ends. */
export const Script = z
  .object({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/, 'lower case letters, digits and underscores'),
    title: z.string().max(120).default(''),
    params: z.array(ScriptParam).max(20),
    steps: z.array(ScriptStep).min(1).max(200),
  })
  .strict();
export type Script = z.infer<typeof Script>;

export const SLOT_VERBS = {
  /** Restarts the slot's session: the app process in front and the bridge's own hold on the phone. */
  'slot.restart': {
    effect: true,
    deadlineMs: 30_000,
    /** `app`: the package to restart; the one in front when absent. */
    args: held.extend({
      app: z
        .string()
        .regex(/^[A-Za-z]\w*(\.\w+)+$/)
        .max(200)
        .optional(),
    }),
    result: z.object({}),
  },
  /** Answered when the phone took the command; the true state follows as events. */
  'slot.reboot': { effect: true, deadlineMs: 30_000, args: held, result: z.object({}) },
  /** One ADB shell command as arguments. `free`: the caller may use any verb, else only those of the allow-list. */
  'slot.shell': {
    effect: true,
    deadlineMs: 35_000,
    args: held.extend({ argv: z.array(z.string().min(1).max(4_000)).min(1).max(64), free: z.boolean() }),
    result: z.object({
      exit_code: z.number().int().nullable(),
      stdout: z.string(),
      stderr: z.string(),
      /** The output was longer than 64 KiB and is cut; the text ends with a mark that says so. */
      truncated: z.boolean(),
      /** It was stopped after 30 s. */
      timed_out: z.boolean(),
      ms: z.number().int(),
    }),
  },
  /** The PNG follows as binary frames on `stream`. */
  'slot.screen': {
    effect: false,
    deadlineMs: 15_000,
    args: z.object({ slot: SlotKey }),
    result: z.object({ stream: z.number().int(), size: z.number().int() }),
  },
  /** Rings a number by intent; its states follow as `slot.call` events. */
  'slot.call': {
    effect: true,
    deadlineMs: 10_000,
    args: held.extend({ call_id: CallId, number: PhoneNumber }),
    result: z.object({}),
  },
  'slot.hangup': {
    effect: true,
    deadlineMs: 10_000,
    args: held.extend({ call_id: CallId }),
    /** False: the phone had no call any more. */
    result: z.object({ ended: z.boolean() }),
  },
  /** Starts a script; steps and the end follow as events. */
  'script.run': {
    effect: true,
    deadlineMs: 10_000,
    args: held.extend({
      run_id: z.string().regex(/^gacs_[a-z0-9_]{1,40}$/),
      script: Script,
      params: z.record(z.string(), z.string().max(1_000)),
      /** Whoever started it may use any ADB verb in `shell` steps. */
      free: z.boolean(),
    }),
    result: z.object({ steps: z.number().int() }),
  },
  /** Interrupts a wait, too. An ended run is no error. */
  'script.stop': {
    effect: true,
    deadlineMs: 10_000,
    args: z.object({ run_id: z.string().regex(/^gacs_[a-z0-9_]{1,40}$/) }),
    result: z.object({ stopped: z.boolean() }),
  },
} as const;
