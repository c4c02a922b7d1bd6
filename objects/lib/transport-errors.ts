/** What the runtime says when the other end of a socket is gone: noise of a normal parting, not a fault of ours. */
const NOISE = [
  "can't call websocket send() after close()",
  'network connection lost',
  'websocket peer disconnected',
  'websocket was closed',
  'the connection was reset',
  'broken pipe',
  'aborted',
];

export function isTransportError(error: unknown): boolean {
  const message = error instanceof Error ? error.message.toLowerCase() : '';
  return NOISE.some((text) => message.includes(text));
}
