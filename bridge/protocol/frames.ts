/**
 * Binary frames: 16 bytes of head (kind, flags, two reserved, stream as 32 bits, offset as 64 bits, big-endian), then the payload.
 * `stream` is chosen by the sender and told in a message before; `offset` is where the payload belongs.
 */
import { CHUNK } from './limits.ts';

const HEAD = 16;
const KIND_DATA = 1;
const LAST = 1;

export interface Frame {
  stream: number;
  offset: number;
  last: boolean;
  payload: Uint8Array;
}

/** @throws RangeError for a payload over 64 KiB. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  if (frame.payload.byteLength > CHUNK) throw new RangeError('payload over the size of a frame');
  const bytes = new Uint8Array(HEAD + frame.payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, KIND_DATA);
  view.setUint8(1, frame.last ? LAST : 0);
  view.setUint32(4, frame.stream);
  view.setBigUint64(8, BigInt(frame.offset));
  bytes.set(frame.payload, HEAD);
  return bytes;
}

/** Null for bytes that are no frame. The payload is a view of `bytes`. */
export function decodeFrame(bytes: Uint8Array): Frame | null {
  if (bytes.byteLength < HEAD || bytes.byteLength > HEAD + CHUNK) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = view.getBigUint64(8);
  if (view.getUint8(0) !== KIND_DATA || offset > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return {
    stream: view.getUint32(4),
    offset: Number(offset),
    last: (view.getUint8(1) & LAST) === LAST,
    payload: bytes.subarray(HEAD),
  };
}
