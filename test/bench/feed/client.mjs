// N listeners in one process, the same code for every server: a WebSocket that only notes when each event came.
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

const CONNECTING_AT_ONCE = 50;

/** Protocols of the two servers: how to connect, and which frames are events. */
export const PROTOCOLS = {
  trunkline: {
    isEvent: (text) => text.startsWith('{"type":"event"'),
    isReady: (text) => text.startsWith('{"type":"hello"'),
  },
  'socket.io': {
    isEvent: (text) => text.startsWith('42'),
    isReady: (text) => text.startsWith('40'),
    // Engine.IO 4: the server opens with 0, the client joins with 40 and answers each ping.
    answer: (text) => (text.startsWith('0') ? '40' : text === '2' ? '3' : null),
  },
};

/** Opens `count` sockets; `target(index)` gives each one's URL and headers. */
export async function listen(count, protocol, target) {
  const sockets = [];
  /** Called with each event's arrival, ms of `performance.now()`. */
  const hook = { onEvent: () => {} };
  const open = (index) =>
    new Promise((resolve, reject) => {
      const { url, headers } = target(index);
      const ws = new WebSocket(url, { headers, perMessageDeflate: false, skipUTF8Validation: true });
      ws.on('message', (/** @type {Buffer} */ data) => {
        const at = performance.now();
        const text = data.toString('utf8', 0, 40);
        if (protocol.isEvent(text)) return hook.onEvent(at);
        if (protocol.isReady(text)) resolve();
        const answer = protocol.answer?.(text);
        if (answer) ws.send(answer);
      });
      ws.on('error', reject);
      ws.on('unexpected-response', (_, response) =>
        reject(new Error(`socket refused: ${response.statusCode}`)),
      );
      sockets.push(ws);
    });
  for (let from = 0; from < count; from += CONNECTING_AT_ONCE) {
    const batch = Array.from({ length: Math.min(CONNECTING_AT_ONCE, count - from) }, (_, i) =>
      open(from + i),
    );
    await Promise.all(batch);
  }
  return { hook, close: () => sockets.forEach((ws) => ws.terminate()) };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** POSTs JSON over one kept connection; answers the status. */
export const post = (url, headers, body) =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const options = {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    };
    const sent = request(url, options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject);
    sent.end(text);
  });

const MISSING_AFTER_MS = 10_000;

/**
 * Publishes `events` one after the other and waits each time until every listener has it.
 * Answers, per event and listener, ms from the publish to the arrival, and per event the last arrival.
 */
export async function measure({ hook, count, events, pauseMs, publish }) {
  const each = [];
  const last = [];
  let missing = 0;
  for (let n = 0; n < events; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const arrivals = [];
    const startedAt = performance.now();
    const arrived = new Promise((resolve) => {
      const timer = setTimeout(resolve, MISSING_AFTER_MS);
      hook.onEvent = (at) => {
        arrivals.push(at - startedAt);
        if (arrivals.length < count) return;
        clearTimeout(timer);
        resolve();
      };
    });
    const status = await publish(n);
    if (status !== 200) throw new Error(`publish answered ${status}`);
    await arrived;
    missing += count - arrivals.length;
    each.push(...arrivals);
    last.push(arrivals.at(-1) ?? MISSING_AFTER_MS);
  }
  return { each, last, missing };
}

export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
