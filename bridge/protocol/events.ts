/**
 * What happens at the bridge's end. Each event has a growing number in the bridge's journal and stays there until the
 * edge has stored it; the edge drops a number it has seen. Order is kept, of a call and of a slot.
 */
import { z } from 'zod';
import { CallId, ChannelId, Extension, Moment, PbxName, PbxWord, SlotKey } from './parts.ts';
import { QueueMember, TrunkView } from './pbx.ts';
import { SLOT_STATUSES } from './slots.ts';

/** What a channel is, by the bridge's configuration of trunks and its name: never guessed at the edge. */
export const CHANNEL_KINDS = ['extension', 'trunk', 'local', 'other'] as const;

const text = z.string().max(160);

/** One thing that happened to one channel, made of AMI's events. Absent texts are empty, `<unknown>` is none. */
const channel = {
  pbx: PbxName,
  uniqueid: ChannelId,
  /** All channels of one call share it, whatever AMI renames underneath. */
  linkedid: ChannelId,
  /** `PJSIP/150-00000012`. */
  channel: text,
  kind: z.enum(CHANNEL_KINDS),
  /** The extension's number or the trunk's name; of a Local channel what was dialled. */
  endpoint: text,
};

export const ChannelFact = z.discriminatedUnion('what', [
  z.object({
    ...channel,
    what: z.literal('new'),
    /** Caller id number of the channel. */
    caller: text,
    context: text,
    exten: text,
    /** The call the edge asked for with `pbx.originate`. */
    call_id: CallId.optional(),
  }),
  /** Caller id or connected line changed. */
  z.object({ ...channel, what: z.literal('caller'), caller: text, connected: text }),
  /** The channel rings another one: DialBegin. `dialled` is the number or extension that is rung. */
  z.object({
    ...channel,
    what: z.literal('dial'),
    dest_uniqueid: ChannelId,
    dest_channel: text,
    dest_kind: z.enum(CHANNEL_KINDS),
    dest_endpoint: text,
    dialled: text,
  }),
  /** DialEnd: `ANSWER`, `BUSY`, `NOANSWER`, `CANCEL`, `CONGESTION`, `CHANUNAVAIL`, … */
  z.object({ ...channel, what: z.literal('dial_end'), dest_uniqueid: ChannelId, status: z.string().max(40) }),
  /** The channel answered, or was answered. */
  z.object({ ...channel, what: z.literal('up') }),
  z.object({ ...channel, what: z.literal('enter'), bridge: ChannelId }),
  z.object({ ...channel, what: z.literal('leave'), bridge: ChannelId }),
  /** Blind or attended transfer that Asterisk reported. */
  z.object({ ...channel, what: z.literal('transfer'), attended: z.boolean(), result: text, to: text }),
  /** Hung up. `last`: no channel of this linkedid is left. Cause is Q.850. */
  z.object({
    ...channel,
    what: z.literal('gone'),
    cause: z.number().int(),
    cause_text: text,
    last: z.boolean(),
  }),
]);
export type ChannelFact = z.infer<typeof ChannelFact>;

export const CdrRow = z.object({
  pbx: PbxName,
  uniqueid: ChannelId,
  linkedid: ChannelId,
  channel: text,
  dest_channel: text,
  source: text,
  destination: text,
  context: text,
  caller_id: text,
  /** UTC moments; answer is null of an unanswered one. */
  start: Moment,
  answer: Moment.nullable(),
  end: Moment,
  duration_sec: z.number().int().min(0),
  billable_sec: z.number().int().min(0),
  disposition: z.string().max(40),
  last_application: text,
});
export type CdrRow = z.infer<typeof CdrRow>;

