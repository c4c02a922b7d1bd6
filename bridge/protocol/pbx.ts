/** Verbs for Asterisk: what may be asked of a PBX, and what it answers. */
import { z } from 'zod';
import { CallId, ChannelId, Extension, ModuleName, Moment, PbxName, PbxWord, PhoneNumber } from './parts.ts';

const pbx = PbxName.optional().describe('The only one, or the first of the configuration, when absent.');

export const ChannelView = z.object({
  uniqueid: z.string(),
  linkedid: z.string(),
  channel: z.string(),
  kind: z.enum(['extension', 'trunk', 'local', 'other']),
  /** Endpoint: extension number or trunk. */
  endpoint: z.string(),
  state: z.string(),
  caller: z.string(),
  connected: z.string(),
  context: z.string(),
  exten: z.string(),
  application: z.string(),
  seconds: z.number().int().nullable(),
  bridge: z.string(),
});

export const EndpointView = z.object({
  name: z.string(),
  /** Asterisk's words: `Not in use`, `In use`, `Unavailable`, … */
  state: z.string(),
  channels: z.number().int(),
  /** Registered contacts with their reachability; empty: nobody registered. */
  contacts: z.array(z.object({ uri: z.string(), status: z.string(), rtt_ms: z.number().nullable() })),
});

/** OK: registered and its endpoint reachable. WARN: one of the two is in doubt. DOWN: calls can't go out. */
export const TrunkView = z.object({
  pbx: PbxName,
  name: z.string(),
  state: z.enum(['OK', 'WARN', 'DOWN']),
  /** Why it is not OK, in words; null when it is. */
  reason: z.string().nullable(),
  /** Word of `pjsip show registrations`; null: this trunk does not register. */
  registration: z.string().nullable(),
  endpoint: z.string().nullable(),
  /** Calls over it that failed since the bridge started. */
  failed: z.number().int(),
  last_check: Moment,
});
export type TrunkView = z.infer<typeof TrunkView>;

export const QueueMember = z.object({
  interface: z.string(),
  /** Whose it is by the configuration's `extension_channel`; null: no extension's. */
  extension: Extension.nullable().default(null),
  name: z.string(),
  /** Lower is asked first. */
  penalty: z.number().int(),
  paused: z.boolean(),
  paused_reason: z.string(),
  /** Added by a command; false: written in the queue's configuration. */
  dynamic: z.boolean(),
  in_call: z.boolean(),
  /** `Not in use`, `In use`, `Ringing`, `Unavailable`, … */
  status: z.string(),
  calls_taken: z.number().int(),
  last_call: Moment.nullable(),
});
export type QueueMember = z.infer<typeof QueueMember>;

export const QueueView = z.object({
  name: z.string(),
  strategy: z.string(),
  calls: z.number().int(),
  completed: z.number().int(),
  abandoned: z.number().int(),
  hold_time_sec: z.number().int(),
  members: z.array(QueueMember),
});

const queueMember = z.object({ pbx, queue: PbxWord, extension: Extension });

