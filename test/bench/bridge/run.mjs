/**
 * The bridge beside what is done without one, in one run on one machine: a click until Asterisk's first channel, against
 * OpenSSH with a connection per command and with a kept one (ControlMaster), on a line of 0 and of 100 ms there and
 * back; a command on a phone against the `adb` program; the bridge's memory. Asterisk, sshd, adb and every adbd are real.
 * Trust the ratios, not the third digit.
 *
 *   node test/bench/bridge/run.mjs [--rounds 15] [--line 0,100] [--slots 60]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { measureClicks, WAYS } from './clicks.ts';
import { NoPeers, prepare } from './setting.ts';
import { measureCommands, memoryOf, slotsOnline } from './slots.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    line: { type: 'string', default: '0,100' },
    slots: { type: 'string', default: '60' },
  },
});
const rounds = Number(values.rounds);
const lines = values.line.split(',').map(Number);
const slotCount = Number(values.slots);
/** Two rounds of readings of every phone. */
const SETTLE_MS = 40_000;

const quantile = (times, q) => times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * q)];
const ms = (value) => value.toFixed(1).padStart(9);

let setting;
try {
  setting = await prepare(slotCount);
} catch (error) {
  if (!(error instanceof NoPeers)) throw error;
  console.log(`bridge: SKIPPED, no telephony peers here: ${error.message}`);
  process.exit(0);
}
const ratios = [];
try {
  console.log(`click until the first channel, and until the answer, ms, median (p95) of ${rounds}`);
  console.log('line ms  way         channel      p95   answer      p95');
  for (const line of lines) {
    const clicks = await measureClicks(setting, line, rounds);
    const of = (way, key) => clicks.filter((click) => click.way === way).map((click) => click[key]);
    for (const way of WAYS) {
      const cells = ['channelMs', 'answerMs'].flatMap((key) => [
        quantile(of(way, key), 0.5),
        quantile(of(way, key), 0.95),
      ]);
      console.log(`${String(line).padStart(7)}  ${way.padEnd(10)}${cells.map(ms).join('')}`);
    }
    const [ours, each, kept] = WAYS.map((way) => quantile(of(way, 'channelMs'), 0.5));
    ratios.push(
      `line ${line} ms: trunkline takes ${(ours / kept).toFixed(2)} of ControlMaster (aim: under 3), a connection per ` +
        `command ${(each / ours).toFixed(1)} of trunkline (aim at 100 ms: over 10)`,
    );
  }
  if (setting.peers.phones === '') console.log('no phones here: adbd can not be kept off the network');
  else {
    await setting.plugPhones();
    const online = await slotsOnline(setting, slotCount);
    const first = online.find(({ serial }) => serial === 'SLOTa001');
    const times = await measureCommands(setting, first ?? online[0], rounds * 2);
    console.log(`getprop on a phone, ms, median (p95) of ${rounds * 2}`);
    for (const [way, all] of Object.entries(times)) {
      console.log(`  ${way.padEnd(10)}${ms(quantile(all, 0.5))}${ms(quantile(all, 0.95))}`);
    }
    ratios.push(
      `command on a phone: trunkline takes ${(quantile(times.trunkline, 0.5) / quantile(times.adb, 0.5)).toFixed(2)} of adb`,
    );
    await delay(SETTLE_MS);
    const { rss, highest } = memoryOf(setting.bridge.pid);
    console.log(
      `memory of the bridge with ${online.length} slots online, each a real adbd: ${rss.toFixed(0)} MB, at most ${highest.toFixed(0)} MB`,
    );
    ratios.push(`memory with ${online.length} slots: ${(rss / 150).toFixed(2)} of the 150 MB aimed at`);
  }
} finally {
  await setting.stop();
}
console.log('ratios');
for (const line of ratios) console.log(`  ${line}`);
process.exit(0);
