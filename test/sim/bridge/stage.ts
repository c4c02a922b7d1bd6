import type { BridgeEvent } from '../../../bridge/protocol/events.ts';
import type { EdgeArgs } from '../../../bridge/protocol/verbs.ts';
import type { PbxCall } from './pbx-calls.ts';

/** What is said of a file before its bytes are sent. */
export type Upload = Omit<EdgeArgs<'upload.begin'>, 'size' | 'sha256' | 'stream'>;

/** What the parts of a simulated bridge may use; the world they live in gives it. */
export interface Stage {
  /** Length of every recording, seconds. */
  readonly recordingSec: number;
  /** The edge's clock. */
  now(): number;
  emit(event: BridgeEvent): void;
  /** Runs a job after a while unless the world has stopped. */
  later(ms: number, job: () => void): void;
  /** @throws Error when the edge's checksum differs, or the tunnel breaks */
  upload(about: Upload, bytes: Buffer): Promise<void>;
  newStream(): number;
  sendBytes(stream: number, bytes: Uint8Array): Promise<void>;
  /** What becomes of a call that was asked for, where nobody drives it by hand. */
  playPbxCall(call: PbxCall): void;
  playSlotCall(slot: string, number: string): void;
}
