/**
 * What the ack of a PBX's event costs: a durable write of the tenant's object, against a bare "hello" Worker of the same
 * runtime, in one run on one machine. Trunkline runs as `npm start` serves it. Three readings: one event at a time, as a
 * host's serial sender posts them; a storm of calls of one tenant, with another tenant's events timed before and during
 * it; and as many events a second as one tenant's object takes. Trust the ratios, not the third digit.
 *
 *   node test/bench/intake/run.mjs [--requests 400] [--calls 200] [--seconds 5] [--at-once 16]
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
import { incoming } from '../../sim/pbx/calls.ts';
import { playTrace } from '../../sim/pbx/trace.ts';

const root = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '400' },
    calls: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    'at-once': { type: 'string', default: '16' },
  },
});
const requests = Number(values.requests);
const callCount = Number(values.calls);
const stormMs = Number(values.seconds) * 1_000;
const atOnce = Number(values['at-once']);
const WARM_UP = 100;
const BUSY = '100200300400';
const QUIET = '100200300500';

const agent = new Agent({ keepAlive: true });
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const line = (took) => {
  const sorted = [...took].sort((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99) };
};
const say = (name, { p50, p95, p99 }) =>
  console.log(`${name.padEnd(46)} p50 ${p50.toFixed(2)}  p95 ${p95.toFixed(2)}  p99 ${p99.toFixed(2)} ms`);

/** Posts and answers how long it took, ms; fails unless it was a 200. */
function post(url, body) {
  const text = JSON.stringify(body);
  const startedAt = performance.now();
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('error', fail);
      answer.on('end', () =>
        answer.statusCode === 200
          ? done(performance.now() - startedAt)
          : fail(new Error(`${url}: ${answer.statusCode}`)),
      );
    });
    sent.on('error', fail);
    sent.end(text);
  });
}

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
          script: `export default { async fetch(r) { await r.text(); return Response.json({ hello: 'world' }); } };`,
        },
      ],
    }),
  );
  return { url: (await runtime.ready).href, stop: () => runtime.dispose() };
}

async function startTrunkline(stateDir) {
  const port = await new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => done(free));
    });
  });
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, STATE_DIR: stateDir, PORT: String(port), DEMO: '1', DEMO_PHONE: '0' },
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
  const stop = () =>
    new Promise((done) => {
      child.once('exit', done);
      child.kill('SIGTERM');
    });
  return { url, stop };
}

let made = 0;
/** Every post of an answered call of three rung phones, with a number and ids of its own. */
function callPosts(token) {
  made += 1;
  const phone = `37529${String(1_000_000 + made)}`;
  const plan = {
    phone,
    rings: [['101', '102', '103']],
    ringSec: 5,
    answeredBy: '102',
    talkSec: 40,
    handings: [],
  };
  const trace = { about: '', ...incoming(plan) };
  const epoch = Math.floor(Date.now() / 1_000);
  return playTrace(trace, { epoch, zoneMinutes: 180, token, run: String(made) });
}

async function oneByOne(make, count) {
  const took = [];
  for (let n = 0; n < count; n += 1) took.push(await make(n));
  return took;
}

/** A host's serial sender: each call's posts one after the other. */
const sender = (url, took) => async (posts) => {
  for (const { event, body } of posts) took.push(await post(`${url}/asterisk/${event}`, body));
};

/** A quiet tenant's host: one event every 50 ms until it is told to stop. */
async function quietly(url, going) {
  const took = [];
  while (going()) {
    for (const { event, body } of callPosts(QUIET)) {
      if (!going()) break;
      took.push(await post(`${url}/asterisk/${event}`, body));
      await sleep(50);
    }
  }
  return took;
}

const scratch = mkdtempSync(join(tmpdir(), 'bench-intake-'));
const hello = await startHello(join(scratch, 'hello'));
const trunkline = await startTrunkline(join(scratch, 'state'));
try {
  const starts = () => callPosts(BUSY)[0];
  const event = () => {
    const { event: name, body } = starts();
    return post(`${trunkline.url}/asterisk/${name}`, body);
  };
  const bare = () => post(hello.url, starts().body);
  await oneByOne(event, WARM_UP);
  await oneByOne(bare, WARM_UP);
  const [mine, base] = [[], []];
  for (let round = 0; round < 4; round += 1) {
    base.push(...(await oneByOne(bare, requests / 4)));
    mine.push(...(await oneByOne(event, requests / 4)));
  }
  say('hello, one at a time', line(base));
  say('ack of an event, one at a time', line(mine));

  const calm = await (async () => {
    const until = performance.now() + stormMs;
    return quietly(trunkline.url, () => performance.now() < until);
  })();
  const storm = [];
  let running = true;
  const beside = quietly(trunkline.url, () => running);
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callCount }, async (_, n) => {
      await sleep((n * stormMs) / callCount);
      await sender(trunkline.url, storm)(callPosts(BUSY));
    }),
  );
  const stormTook = performance.now() - begun;
  running = false;
  const stormy = await beside;
  say(`ack within a storm of ${callCount} calls in ${stormMs / 1_000} s`, line(storm));
  console.log(`  ${storm.length} events in ${(stormTook / 1_000).toFixed(1)} s`);
  say('another tenant before it', line(calm));
  say('another tenant during it', line(stormy));

  const took = [];
  const queue = Array.from({ length: callCount }, () => callPosts(BUSY));
  const from = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let posts = queue.pop(); posts; posts = queue.pop()) await sender(trunkline.url, took)(posts);
    }),
  );
  const perSecond = took.length / ((performance.now() - from) / 1_000);
  console.log(`sustained, one tenant, ${atOnce} at once: ${perSecond.toFixed(0)} events/s`);

  const [ack, hi, before, during] = [mine, base, calm, stormy].map((list) => line(list));
  console.log('Ratios');
  console.log(`ack/hello p50 ${(ack.p50 / hi.p50).toFixed(2)}, p99 ${(ack.p99 / hi.p99).toFixed(2)}`);
  console.log(
    `other tenant during/before p50 ${(during.p50 / before.p50).toFixed(2)}, p99 ${(during.p99 / before.p99).toFixed(2)}`,
  );
} finally {
  agent.destroy();
  await trunkline.stop();
  await hello.stop();
  rmSync(scratch, { recursive: true, force: true });
}
