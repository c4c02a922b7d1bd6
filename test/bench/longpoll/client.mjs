// The load client of the long-poll comparison: N parked phones on raw keep-alive sockets, one process, the same
// code for every server, so that what differs between two lines of the table is the server alone.
import { connect } from 'node:net';

/**
 * One HTTP/1.1 connection that carries one exchange at a time.
 * Raw on purpose: a general HTTP client costs more per parked poll than the servers under test.
 */
export class Wire {
  #socket;
  #host;
  #port;
  #waiter = null;
  #buffer = '';
  onClose = null;

  constructor(host, port) {
    this.#host = host;
    this.#port = port;
  }

  /** Opens the connection; rejects when the server refuses it. */
  open() {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
      socket.setEncoding('latin1');
      socket.once('connect', () => resolve(this));
      socket.on('data', (chunk) => this.#read(chunk));
      socket.on('error', (error) => {
        reject(error);
        this.#fail(error);
      });
      socket.on('close', () => this.#fail(new Error('connection closed')));
      this.#socket = socket;
    });
  }

  /** Sends a request; resolves with status, headers (raw text), body (latin1) and the time the answer was complete. */
  exchange(raw) {
    return new Promise((resolve, reject) => {
      if (this.#waiter) return reject(new Error('an exchange is running'));
      this.#waiter = { resolve, reject };
      this.#socket.write(raw);
    });
  }

  destroy() {
    this.#socket?.destroy();
  }

  #fail(error) {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(error);
    this.onClose?.(error);
  }

  #read(chunk) {
    this.#buffer += chunk;
    const answer = parseAnswer(this.#buffer);
    if (!answer) return;
    answer.at = performance.now();
    this.#buffer = this.#buffer.slice(answer.end);
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.resolve(answer);
  }
}

/** Parses one complete answer from the start of the text, null while it is incomplete. */
export function parseAnswer(text) {
  const split = text.indexOf('\r\n\r\n');
  if (split < 0) return null;
  const headers = text.slice(0, split);
  const status = Number(headers.slice(9, 12));
  const from = split + 4;
  if (status === 204 || status === 304) return { status, headers, body: '', end: from };
  const length = /\r\ncontent-length: *(\d+)/i.exec(headers);
  if (length) {
    const end = from + Number(length[1]);
    return text.length < end ? null : { status, headers, body: text.slice(from, end), end };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(headers)) return { status, headers, body: '', end: from };
  let body = '';
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = parseInt(text.slice(at, line), 16);
    const end = line + 2 + size + 2;
    if (text.length < end) return null;
    if (size === 0) return { status, headers, body, end };
    body += text.slice(line + 2, line + 2 + size);
    at = end;
  }
}

/** Commands go to so many of the phones, in turn: the warm-up reaches each of them once. */
export const TARGETS = 1_000;

/** Memory and descriptors per phone are counted from this many on. */
export const FEW = 200;

/** Value of the sorted list at quantile q, NaN for none. */
export const quantile = (sorted, q) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

/** p50, p95, p99, max of milliseconds. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    n: sorted.length,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? NaN,
  };
}

/**
 * Parks `count` phones, then sends `commands` commands at `rate` per second, each to a phone that is parked,
 * and measures from just before the command is posted to the complete answer of the poll that carries it.
 *
 * `server` is an adapter: `{host, port, phone(i, wire), publish(i, marker)}`; a phone has `poll()`, the raw request of
 * its next poll, `read(answer)`, the markers of the commands in an answer, and perhaps `before()`, a raw request to be
 * made before the next poll. The first `warmup` commands are not counted, for any server: none of them is new at work.
 */
export async function run(
  server,
  { count, commands, rate, onParked, rampPerTick = 40, warmup = 0, restMs = 1_500 },
) {
  const targets = Math.min(count, TARGETS);
  const waiting = new Map();
  const latencies = [];
  const postTimes = [];
  const problems = new Map();
  const problem = (what) => problems.set(what, (problems.get(what) ?? 0) + 1);
  let repeats = 0;
  let stopping = false;
  let parked = 0;
  const isParked = new Uint8Array(count);
  const wires = [];

  const loop = async (index, wire) => {
    const phone = await server.phone(index, wire);
    for (;;) {
      const first = phone.before?.();
      if (first) await wire.exchange(first);
      const exchange = wire.exchange(phone.poll());
      if (!isParked[index]) {
        isParked[index] = 1;
        parked += 1;
      }
      let answer;
      try {
        answer = await exchange;
      } catch (error) {
        if (!stopping) problem(`poll: ${error.message}`);
        return;
      }
      if (stopping) return;
      for (const marker of phone.read(answer)) {
        const since = waiting.get(marker);
        if (since === undefined) repeats += 1;
        else {
          waiting.delete(marker);
          if (since.counted) latencies.push(answer.at - since.at);
        }
      }
      if (answer.status !== 200 && answer.status !== 204 && answer.status !== 304) {
        problem(`poll: ${answer.status} ${answer.body.slice(0, 80)}`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  };

  let few;
  for (let from = 0; from < count; from += rampPerTick) {
    // What the first phones cost is the server warming up; each further one costs what a phone costs.
    if (from === FEW) {
      await until(() => parked >= FEW, 20_000);
      few = await onParked?.();
    }
    await Promise.all(
      Array.from({ length: Math.min(rampPerTick, count - from) }, async (_, k) => {
        const wire = new Wire(server.host, server.port);
        try {
          await wire.open();
        } catch (error) {
          problem(`connect: ${error.code ?? error.message}`);
          return;
        }
        wires.push(wire);
        void loop(from + k, wire).catch((error) => problem(`phone: ${error.message}`));
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await until(() => parked >= wires.length, 120_000);
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const atRest = await onParked?.();

  const publishers = await Promise.all(
    Array.from({ length: 16 }, async () => ({
      wire: await new Wire(server.host, server.publishPort ?? server.port).open(),
    })),
  );
  const idle = [...publishers];
  const start = performance.now() + 100;
  const jobs = [];
  for (let i = 0; i < commands + warmup; i += 1) {
    const due = start + (i * 1000) / rate;
    const delay = due - performance.now();
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const target = (i * 7919) % targets;
    const marker = `+37529${String(1_000_000 + i)}`;
    const publisher = idle.pop();
    if (!publisher) {
      problem('no publisher was free');
      continue;
    }
    const at = performance.now();
    waiting.set(marker, { at, counted: i >= warmup });
    jobs.push(
      publisher.wire.exchange(server.publish(target, marker)).then(
        (answer) => {
          if (i >= warmup) postTimes.push(answer.at - at);
          if (answer.status >= 300) problem(`publish: ${answer.status} ${answer.body.slice(0, 120)}`);
          idle.push(publisher);
        },
        (error) => problem(`publish: ${error.message}`),
      ),
    );
  }
  await Promise.all(jobs);
  await until(() => waiting.size === 0, 30_000);
  stopping = true;
  const underLoad = await onParked?.();
  for (const { wire } of publishers) wire.destroy();
  for (const wire of wires) wire.destroy();
  return {
    parked,
    latency: summary(latencies),
    post: summary(postTimes),
    lost: waiting.size,
    repeats,
    problems: Object.fromEntries(problems),
    few,
    atRest,
    underLoad,
  };
}

async function until(done, limitMs) {
  const end = performance.now() + limitMs;
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}
