/**
 * Messages of providers, on one machine in one run: how many one tenant takes a second, alone and in bulks of 100; how
 * soon live sockets hear of one; and what the same requests cost among a million messages and among ten thousand. Beside
 * the first two: Node with SQLite, which puts the same messages into the same tables under the same promise of durability
 * (`peer.mjs`). Trunkline runs as `npm start` serves it, the history comes over its public API. Trust the ratios, not the
 * third digit.
 *
 *   node test/bench/communications/run.mjs [--only intake,fan-out,growth] [--seconds 3] [--rounds 2] [--at-once 16]
 *     [--sockets 200,1000] [--events 40] [--messages 1000000] [--fill-seconds 200] [--against 10000] [--runs 40]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fanOut } from './fan-out.mjs';
import { growth } from './growth.mjs';
import { intake } from './intake.mjs';
import { Peer } from './peer-process.mjs';
import { Setting } from './setting.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'intake,fan-out,growth' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    'at-once': { type: 'string', default: '16' },
    sockets: { type: 'string', default: '200,1000' },
    events: { type: 'string', default: '40' },
    messages: { type: 'string', default: '1000000' },
    'fill-seconds': { type: 'string', default: '200' },
    against: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '40' },
  },
});
const PARTS = { intake, 'fan-out': fanOut, growth };
const chosen = values.only.split(',');
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}`);
const options = {
  ms: Number(values.seconds) * 1_000,
  rounds: Number(values.rounds),
  atOnce: Number(values['at-once']),
  sockets: values.sockets.split(',').map(Number),
  events: Number(values.events),
  messages: Number(values.messages),
  fillMs: Number(values['fill-seconds']) * 1_000,
  against: Number(values.against),
  runs: Number(values.runs),
};

/** Providers of the tenant that is measured, and of the one it is compared with. */
const BUSY = Array.from({ length: 16 }, (_, n) => `bench-${n}`);
const QUIET = BUSY.slice(0, 4);

const scratch = mkdtempSync(join(tmpdir(), 'bench-communications-'));
const setting = await Setting.start();
const peer = new Peer(scratch);
try {
  const tenants = {
    busy: { admin: 'admin', tokens: await setting.connect('0101', 'admin', BUSY) },
    quiet: { admin: 'admin2', tokens: await setting.connect('0202', 'admin2', QUIET) },
  };
  if (chosen.some((name) => name !== 'growth')) await peer.start(setting.inboxSchema());
  const ratios = [];
  for (const name of chosen) ratios.push(...(await PARTS[name]({ setting, peer, tenants, options })));
  console.log(`ratios\n${ratios.join('\n')}`);
} finally {
  await peer.stop();
  await setting.stop();
  rmSync(scratch, { recursive: true, force: true });
}
