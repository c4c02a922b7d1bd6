/**
 * Fan-out of the live feed to many sockets against socket.io on Node, in one run on one machine: from the POST that
 * publishes to each socket's message. Ours goes through the PBX intake and is durable before anyone hears of it;
 * socket.io's stores nothing. Trust the ratios, not the third digit.
 *
 *   node test/bench/feed/run.mjs [--sockets 500,2000] [--events 40] [--idle-events 2] [--rounds 2]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { tree, usage } from '../longpoll/procs.mjs';
import { listen, measure, post, PROTOCOLS, quantile } from './client.mjs';

const root = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '500,2000' },
    events: { type: 'string', default: '40' },
    'idle-events': { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
  },
});
const sizes = values.sockets.split(',').map(Number);
const events = Number(values.events);
const idleEvents = Number(values['idle-events']);
const rounds = Number(values.rounds);

const PAUSE_MS = 100;
/** The object sleeps after 10 s without traffic. */
const IDLE_MS = 12_000;
/** One session may hold 20 sockets. */
const SOCKETS_PER_SESSION = 20;
const WARM_UP = 10;

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Starts a server and waits for its `ready http://…` line. */
async function start(argv, env) {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { ...process.env, ...env },
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
    child.on('exit', (code) => fail(new Error(`server ended with ${code}\n${log}`)));
  });
  const stop = () =>
    new Promise((done) => {
      child.on('exit', done);
      child.kill('SIGTERM');
    });
  return { url, pid: child.pid, stop };
}

async function startTrunkline() {
  const stateDir = mkdtempSync(join(tmpdir(), 'trunkline-feed-'));
  const env = { STATE_DIR: stateDir, PORT: String(await freePort()), DEMO: '1', DEMO_PHONE: '0' };
  const server = await start(['scripts/start.mjs'], env);
  const tokens = [];
  for (let n = 0; n < Math.ceil(Math.max(...sizes) / SOCKETS_PER_SESSION); n += 1) {
    const answer = await fetch(`${server.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'boss', password: 'demo-boss' }),
    });
    if (!answer.ok) throw new Error(`sign-in answered ${answer.status}`);
    tokens.push((await answer.json()).token);
  }
  let calls = 0;
  const epoch = Math.floor(Date.now() / 1000);
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
    name: 'trunkline',
    // The runtime and whatever stands before it.
    pids: () => tree(server.pid),
    target: (index) => ({
      url: `${server.url.replace('http', 'ws')}/api/live`,
      headers: { authorization: `Bearer ${tokens[Math.floor(index / SOCKETS_PER_SESSION)]}` },
    }),
    // A new incoming call each time: one change of the feed.
    publish: () => {
      calls += 1;
      const body = { UniqueId: `${epoch}.${calls}`, Phone: '375290000000', CallType: 0, Trunk: '0002001' };
      return post(`${server.url}/asterisk/start`, { token: '100200300400' }, body);
    },
  };
}

async function startSocketIo() {
  const server = await start(['test/bench/feed/socketio-server.mjs'], {});
  const call = {
    call_id: 'c_01k73d5zq0a1b2c3d4',
    source: 'pbx',
    direction: 'in',
    number: '+375290000000',
    user: null,
    extension: null,
    status: 'ringing',
    outcome: null,
    start_time: '2025-11-15T10:30:00.000Z',
    answer_time: null,
    end_time: null,
    duration: null,
    device: null,
    slot: null,
    trunk: '0002001',
    contact_id: null,
    company_id: null,
    note_count: 0,
  };
  return {
    ...server,
    name: 'socket.io',
    pids: () => [server.pid],
    target: () => ({
      url: `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
      headers: {},
    }),
    publish: (n) => post(`${server.url}/publish`, {}, { event: 'call.update', offset: n, data: call }),
  };
}

/** One server, one number of sockets. */
async function trial(server, count) {
  const before = usage(server.pids()).rss;
  const client = await listen(count, PROTOCOLS[server.name], server.target);
  const held = usage(server.pids()).rss - before;
  const run = (n, pauseMs) =>
    measure({ hook: client.hook, count, events: n, pauseMs, publish: server.publish });
  await run(WARM_UP, PAUSE_MS);
  const cpuBefore = usage(server.pids()).cpu;
  const busy = await run(events, PAUSE_MS);
  const cpu = usage(server.pids()).cpu - cpuBefore;
  const idle = idleEvents > 0 ? await run(idleEvents, IDLE_MS) : null;
  client.close();
  return {
    sockets: count,
    server: server.name,
    p50: quantile(busy.each, 0.5),
    p95: quantile(busy.each, 0.95),
    p99: quantile(busy.each, 0.99),
    last: quantile(busy.last, 0.5),
    idle: idle ? quantile(idle.last, 0.5) : NaN,
    missing: busy.missing + (idle?.missing ?? 0),
    kib: held / 1024 / count,
    // Of the server alone: wall time on a shared machine also counts the listeners and whoever else runs.
    cpu: (cpu * 1e6) / (events * count),
  };
}

const starters = [startTrunkline, startSocketIo];
const results = [];
for (const count of sizes) {
  for (let round = 0; round < rounds; round += 1) {
    // Each trial has a fresh server; the order turns, so that neither always runs on the warmer machine.
    for (const starter of round % 2 === 0 ? starters : starters.toReversed()) {
      const server = await starter();
      try {
        results.push(await trial(server, count));
      } finally {
        await server.stop();
      }
    }
  }
}

const median = (rows, key) =>
  quantile(
    rows.map((row) => row[key]),
    0.5,
  );
const summary = sizes.flatMap((count) =>
  ['trunkline', 'socket.io'].map((name) => {
    const rows = results.filter((row) => row.sockets === count && row.server === name);
    const keys = ['p50', 'p95', 'p99', 'last', 'idle', 'kib', 'cpu'];
    const missing = rows.reduce((sum, row) => sum + row.missing, 0);
    return {
      sockets: count,
      server: name,
      missing,
      ...Object.fromEntries(keys.map((key) => [key, median(rows, key)])),
    };
  }),
);

const cell = (value, width) => (Number.isFinite(value) ? value.toFixed(1) : '-').padStart(width);
console.log(`feed: publish to received, ms, ${events} events, median of ${rounds} rounds`);
console.log(
  'sockets  server        p50     p95     p99    last  after idle  KiB/socket  CPU us/send  missing',
);
for (const row of summary) {
  const times = [row.p50, row.p95, row.p99, row.last].map((value) => cell(value, 8)).join('');
  console.log(
    `${String(row.sockets).padStart(7)}  ${row.server.padEnd(10)}${times}${cell(row.idle, 12)}${cell(row.kib, 12)}${cell(row.cpu, 13)}${String(row.missing).padStart(9)}`,
  );
}
console.log('ratios, trunkline to socket.io');
for (const count of sizes) {
  const of = (name) => summary.find((row) => row.sockets === count && row.server === name);
  const [ours, theirs] = [of('trunkline'), of('socket.io')];
  const ratio = (key) => (ours[key] / theirs[key]).toFixed(2);
  console.log(
    `${String(count).padStart(7)}  p50 ${ratio('p50')}  p95 ${ratio('p95')}  p99 ${ratio('p99')}  last ${ratio('last')}  CPU ${ratio('cpu')}`,
  );
}
if (summary.some((row) => row.missing > 0)) process.exitCode = 1;
