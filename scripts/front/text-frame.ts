const FINAL_TEXT = 0x81;

/** A whole text message as one unmasked WebSocket frame (RFC 6455, 5.2), ready to be written to many connections. */
export function textFrame(message: string): Buffer {
  const size = Buffer.byteLength(message);
  const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + size);
  frame[0] = FINAL_TEXT;
  if (head === 2) frame[1] = size;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  frame.write(message, head);
  return frame;
}
