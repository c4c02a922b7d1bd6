/** Engine.IO 4 on the wire (https://socket.io/docs/v4/engine-io-protocol/): one character of type, then the data. */

export const PACKET = {
  open: '0',
  close: '1',
  ping: '2',
  pong: '3',
  message: '4',
  upgrade: '5',
  noop: '6',
} as const;

/** Between the packets of one HTTP body. */
const SEPARATOR = '\u001e';
/** In an HTTP body a binary message is text as well. */
const BASE64 = 'b';

/** A packet as text, or the bytes of a binary message. */
export type Packet = string | Uint8Array;

export const encodePayload = (packets: readonly Packet[]): string =>
  packets
    .map((packet) => (typeof packet === 'string' ? packet : BASE64 + Buffer.from(packet).toString('base64')))
    .join(SEPARATOR);

export const decodePayload = (body: string): Packet[] =>
  body
    .split(SEPARATOR)
    .map((part) => (part.startsWith(BASE64) ? new Uint8Array(Buffer.from(part.slice(1), 'base64')) : part));

/** Why a request is refused, with the numbers and words of Engine.IO's own server. */
export const ENGINE_ERRORS = {
  transport: { code: 0, message: 'Transport unknown' },
  session: { code: 1, message: 'Session ID unknown' },
  method: { code: 2, message: 'Bad handshake method' },
  request: { code: 3, message: 'Bad request' },
  version: { code: 5, message: 'Unsupported protocol version' },
} as const;
export type EngineError = keyof typeof ENGINE_ERRORS;

/** The answer to a refused request. */
export const refuse = (error: EngineError): Response => Response.json(ENGINE_ERRORS[error], { status: 400 });
