/**
 * Pages of the history of one tenant while it grows, over HTTP with sign-in and all: what a page costs must not depend
 * on how many calls there are. The calls are written straight into the hub's SQLite; what is measured is the server.
 *
 *   node test/bench/history/run.mjs [--sizes 1000,100000,1000000] [--runs 40]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { quantile } from '../feed/client.mjs';
import { fill, hubFile, numberOf, SPAN_MS } from './fill.mjs';

const root = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,1000000' },
    runs: { type: 'string', default: '40' },
  },
});
const sizes = values.sizes.split(',').map(Number);
const runs = Number(values.runs);
const WARM_UP = 5;
/** What a page may take, ms. */
const BAR_MS = 50;
const TENANT = '0101';
const stateDir = mkdtempSync(join(tmpdir(), 'trunkline-history-'));
const now = Date.now();

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

async function start() {
  const port = String(await freePort());
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, STATE_DIR: stateDir, PORT: port, DEMO: '1', DEMO_PHONE: '0' },
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
  return { url, stop };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
function ask(url, token, accept = 'application/json') {
  const began = performance.now();
  return new Promise((done, fail) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}`, accept } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode !== 200) fail(new Error(`${url} answered ${answer.statusCode}: ${text}`));
        else done({ ms: performance.now() - began, text });
      });
    }).on('error', fail);
  });
}

async function signIn(url, name) {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, password: `demo-${name}` }),
  });
  if (!answer.ok) throw new Error(`sign-in answered ${answer.status}`);
  return (await answer.json()).token;
}

const iso = (at) => new Date(at).toISOString();
/** A moment of the history, another one each time. */
const moment = (n) => now - SPAN_MS * (((n * 7_919) % 997) / 997);

/** What is asked: `n` counts the runs, so that no page is asked for twice. */
const CASES = [
  ['newest page', 'boss', () => ''],
  ['page somewhere in the middle', 'boss', (n) => `to=${iso(moment(n))}`],
  ['one user', 'boss', (n, users) => `user=${users[n % users.length]}&to=${iso(moment(n))}`],
  ['one number', 'boss', (n) => `number=${encodeURIComponent(numberOf(n * 104_729))}`],
  ['one slot', 'boss', (n) => `slot=${1 + (n % 40)}&to=${iso(moment(n))}`],
  ['outcome and direction', 'boss', (n) => `outcome=busy&direction=in&to=${iso(moment(n))}`],
  ['one of 50 calls', 'boss', (n) => `outcome=failed&to=${iso(moment(n))}`],
  ['an operator’s own', 'op12', (n) => `to=${iso(moment(n))}`],
  ['one of 5,000 calls', 'boss', (n) => `outcome=rejected&to=${iso(moment(n))}`],
  ['digits of a number', 'boss', (n) => `number=${1_000 + (n % 9_000)}&to=${iso(moment(n))}`],
];

async function measure(url, tokens, users) {
  const table = [];
  for (const [name, user, query] of CASES) {
    const times = [];
    for (let n = -WARM_UP; n < runs; n += 1) {
      const { ms } = await ask(`${url}/api/calls?limit=50&${query(n + WARM_UP, users)}`, tokens[user]);
      if (n >= 0) times.push(ms);
    }
    table.push({ name, p50: quantile(times, 0.5), p95: quantile(times, 0.95) });
  }
  const times = [];
  for (let n = -WARM_UP; n < runs; n += 1) {
    const { ms } = await ask(`${url}/api/dashboard`, tokens.boss);
    if (n >= 0) times.push(ms);
  }
  table.push({ name: 'dashboard', p50: quantile(times, 0.5), p95: quantile(times, 0.95) });
  return table;
}

const results = [];
try {
  let filled = 0;
  let server = await start();
  const first = await ask(`${server.url}/api/users?limit=200`, await signIn(server.url, 'admin'));
  const users = JSON.parse(first.text).items.map(({ id }) => id);
  await ask(`${server.url}/api/calls`, await signIn(server.url, 'boss'));
  await server.stop();
  for (const size of sizes) {
    const file = hubFile(stateDir, TENANT);
    const began = performance.now();
    fill(file, filled, size, users, now);
    filled = size;
    console.log(
      `${size} calls, ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB, filled in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
    );
    server = await start();
    const tokens = { boss: await signIn(server.url, 'boss'), op12: await signIn(server.url, 'op12') };
    const table = await measure(server.url, tokens, users);
    for (const { name, p50, p95 } of table)
      console.log(
        `  ${name.padEnd(32)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`,
      );
    const csvFrom = iso(now - SPAN_MS * Math.min(1, 100_000 / size));
    const csv = await ask(`${server.url}/api/calls?from=${csvFrom}`, tokens.boss, 'text/csv');
    const rows = csv.text.split('\r\n').length - 2;
    console.log(`  CSV of ${rows} calls in ${(csv.ms / 1_000).toFixed(1)} s`);
    results.push({ size, table });
    await server.stop();
  }
} finally {
  rmSync(stateDir, { recursive: true, force: true });
}

const [small, large] = [results[0], results.at(-1)];
console.log(
  `\nRatios of p50, ${large.size} calls against ${small.size}; a page is to stay under ${BAR_MS} ms`,
);
let over = false;
for (const [at, { name, p50, p95 }] of large.table.entries()) {
  const base = small.table[at].p50;
  over ||= p95 > BAR_MS;
  console.log(
    `  ${name.padEnd(32)} ${(p50 / base).toFixed(2)}×   p95 ${p95.toFixed(1)} ms${p95 > BAR_MS ? '   OVER' : ''}`,
  );
}
process.exit(over ? 1 : 0);
