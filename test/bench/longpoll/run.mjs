// npm run bench, long-poll part: parked phones and their commands, from the click's request to the complete answer
// of the phone's poll, against nchan and socket.io on Node in the same run. Ratios last.
//
// node test/bench/longpoll/run.mjs [--quick]   BENCH_PHONES=1000,5000 BENCH_ATTEMPT=10000 BENCH_COMMANDS=1500
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { line, measure } from './one.mjs';
import * as servers from './servers.mjs';

const quick = process.argv.includes('--quick');
const sizes = (process.env.BENCH_PHONES ?? (quick ? '1000' : '1000,5000')).split(',').map(Number);
const attempt = Number(process.env.BENCH_ATTEMPT ?? (quick ? 0 : 10_000));
const commands = Number(process.env.BENCH_COMMANDS ?? (quick ? 600 : 1500));
const SHARDS = 16;
/** Far more shards than users: nearly every user has an object of their own. */
const OWN_OBJECT = 1_000_003;

const root = join(import.meta.dirname, '..', '..', '..');
const packages = spawnSync(join(root, 'scripts', 'install-system-packages.sh'), ['bench'], {
  stdio: 'inherit',
});
const peers = packages.status === 0 ? ['nchan', 'socketio'] : ['socketio'];
if (packages.status !== 0) console.log('nchan is left out: its Debian packages could not be had');

const starts = {
  nchan: () => servers.nchan(),
  socketio: () => servers.socketio(),
  trunkline: (phones) => servers.trunkline(phones, SHARDS),
  attempt: (phones) => servers.trunkline(phones, SHARDS, false),
  own: (phones) => servers.trunkline(phones, OWN_OBJECT),
};

async function one(kind, phones, how = {}) {
  try {
    const measured = await measure(() => starts[kind](phones), { phones, commands, ...how });
    console.log(line(measured));
    return measured;
  } catch (error) {
    console.log(`${kind} with ${phones} phones: ${error.message}`);
    return null;
  }
}

const load = (process.loadavg?.() ?? (await import('node:os')).loadavg())[0];
console.log(
  `${commands} commands at 150/s after a warm-up; milliseconds; memory and descriptors per parked poll.`,
);
console.log(`Load client and servers share this machine (load ${load.toFixed(1)} before the run).\n`);

const results = new Map();
for (const phones of sizes) {
  for (const kind of [...peers, 'trunkline', ...(phones === sizes[0] ? ['own'] : [])]) {
    results.set(`${kind} ${phones}`, await one(kind, phones));
  }
}
const many = attempt > 0 ? await one('attempt', attempt, { commands: 300, restMs: 45_000 }) : null;

console.log('\nRatios');
const ratio = (a, b) => (b > 0 ? `${(a / b).toFixed(1)}x` : '-');
for (const phones of sizes) {
  const ours = results.get(`trunkline ${phones}`);
  if (!ours) continue;
  for (const peer of peers) {
    const theirs = results.get(`${peer} ${phones}`);
    if (!theirs) continue;
    console.log(
      `${phones} phones, trunkline to ${theirs.name}: p50 ${ratio(ours.latency.p50, theirs.latency.p50)}, ` +
        `p99 ${ratio(ours.latency.p99, theirs.latency.p99)}, memory ${ratio(ours.kib, theirs.kib)}`,
    );
  }
  const own = results.get(`own ${phones}`);
  if (own) {
    console.log(
      `${phones} phones, one object per user to ${SHARDS} shards: p50 ${ratio(own.latency.p50, ours.latency.p50)}, ` +
        `p99 ${ratio(own.latency.p99, ours.latency.p99)}, memory ${ratio(own.kib, ours.kib)}, ` +
        `descriptors ${ratio(own.fds, ours.fds)}`,
    );
  }
  console.log(`${phones} phones: ${ours.kib.toFixed(0)} KiB and ${ours.fds.toFixed(2)} descriptors a phone`);
}
if (many)
  console.log(
    `${attempt} attempted: ${many.parked} parked, ${many.lost} commands lost, ${many.latency.n} delivered`,
  );
process.exit([...results.values()].includes(null) ? 1 : 0);