const DisplayName = z
  .string()
  .max(80)
  .regex(/^[^\r\n"<>\\]*$/, 'not a display name');

export const PBX_VERBS = {
  /** Rings an extension and, when it answers, the number: by the dialplan's rules, or over the trunk named. */
  'pbx.originate': {
    effect: true,
    deadlineMs: 10_000,
    args: z.object({
      pbx,
      call_id: CallId,
      from: Extension,
      to: PhoneNumber.or(Extension),
      /** Absent: the dialplan chooses. Must be in the bridge's configuration. */
      trunk: PbxWord.optional(),
      /** What the extension's own phone shows while it rings. */
      caller_name: DisplayName.optional(),
      /** How long the extension rings, seconds. */
      ring_sec: z.number().int().min(5).max(120).default(30),
    }),
    /** Answered as soon as Asterisk made the first channel; what follows comes as events. */
    result: z.object({ pbx: PbxName, uniqueid: ChannelId, linkedid: ChannelId }),
  },
  'pbx.hangup': {
    effect: true,
    deadlineMs: 10_000,
    /** Every channel of the call. No such channel any more is no error. */
    args: z.object({ pbx, linkedid: ChannelId }),
    result: z.object({ channels: z.number().int() }),
  },
  /** Sends one party of a live call elsewhere; the other is hung up unless it is redirected as well. */
  'pbx.redirect': {
    effect: true,
    deadlineMs: 10_000,
    args: z.object({
      pbx,
      linkedid: ChannelId,
      /** `outside`: the customer's channel; `inside`: the extension's; `peer_of`: who talks with `extension`. */
      leg: z.enum(['outside', 'inside', 'peer_of']),
      extension: Extension.optional(),
      to: PhoneNumber.or(Extension),
      /** Must be in the bridge's configuration; its default context when absent. */
      context: PbxWord.optional(),
      /** Only while the party talks with nobody. */
      unanswered: z.boolean().default(false),
    }),
    result: z.object({ channel: z.string() }),
  },
  /** Whether the dialplan has a context with this extension in it. */
  'pbx.dialplan': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx, context: PbxWord, exten: PbxWord }),
    result: z.object({ exists: z.boolean() }),
  },
  /** Rings `by` and lets it listen to (whisper to, barge into) the call that `extension` is in. */
  'pbx.spy': {
    effect: true,
    deadlineMs: 10_000,
    args: z.object({
      pbx,
      by: Extension,
      extension: Extension,
      mode: z.enum(['listen', 'whisper', 'barge']),
    }),
    result: z.object({ uniqueid: ChannelId, spied: z.string() }),
  },
  'pbx.channels': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx }),
    result: z.object({ channels: z.array(ChannelView) }),
  },
  'pbx.endpoints': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx }),
    result: z.object({ endpoints: z.array(EndpointView) }),
  },
  /** Of every PBX of the bridge. Only trunks in its configuration. */
  'pbx.trunks': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({}),
    result: z.object({ trunks: z.array(TrunkView) }),
  },
  'pbx.queues': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx, queue: PbxWord.optional() }),
    result: z.object({ queues: z.array(QueueView) }),
  },
  'pbx.queue.add': {
    effect: true,
    deadlineMs: 10_000,
    args: queueMember.extend({
      penalty: z.number().int().min(0).max(100).default(0),
      name: z
        .string()
        .max(80)
        .regex(/^[^\r\n,"]*$/, 'not a display name')
        .optional(),
    }),
    /** `already`: it was a member. */
    result: z.object({ already: z.boolean() }),
  },
  'pbx.queue.remove': {
    effect: true,
    deadlineMs: 10_000,
    args: queueMember,
    result: z.object({ already: z.boolean() }),
  },
  'pbx.queue.pause': {
    effect: true,
    deadlineMs: 10_000,
    args: queueMember.extend({
      paused: z.boolean(),
      reason: z
        .string()
        .max(80)
        .regex(/^[^\r\n,"]*$/, 'not a reason')
        .optional(),
    }),
    result: z.object({}),
  },
  /** How early a member is asked. */
  'pbx.queue.penalty': {
    effect: true,
    deadlineMs: 10_000,
    args: queueMember.extend({ penalty: z.number().int().min(0).max(100) }),
    result: z.object({}),
  },
  /** Accounts of the file that the bridge writes; those of other files are not its affair. */
  'pbx.accounts': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx }),
    result: z.object({ accounts: z.array(z.object({ extension: Extension })) }),
  },
  /** Makes an account with a password of Asterisk's own file, which is told to nobody here. `already`: it was there. */
  'pbx.account.put': {
    effect: true,
    deadlineMs: 20_000,
    args: z.object({ pbx, extension: Extension, name: DisplayName.optional() }),
    result: z.object({ already: z.boolean() }),
  },
  /** `already`: there was none. */
  'pbx.account.remove': {
    effect: true,
    deadlineMs: 20_000,
    args: z.object({ pbx, extension: Extension }),
    result: z.object({ already: z.boolean() }),
  },
  /** What the account signs in with, read from Asterisk now. No effect, so that no journal holds it. */
  'pbx.account.password': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({ pbx, extension: Extension }),
    result: z.object({ login: z.string(), password: z.string() }),
  },
  /** A module of the bridge's list of modules that may be reloaded. */
  'pbx.reload': {
    effect: true,
    deadlineMs: 30_000,
    args: z.object({ pbx, module: ModuleName }),
    result: z.object({ output: z.string() }),
  },
  'pbx.status': {
    effect: false,
    deadlineMs: 10_000,
    args: z.object({}),
    result: z.object({
      pbx: z.array(
        z.object({
          name: PbxName,
          version: z.string().nullable(),
          uptime_sec: z.number().int().nullable(),
          ssh: z.enum(['up', 'down', 'unused']),
          ami: z.enum(['up', 'down']),
          calls: z.number().int().nullable(),
          error: z.string().nullable(),
        }),
      ),
    }),
  },
} as const;
