/**
 * What a request of the API costs against a bare "hello" Worker of the same runtime, in one run on one machine: a read
 * by a signed-in user, and the start of a call, which is on disk before it is answered. Trunkline runs as
 * `npm start` serves it, front and all; the hello Worker has nothing before it and nothing behind it. Requests go one
 * at a time (latency) and several at once (throughput), the servers in turns. Trust the ratios, not the third digit.
 *
 *   node test/bench/api/run.mjs [--requests 400] [--at-once 16] [--rounds 5]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { quietRuntime } from '../../../scripts/start/runtime.ts';
import { readWorkerConfiguration } from '../../../scripts/start/worker.ts';

const root = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '400' },
    'at-once': { type: 'string', default: '16' },
    rounds: { type: 'string', default: '5' },
  },
});
const requests = Number(values.requests);
const atOnce = Number(values['at-once']);
const rounds = Number(values.rounds);
const WARM_UP = 50;

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

/** One request; resolves with what was answered, and fails unless it was a success. */
function ask({ method = 'GET', url, headers = {}, body }) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((done, fail) => {
    const sent = request(
      url,
      {
        method,
        agent,
        headers: {
          ...headers,
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
        },
      },
      (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', fail);
        answer.on('end', () => {
          const said = Buffer.concat(chunks).toString();
          if (answer.statusCode < 300) done(said);
          else fail(new Error(`${method} ${url}: ${answer.statusCode} ${said.slice(0, 300)}`));
        });
      },
    );
    sent.on('error', fail);
    sent.end(text);
  });
}

/** A Worker that says hello. */
async function startHello(scratch) {
  const { options } = readWorkerConfiguration();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...quietRuntime(scratch),
      host: '127.0.0.1',
      port: 0,
      workers: [
        {
          name: 'hello',
          modules: true,
          compatibilityDate: options.compatibilityDate,
          script: `export default { fetch: () => Response.json({ hello: 'world' }) };`,
        },
      ],
    }),
  );
  return { url: (await runtime.ready).href, stop: () => runtime.dispose() };
}

/** Trunkline with its demo tenants, an operator's token and a phone of theirs that is signed in and takes no calls. */
async function startTrunkline(stateDir) {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, STATE_DIR: stateDir, PORT: String(await freePort()), DEMO: '1', DEMO_PHONE: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const url = await new Promise((done, fail) => {
    const read = (chunk) => {
      log += chunk;
      const match = /^ready (http:\/\/\S+)/m.exec(log);
      if (match) done(match[1].replace(/\/$/, ''));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => fail(new Error(`the server ended with ${code}\n${log}`)));
  });
  const post = async (path, body, token) =>
    JSON.parse(
      await ask({
        method: 'POST',
        url: url + path,
        body,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }),
    );
  const { token } = await post('/api/auth/login', { username: 'op12', password: 'demo-op12' });
  const code = await post('/api/phone/qr/create/', {}, token);
  const { access } = await post('/api/phone/qr/exchange/', { token: code.token });
  await post('/api/phone/devices/register/', { device_id: 'bench', device_name: 'Bench' }, access);
  const stop = () =>
    new Promise((done) => {
      child.once('exit', done);
      child.kill('SIGTERM');
    });
  return { url, token, stop };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

/** Latencies one at a time, ms, sorted. */
async function oneByOne(make, count) {
  const took = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await ask(make());
    took.push(performance.now() - began);
  }
  return took.toSorted((a, b) => a - b);
}

/** Requests a second with `atOnce` of them open. */
async function together(make, count) {
  let left = count;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        await ask(make());
      }
    }),
  );
  return (count * 1_000) / (performance.now() - began);
}

const stateDir = mkdtempSync(join(tmpdir(), 'trunkline-api-bench-'));
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-hello-'));
const hello = await startHello(scratch);
const trunkline = await startTrunkline(stateDir);
const headers = { authorization: `Bearer ${trunkline.token}` };
let numbers = 0;
const kinds = {
  hello: () => ({ url: hello.url }),
  'authenticated read': () => ({ url: `${trunkline.url}/api/auth/me`, headers }),
  'call start': () => {
    numbers += 1;
    const number = `+37529${String(1_000_000 + numbers)}`;
    return {
      method: 'POST',
      url: `${trunkline.url}/api/call/start`,
      headers,
      body: { number, via: 'phone' },
    };
  },
};
const results = Object.fromEntries(Object.keys(kinds).map((name) => [name, { p50: [], p95: [], rate: [] }]));
try {
  for (const make of Object.values(kinds)) await oneByOne(make, WARM_UP);
  for (let round = 0; round < rounds; round += 1) {
    const names = round % 2 === 0 ? Object.keys(kinds) : Object.keys(kinds).toReversed();
    for (const name of names) {
      const took = await oneByOne(kinds[name], requests);
      results[name].p50.push(quantile(took, 0.5));
      results[name].p95.push(quantile(took, 0.95));
      results[name].rate.push(await together(kinds[name], requests));
    }
  }
} finally {
  agent.destroy();
  await Promise.all([hello.stop(), trunkline.stop()]);
  for (const directory of [stateDir, scratch]) rmSync(directory, { recursive: true, force: true });
}

const median = (list) =>
  quantile(
    list.toSorted((a, b) => a - b),
    0.5,
  );
const of = (name) => ({
  p50: median(results[name].p50),
  p95: median(results[name].p95),
  rate: median(results[name].rate),
});
console.log(`api: ${requests} requests a round, median of ${rounds} rounds, ${atOnce} at once for the rate`);
console.log('                       p50 ms    p95 ms   requests/s');
for (const name of Object.keys(kinds)) {
  const { p50, p95, rate } = of(name);
  console.log(
    `${name.padEnd(20)}${p50.toFixed(2).padStart(9)}${p95.toFixed(2).padStart(10)}${rate.toFixed(0).padStart(13)}`,
  );
}
console.log('ratios, to hello');
const base = of('hello');
for (const name of Object.keys(kinds).slice(1)) {
  const { p50, p95, rate } = of(name);
  console.log(
    `${name.padEnd(20)} p50 ${(p50 / base.p50).toFixed(2)}  p95 ${(p95 / base.p95).toFixed(2)}  requests/s ${(rate / base.rate).toFixed(2)}`,
  );
}
