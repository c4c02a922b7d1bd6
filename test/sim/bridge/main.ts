/**
 * `npm run sim:bridge`: a bridge with an invented PBX and two invented phones, in a terminal.
 *
 *   npm run sim:bridge -- --code CODE [--url http://127.0.0.1:8787] [--state sim-bridge.json]
 *                         [--ring-ms 2000] [--talk-ms 15000] [--incoming-every SECONDS]
 *
 * The code is shown once when a bridge is added. With --state the key is kept, and later starts need no code.
 */
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { enrol, keepIdentity, readIdentity, type Identity } from './identity.ts';
import type { SpeakerLine } from './speaker.ts';
import { AGENT, World } from './world.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: `http://127.0.0.1:${process.env.PORT ?? '8787'}` },
    code: { type: 'string' },
    state: { type: 'string' },
    'ring-ms': { type: 'string', default: '2000' },
    'talk-ms': { type: 'string', default: '15000' },
    'incoming-every': { type: 'string' },
  },
});

const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 23)}  ${text}`);

function words(line: SpeakerLine): string | null {
  switch (line.type) {
    case 'connected':
      return 'the tunnel is up';
    case 'closed':
      return `the tunnel is down (${line.code} ${line.reason})`;
    case 'bye':
      return `the edge says goodbye: ${line.reason} (${line.code})`;
    case 'request':
      return `asked for ${line.verb} ${JSON.stringify(line.args)}`;
    case 'refused':
      return `refused ${line.verb}: ${line.code} ${line.message}`;
    case 'acked':
      return null;
    case 'fault':
      break;
  }
  return `FAULT of the edge: ${line.text}`;
}

async function identity(): Promise<Identity> {
  const kept = values.state === undefined ? null : readIdentity(values.state);
  if (kept) return kept;
  if (values.code === undefined) {
    console.error('--code CODE: the one-time code that is shown when a bridge is added');
    process.exit(2);
  }
  const made = await enrol(values.url, values.code, AGENT);
  if (values.state !== undefined) keepIdentity(values.state, made);
  return made;
}

const who = await identity();
say(`bridge "${who.name}" of ${who.tenant}`);

const farewell = new AbortController();
const world = new World({
  url: values.url,
  identity: who,
  play: { ringMs: Number(values['ring-ms']), talkMs: Number(values['talk-ms']) },
  recordingSec: Math.max(1, Number(values['talk-ms']) / 1_000),
  onLine: (line) => {
    const text = words(line);
    if (text !== null) say(text);
    if (line.type === 'bye' && !line.temporary) farewell.abort();
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void world.stop().then(() => process.exit(0)));

if (values['incoming-every'] !== undefined) {
  const everyMs = Number(values['incoming-every']) * 1_000;
  setInterval(() => {
    if (!world.speaker.connected) return;
    const call = world.pbx.incoming('+375290000042', '101');
    world.later(Number(values['ring-ms']), () => call.answer());
    world.later(
      Number(values['ring-ms']) + Number(values['talk-ms']),
      () => void world.pbx.end(call).catch((error: unknown) => say(String(error))),
    );
  }, everyMs);
}

while (!farewell.signal.aborted) {
  try {
    if (!world.speaker.connected) await world.speaker.connect();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  await delay(2_000);
}
process.exit(1);
