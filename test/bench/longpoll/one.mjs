// One server, one load: node one.mjs trunkline|fresh|nchan|socketio [phones] [shards] [commands] [rate]
import { FEW, run, TARGETS } from './client.mjs';
import { usage } from './procs.mjs';
import * as servers from './servers.mjs';

/** Runs one load against a server that `start` starts; answers the client's measurements and the cost per phone. */
export async function measure(
  start,
  { phones, commands = 1500, rate = 150, warmup = Math.min(phones, TARGETS), restMs },
) {
  const server = await start();
  try {
    const result = await run(server, {
      count: phones,
      commands,
      rate,
      warmup,
      restMs,
      onParked: () => usage(server.pids()),
    });
    const per = (key) => (result.atRest[key] - result.few[key]) / (phones - FEW);
    return { name: server.name, phones, ...result, kib: per('rss') / 1024, fds: per('fds') };
  } finally {
    await server.stop();
  }
}

const ms = (value) => (Number.isNaN(value) ? '-' : value.toFixed(2));

/** One line of the table. */
export const line = (m) =>
  [
    m.name.padEnd(32),
    String(m.parked).padStart(6),
    `p50 ${ms(m.latency.p50)}`.padStart(11),
    `p95 ${ms(m.latency.p95)}`.padStart(12),
    `p99 ${ms(m.latency.p99)}`.padStart(12),
    `max ${ms(m.latency.max)}`.padStart(12),
    `post p50 ${ms(m.post.p50)}`.padStart(15),
    `${m.kib.toFixed(0)} KiB`.padStart(8),
    `${m.fds.toFixed(2)} fd`.padStart(8),
    `lost ${m.lost}`,
    `repeats ${m.repeats}`,
    Object.keys(m.problems).length > 0 ? JSON.stringify(m.problems) : '',
  ].join('  ');

if (import.meta.filename === process.argv[1]) {
  const [kind = 'trunkline', phones = '1000', shards = '16', commands = '1500', rate = '150'] =
    process.argv.slice(2);
  const start = {
    trunkline: () => servers.trunkline(Number(phones), Number(shards)),
    fresh: () => servers.trunkline(Number(phones), Number(shards), false),
    nchan: () => servers.nchan(),
    socketio: () => servers.socketio(),
  }[kind];
  const m = await measure(start, {
    phones: Number(phones),
    commands: Number(commands),
    rate: Number(rate),
    restMs: kind === 'fresh' ? 45_000 : undefined,
  });
  console.log(line(m));
  console.log(JSON.stringify({ few: m.few, atRest: m.atRest, underLoad: m.underLoad }));
  process.exit(0);
}
