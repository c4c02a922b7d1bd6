/**
 * Plays calls of an Asterisk host against a running server, as its sender would: one post at a time, 3 s each.
 *
 *   npm run sim:pbx -- [--url http://127.0.0.1:8787] [--token 100200300400] [--trace incoming-answered]
 *                      [--speed 10] [--count 1] [--zone 180] [--list]
 *
 * Without --trace every trace is played in turn. --speed 10 plays ten times faster (the times in the events still
 * say what the trace says).
 */
import { parseArgs } from 'node:util';
import { readRow, rowNames } from './rows.ts';
import { playTrace, readTrace, traceNames, type Trace } from './trace.ts';

const allNames = (): string[] => [...traceNames(), ...rowNames()];
const find = (name: string): Trace => (rowNames().includes(name) ? readRow(name) : readTrace(name));

const TIMEOUT_MS = 3_000;

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: `http://127.0.0.1:${process.env.PORT ?? '8787'}` },
    token: { type: 'string', default: '100200300400' },
    trace: { type: 'string' },
    speed: { type: 'string', default: '10' },
    count: { type: 'string', default: '1' },
    zone: { type: 'string', default: '180' },
    list: { type: 'boolean', default: false },
  },
});

if (values.list) {
  for (const name of allNames()) console.log(`${name.padEnd(30)} ${find(name).about}`);
  process.exit(0);
}

const names = values.trace === undefined ? allNames() : [values.trace];
const speed = Number(values.speed);
const count = Number(values.count);
const zoneMinutes = Number(values.zone);
if (!(speed > 0) || !(count > 0) || !Number.isInteger(zoneMinutes)) {
  console.error('--speed and --count are positive numbers, --zone is minutes from UTC');
  process.exit(2);
}
for (const name of names) {
  if (allNames().includes(name)) continue;
  console.error(`no trace ${name}; --list shows them`);
  process.exit(2);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Posts one event; answers the status, or what went wrong as the sender's journal would say. */
async function post(event: string, body: Record<string, unknown>): Promise<string> {
  const startedAt = performance.now();
  try {
    const response = await fetch(`${values.url}/asterisk/${event}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', token: values.token },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return `<Response [${response.status}]> ${(performance.now() - startedAt).toFixed(1)} ms`;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'Timeout' : 'ConnectionError';
  }
}

let failed = 0;
for (let round = 0; round < count; round += 1) {
  for (const name of names) {
    const trace = find(name);
    console.log(`${name}: ${trace.about}`);
    const beginsAt = Date.now();
    const run = String(beginsAt % 1_000_000);
    const epoch = Math.floor(beginsAt / 1000);
    for (const { after, event, body } of playTrace(trace, { epoch, zoneMinutes, token: values.token, run })) {
      await sleep(Math.max(0, beginsAt + after / speed - Date.now()));
      const outcome = await post(event, body);
      if (!outcome.startsWith('<Response [200]>')) failed += 1;
      console.log(`  +${(after / 1000).toFixed(1).padStart(5)} s  ${event.padEnd(15)} ${outcome}`);
    }
  }
}
process.exit(failed === 0 ? 0 : 1);
