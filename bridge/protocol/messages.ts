/**
 * The tunnel's text messages, in both directions. Both ends parse with these schemas; a message that none of them
 * fits is answered by `unknown`, never dropped. Moments are the edge's milliseconds: the bridge learns the edge's
 * clock from `challenge` and `welcome` and never needs a right clock of its own.
 */
import { z } from 'zod';
import { BridgeError } from './errors.ts';
import { BridgeEvent } from './events.ts';
import { Moment } from './parts.ts';
import { Readings } from './readings.ts';

const RequestId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const Seq = z.number().int().min(0);

const request = z.object({
  t: z.literal('req'),
  id: RequestId,
  verb: z.string().max(60),
  args: z.unknown(),
  /** Not begun and not answered after this. */
  deadline: Moment,
});
const result = z.object({ t: z.literal('res'), id: RequestId, ok: z.literal(true), result: z.unknown() });
const failure = z.object({ t: z.literal('res'), id: RequestId, ok: z.literal(false), error: BridgeError });
const cancel = z.object({ t: z.literal('cancel'), id: RequestId });
/** The answer to a message that could not be understood; `of` is its `t` where it had one. */
const unknown = z.object({ t: z.literal('unknown'), of: z.string().max(60), message: z.string().max(500) });

export const Agent = z.object({
  /** Of the bridge's program. */
  version: z.string().max(40),
  host: z.string().max(120),
  platform: z.string().max(60),
  node: z.string().max(40),
});
export type Agent = z.infer<typeof Agent>;

export const Challenge = z.object({
  t: z.literal('challenge'),
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  protocols: z.array(z.number().int()).min(1),
  now: Moment,
});

export const Hello = z.object({
  t: z.literal('hello'),
  protocol: z.number().int(),
  /** base64 of the Ed25519 signature over `helloText`. */
  signature: z.string().max(120),
  agent: Agent,
  /** The journal's own id (new when its file was lost) and the number of its newest event. */
  journal: z.object({ id: z.string().regex(/^[0-9a-f-]{36}$/), head: Seq }),
  /** What the bridge's configuration has: names only. */
  config: z.object({
    pbx: z
      .array(
        z.object({
          name: z.string().max(31),
          trunks: z.array(z.string().max(64)).max(200),
          contexts: z.array(z.string().max(64)).max(200),
          modules: z.array(z.string().max(64)).max(100),
          recordings: z.boolean(),
        }),
      )
      .max(20),
    slots: z.boolean(),
  }),
});
export type Hello = z.infer<typeof Hello>;

export const Welcome = z.object({
  t: z.literal('welcome'),
  protocol: z.number().int(),
  /** Of this connection. */
  session: z.string().max(64),
  now: Moment,
  /** Newest event of this journal that the edge has stored. */
  acked: Seq,
});

/** Last message before the edge closes. `temporary: false`: reconnecting is no use, a person has to act. */
export const Bye = z.object({
  t: z.literal('bye'),
  code: z.number().int(),
  reason: z.string().max(200),
  temporary: z.boolean(),
});

export const EdgeMessage = z.union([
  Challenge,
  Welcome,
  Bye,
  request,
  result,
  failure,
  cancel,
  unknown,
  /** Every event up to `seq` is stored. */
  z.object({ t: z.literal('ack'), seq: Seq }),
  /** Events after `seq` could not be stored now: send them again after `retry_ms`. */
  z.object({ t: z.literal('hold'), seq: Seq, retry_ms: z.number().int().min(0) }),
  /** The results of these commands are stored: the bridge may forget them. */
  z.object({ t: z.literal('settled'), ids: z.array(RequestId).max(1_000) }),
  /** Binary frames of a stream are taken up to `offset`. */
  z.object({ t: z.literal('window'), stream: z.number().int(), offset: z.number().int().min(0) }),
]);
export type EdgeMessage = z.infer<typeof EdgeMessage>;

export const BridgeMessage = z.union([
  Hello,
  request,
  result,
  failure,
  cancel,
  unknown,
  z.object({ t: z.literal('progress'), id: RequestId, data: z.unknown() }),
  z.object({ t: z.literal('event'), seq: Seq, at: Moment, event: BridgeEvent }),
  z.object({ t: z.literal('readings'), readings: Readings }),
  /** The bridge stops on purpose; `reason` for its log on the page. */
  z.object({ t: z.literal('leaving'), reason: z.string().max(200) }),
]);
export type BridgeMessage = z.infer<typeof BridgeMessage>;

/** What a bridge signs at each connect: bound to the edge's nonce, its own id and the protocol. */
export const helloText = (bridgeId: string, nonce: string, protocol: number): string =>
  `trunkline bridge\n${protocol}\n${bridgeId}\n${nonce}`;

/** WebSocket close codes of the tunnel; the same number goes with `bye`. */
export const TUNNEL_CLOSE = {
  /** The edge is being restarted or updated. */
  restart: { code: 4000, temporary: true },
  /** Nothing was heard for too long. */
  dead: { code: 4008, temporary: true },
  /** No valid hello in time, or one with a wrong signature. */
  unauthenticated: { code: 4401, temporary: false },
  /** An administrator revoked the bridge or its tenant is disabled. */
  revoked: { code: 4403, temporary: false },
  /** Another connection with the same key took over. */
  replaced: { code: 4409, temporary: false },
  /** The two ends share no protocol version: update the bridge. */
  version: { code: 4426, temporary: false },
  /** A message too large or frames out of order. */
  protocol: { code: 4400, temporary: true },
} as const;
export type TunnelCloseReason = keyof typeof TUNNEL_CLOSE;

/** A parsed message, or what to answer to one that is none. */
export type Parsed<T> = { ok: true; message: T } | { ok: false; answer: string };

/** Reads one text message by the schema of its direction. Never throws. */
export function parseMessage<T>(schema: z.ZodType<T>, text: string): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, answer: unknownMessage('', 'not JSON') };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const of = typeof value === 'object' && value !== null && 't' in value ? String(value.t) : '';
  return { ok: false, answer: unknownMessage(of, z.prettifyError(parsed.error)) };
}

const unknownMessage = (of: string, message: string): string =>
  JSON.stringify({ t: 'unknown', of: of.slice(0, 60), message: message.slice(0, 500) });
