/** Every verb of the tunnel, in the direction edge to bridge, and the ones a bridge asks of the edge. */
import { z } from 'zod';
import { ChannelId, PbxName } from './parts.ts';
import { PBX_VERBS } from './pbx.ts';
import { SLOT_VERBS } from './slots.ts';

export interface VerbShape {
  /** Has an effect in the world: journalled at both ends, executed at most once, its result kept until settled. */
  effect: boolean;
  /** Longest time from the edge's request to its answer, when the caller does not say. */
  deadlineMs: number;
  args: z.ZodType;
  result: z.ZodType;
}

/** What the edge may ask of a bridge. */
export const BRIDGE_VERBS = { ...PBX_VERBS, ...SLOT_VERBS } as const satisfies Record<string, VerbShape>;
export type BridgeVerb = keyof typeof BRIDGE_VERBS;
/** As a caller writes them: fields with a default may be left out. */
export type VerbArgs<V extends BridgeVerb> = z.input<(typeof BRIDGE_VERBS)[V]['args']>;
/** As the bridge's handler sees them. */
export type ParsedArgs<V extends BridgeVerb> = z.output<(typeof BRIDGE_VERBS)[V]['args']>;
export type VerbResult<V extends BridgeVerb> = z.output<(typeof BRIDGE_VERBS)[V]['result']>;

export const isBridgeVerb = (verb: string): verb is BridgeVerb => Object.hasOwn(BRIDGE_VERBS, verb);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const UploadId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

/** What a bridge may ask of the edge. */
export const EDGE_VERBS = {
  /**
   * Begins or resumes the upload of a recording (or a script's screenshot). Asked again with the same `key` and
   * `sha256`, it answers how far the edge has it: frames go on from `offset`. `done` when it is complete already.
   */
  'upload.begin': {
    effect: false,
    deadlineMs: 20_000,
    args: z.object({
      /** The bridge's own name of the file, unique on the bridge: `recording/<pbx>/<file>`, `screenshot/<run>/<step>`. */
      key: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_./+@ -]{0,250}$/),
      kind: z.enum(['recording', 'screenshot']),
      size: z.number().int().min(1),
      sha256: Sha256,
      type: z.enum(['audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/gsm', 'image/png']),
      /** Of a recording: the channel it was made on. */
      pbx: PbxName.optional(),
      uniqueid: ChannelId.optional(),
      linkedid: ChannelId.optional(),
      /** Of a screenshot: its run and step. */
      run_id: z.string().max(60).optional(),
      step: z.number().int().min(0).optional(),
      stream: z.number().int().min(1),
    }),
    result: z.object({ upload: UploadId, offset: z.number().int().min(0), done: z.boolean() }),
  },
  /** All frames are sent. `ok: false`: the checksum of what arrived differs, the upload starts anew. */
  'upload.end': {
    effect: false,
    deadlineMs: 60_000,
    args: z.object({ upload: UploadId }),
    result: z.object({ ok: z.boolean() }),
  },
} as const satisfies Record<string, VerbShape>;
export type EdgeVerb = keyof typeof EDGE_VERBS;
export type EdgeArgs<V extends EdgeVerb> = z.output<(typeof EDGE_VERBS)[V]['args']>;
export type EdgeResult<V extends EdgeVerb> = z.output<(typeof EDGE_VERBS)[V]['result']>;
