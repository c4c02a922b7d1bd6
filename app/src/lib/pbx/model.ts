import type { Call } from '#lib/api/model.js';
import type { components } from '#lib/api/schema.js';

/** What the PBX screens show, by the API's own names; what each field means is in the API document. */
type Schemas = components['schemas'];

export type PbxStatus = Schemas['PbxStatus'];
export type Pbx = PbxStatus['pbx'][number];
export type Trunk = PbxStatus['trunks'][number];
/** Why a part of an answer is missing: a bridge or PBX that could not be asked. */
export type Problem = Schemas['PbxProblem'];
export type Channel = Schemas['PbxChannel'];
export type Queue = Schemas['PbxQueue'];
export type QueueMember = Queue['members'][number];
export type Cdr = Schemas['CdrRow'];
export type Recording = Schemas['Recording'];
/** A recording with the call it is of. */
export interface RecordedCall {
  recording: Recording;
  call: Call;
}
export type SpyMode = Schemas['PbxSpy']['mode'];

export const SPY_MODES = ['listen', 'whisper', 'barge'] as const satisfies readonly SpyMode[];
