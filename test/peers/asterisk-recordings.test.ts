// Recordings of a real Asterisk on their way to the edge: whole, once, and through every kind of break.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AsteriskBench, newCallId, type Upload } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything, telephony, withoutSsh } from './support/telephony.ts';

const soon = { timeout: 20_000 };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let bench: AsteriskBench;
beforeEach(() => {
  rmSync(telephony().recordings, { recursive: true, force: true });
  bench = new AsteriskBench({ pbx: { context: 'recorded' } });
});
afterEach(async () => {
  await hangUpEverything();
  await bench.stop();
});

/** A recorded call of about a second; answers its linkedid. */
async function recordedCall(talkMs = 800): Promise<string> {
  const { linkedid } = await bench.ask('pbx.originate', {
    call_id: newCallId(),
    from: '150',
    to: '+375290000001',
  });
  await expect.poll(() => bench.facts(linkedid).filter(({ what }) => what === 'enter'), soon).toHaveLength(2);
  await new Promise((resolve) => setTimeout(resolve, talkMs));
  await bench.ask('pbx.hangup', { linkedid });
  return linkedid;
}

async function uploadOf(linkedid: string): Promise<Upload> {
  const find = () => [...bench.uploads.values()].find(({ args, done }) => args.linkedid === linkedid && done);
  await expect.poll(find, { timeout: 30_000 }).toBeDefined();
  return find() as Upload;
}

it('arrive byte by byte, with the call they are of', async () => {
  await bench.up();
  const linkedid = await recordedCall();
  const { args, bytes } = await uploadOf(linkedid);
  const original = readFileSync(join(telephony().recordings, `out-${linkedid}.wav`));
  expect(original.length).toBeGreaterThan(8_000);
  expect(bytes.equals(original)).toBe(true);
  expect(args).toMatchObject({
    key: `recording/office/out-${linkedid}.wav`,
    kind: 'recording',
    type: 'audio/wav',
    pbx: 'office',
    uniqueid: linkedid,
    linkedid,
    size: original.length,
    sha256: sha256(original),
  });
});

it('of incoming calls lie in directories by month', async () => {
  await bench.up();
  const caller = callFromCarrier('375170000150', 800);
  expect(await caller.ended).toBe(0);
  await expect.poll(() => [...bench.uploads.values()].filter(({ done }) => done), soon).toHaveLength(1);
  expect([...bench.uploads.keys()][0]).toMatch(/^recording\/office\/\d{4}\/\d\d\/in-[\d.]+\.wav$/);
});

it('go on where they were when the tunnel broke', async () => {
  await bench.up();
  bench.breakAfter = 4_000;
  const linkedid = await recordedCall();
  await expect.poll(() => bench.offline, soon).toBe(true);
  const [upload] = bench.uploads.values();
  expect(upload?.done).toBe(false);
  expect(upload?.bytes.length).toBeGreaterThanOrEqual(4_000);
  bench.offline = false;
  const { bytes } = await uploadOf(linkedid);
  expect(bytes.equals(readFileSync(join(telephony().recordings, `out-${linkedid}.wav`)))).toBe(true);
});

it('wait for SSH', async () => {
  await bench.up();
  const { linkedid } = await bench.ask('pbx.originate', {
    call_id: newCallId(),
    from: '150',
    to: '+375290000001',
  });
  await expect.poll(() => bench.facts(linkedid).filter(({ what }) => what === 'enter'), soon).toHaveLength(2);
  await withoutSsh(async () => {
    await expect.poll(() => bench.state()?.ssh, soon).toBe('down');
    // The call ends while nobody listens: only the list of channels can tell.
    await hangUpEverything();
  });
  const { bytes } = await uploadOf(linkedid);
  expect(bytes.equals(readFileSync(join(telephony().recordings, `out-${linkedid}.wav`)))).toBe(true);
});

it('outlive the bridge', async () => {
  await bench.up();
  bench.offline = true;
  const linkedid = await recordedCall();
  await expect
    .poll(() => bench.facts(linkedid).some((fact) => fact.what === 'gone' && fact.last), soon)
    .toBe(true);
  // Its online() has to end, or a stop waits for a tunnel.
  const { stateDir } = bench;
  bench.offline = false;
  bench.breakAfter = 1;
  await expect.poll(() => bench.offline, soon).toBe(true);
  bench.offline = false;
  await bench.part.stop();

  bench = new AsteriskBench({ pbx: { context: 'recorded' } }, stateDir);
  await bench.up();
  const { bytes } = await uploadOf(linkedid);
  expect(bytes.equals(readFileSync(join(telephony().recordings, `out-${linkedid}.wav`)))).toBe(true);
});

it('outside of the configured directory are not fetched', async () => {
  await bench.up();
  await asterisk('channel originate PJSIP/150 extension 198@recorded');
  await expect.poll(() => bench.facts().some(({ what }) => what === 'up'), soon).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await hangUpEverything();
  await expect
    .poll(() => bench.lines.find((line) => line.includes('not uploaded')), soon)
    .toMatch(/lies outside/);
  expect(bench.uploads.size).toBe(0);
});

it('larger than allowed are left where they are', async () => {
  await bench.up();
  const { linkedid } = await bench.ask('pbx.originate', {
    call_id: newCallId(),
    from: '150',
    to: '+375290000001',
  });
  const file = join(telephony().recordings, `out-${linkedid}.wav`);
  await expect.poll(() => existsSync(file), soon).toBe(true);
  await hangUpEverything();
  writeFileSync(file, Buffer.alloc(6 * 1024 * 1024));
  await expect.poll(() => bench.lines.find((line) => line.includes('not uploaded')), soon).toMatch(/max_mb/);
  expect(existsSync(file)).toBe(true);
});
