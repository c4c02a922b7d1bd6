/** Numbers both ends of the tunnel hold to. Times are milliseconds, sizes bytes. */

export const PROTOCOL = 1;

/** WebSocket text messages, larger ones are refused: a list of all channels of a busy PBX fits well. */
export const MAX_MESSAGE = 1024 * 1024;
/** Requests one side may have open at the other. */
export const MAX_IN_FLIGHT = 64;
/** The bridge pings this often; the edge answers without waking its object. */
export const HEARTBEAT_MS = 5_000;
/** A side that heard nothing for this long takes the tunnel for dead. */
export const DEAD_AFTER_MS = 15_000;
/** Between connecting and a valid hello. */
export const HELLO_WITHIN_MS = 10_000;
export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 30_000;

/** Journalled events sent and not yet acknowledged. */
export const EVENT_WINDOW = 256;

/** Payload of one binary frame. */
export const CHUNK = 64 * 1024;
/** How far a sender of binary frames may be ahead of what the receiver said it took. */
export const STREAM_WINDOW = 1024 * 1024;

export const PING = 'ping';
export const PONG = 'pong';