export const BridgeEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pbx.channel'), data: ChannelFact }),
  /** What is going on now: sent after the bridge could not listen for a while. Channels not in it are gone. */
  z.object({
    kind: z.literal('pbx.sync'),
    data: z.object({ pbx: PbxName, uniqueids: z.array(ChannelId).max(5_000) }),
  }),
  /** An originate failed after its first channel was made: nobody answered, busy, unreachable. */
  z.object({
    kind: z.literal('pbx.originate_failed'),
    data: z.object({ pbx: PbxName, call_id: CallId, reason: text }),
  }),
  z.object({ kind: z.literal('pbx.cdr'), data: CdrRow }),
  z.object({
    kind: z.literal('pbx.state'),
    data: z.object({
      pbx: PbxName,
      ssh: z.enum(['up', 'down', 'unused']),
      ami: z.enum(['up', 'down']),
      version: z.string().max(200).nullable(),
      error: z.string().max(500).nullable(),
    }),
  }),
  z.object({ kind: z.literal('pbx.trunk'), data: TrunkView }),
  /** Who is in the queues. `whole`: of all queues of the configuration, members that are not named are gone. */
  z.object({
    kind: z.literal('pbx.members'),
    data: z.object({
      pbx: PbxName,
      whole: z.boolean(),
      members: z
        .array(
          QueueMember.extend({
            queue: PbxWord,
            /** False: it left the queue. */
            present: z.boolean(),
          }),
        )
        .max(2_000),
    }),
  }),
  /** A queue rang a member and nobody took the call. */
  z.object({
    kind: z.literal('pbx.missed'),
    data: z.object({ pbx: PbxName, queue: PbxWord, extension: Extension, ring_sec: z.number().int().min(0) }),
  }),
  z.object({
    kind: z.literal('slot.state'),
    data: z.object({
      slot: SlotKey,
      /** `1-1.2`, where the phone is plugged in; null over TCP. */
      usb: z.string().max(60).nullable(),
      status: z.enum(SLOT_STATUSES),
      /** What to do about it, where something is to be done; else null. */
      remedy: z.string().max(300).nullable(),
      model: z.string().max(120).nullable(),
      android: z.string().max(40).nullable(),
      address: z.string().max(80).nullable(),
    }),
  }),
  /** The slots that are there at all, after a (re)start of the bridge: others of this bridge are OFFLINE. */
  z.object({ kind: z.literal('slot.list'), data: z.object({ slots: z.array(SlotKey).max(256) }) }),
  z.object({
    kind: z.literal('slot.call'),
    data: z.object({
      slot: SlotKey,
      /** Null: a call that nobody asked us for, incoming or dialled on the phone. */
      call_id: CallId.nullable(),
      direction: z.enum(['in', 'out']),
      number: z.string().max(40).nullable(),
      /** `ringing` from the intent on, or an incoming ring; `active` only where the phone tells of the answer. */
      state: z.enum(['ringing', 'active', 'ended']),
      outcome: z.enum(['answered', 'no_answer', 'busy', 'rejected', 'failed', 'cancelled']).nullable(),
    }),
  }),
  z.object({
    kind: z.literal('script.step'),
    data: z.object({
      run_id: z.string().max(60),
      /** From 0. */
      step: z.number().int().min(0),
      state: z.enum(['running', 'ok', 'failed', 'skipped']),
      ms: z.number().int().min(0).nullable(),
      message: z.string().max(2_000).nullable(),
    }),
  }),
  z.object({
    kind: z.literal('script.end'),
    data: z.object({
      run_id: z.string().max(60),
      slot: SlotKey,
      result: z.enum(['ok', 'failed', 'stopped']),
      message: z.string().max(2_000).nullable(),
    }),
  }),
  /** A line for the bridge's page: numbers masked, no secrets. */
  z.object({
    kind: z.literal('bridge.log'),
    data: z.object({
      level: z.enum(['info', 'warn', 'error']),
      part: z.string().max(40),
      text: z.string().max(500),
    }),
  }),
]);
export type BridgeEvent = z.infer<typeof BridgeEvent>;
export type BridgeEventKind = BridgeEvent['kind'];
export type BridgeEventOf<K extends BridgeEventKind> = Extract<BridgeEvent, { kind: K }>['data'];
