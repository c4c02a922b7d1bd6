// What the platform shows of calls on a real Asterisk that end badly, and of an Asterisk that is not well.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { signIn, type Client } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { pbxToml } from './support/asterisk-part.ts';
import {
  asterisk,
  callFromCarrier,
  hangUpEverything,
  killAsterisk,
  registerPhone,
  startAsterisk,
  telephony,
} from './support/telephony.ts';

let server: TestServer;
let admin: Client;
let bridges: Bridges;
let one: Enrolled;

const soon = { timeout: 30_000 };
type Json = Record<string, unknown>;

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  bridges = new Bridges(admin);
  one = await bridges.enrolled(pbxToml(), 'bridge');
  one.bridge.start();
  await bridges.online(one.id);
});
afterEach(hangUpEverything);
afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

const get = async (path: string): Promise<Json> => expectStatus(200, await admin.get(path)).json;
const shown = (callId: string): Promise<Json> => get(`/api/call/${callId}`);
const pbx = async (): Promise<Json | undefined> => ((await get('/api/pbx/status'))['pbx'] as Json[])[0];

async function dial(to: string, more: Json = {}): Promise<string> {
  await expect.poll(pbx, soon).toMatchObject({ ami: 'up' });
  const reply = await admin.post('/api/pbx/dial', { from: '150', to, ...more });
  return String(expectStatus(200, reply).json['call_id']);
}

describe('a call that does not come about', () => {
  it.each([
    ['the number is busy', '+375290000486', {}, 'busy'],
    ['the carrier refuses it', '+375290000403', {}, 'rejected'],
    ['the trunk is dead', '+375290000001', { trunk: 'trunk-dead' }, 'failed'],
  ])('is shown as such: %s', async (_name, to, more, outcome) => {
    const callId = await dial(to, more);
    await expect.poll(() => shown(callId), soon).toMatchObject({ status: 'ended', outcome });
  });

  it('is cancelled when it is given up while the number rings', async () => {
    const callId = await dial('+375290000408');
    await expect.poll(() => asterisk('core show channels concise'), soon).toMatch(/trunk-main.*!Ringing!/);
    expectStatus(200, await admin.post('/api/call/end', { call_id: callId }));
    await expect.poll(() => shown(callId), soon).toMatchObject({ status: 'ended', outcome: 'cancelled' });
  });

  it('is refused with the words of Asterisk when its extension is not there', async () => {
    const { status, json } = await admin.post('/api/pbx/dial', { from: '152', to: '+375290000001' });
    expect(status).toBe(502);
    expect(json).toMatchObject({ code: 'CALL_FAILED' });
    expect(JSON.stringify(json)).toContain('152');
  });
});

describe('a call that goes on', () => {
  it('stays one call when its phone transfers it', async () => {
    const phone = await registerPhone('transfers');
    const callId = await dial('+375290000010', { from: '152' });
    await expect.poll(() => asterisk('core show channels concise'), soon).toMatch(/PJSIP\/151-.*!Up!/);
    await expect.poll(() => asterisk('core show channels concise'), soon).not.toMatch(/PJSIP\/152-/);
    expect(await shown(callId)).toMatchObject({ status: 'connected', number: '+375290000010' });
    await hangUpEverything();
    await expect.poll(() => shown(callId), soon).toMatchObject({ status: 'ended', outcome: 'answered' });
    await phone.stop().catch(() => undefined);
  });

  it('is over when Asterisk was killed in it, and the next one works', async () => {
    const callId = await dial('+375290000011');
    await expect.poll(() => shown(callId), soon).toMatchObject({ status: 'connected' });
    await killAsterisk();
    await expect.poll(pbx, soon).toMatchObject({ ami: 'down', error: expect.any(String) });
    const refused = await admin.post('/api/pbx/dial', { from: '150', to: '+375290000001' });
    expect(refused.status).toBe(502);
    expect(refused.json).toMatchObject({ code: 'CALL_FAILED' });
    await startAsterisk();
    await expect.poll(() => shown(callId), soon).toMatchObject({ status: 'ended', outcome: 'answered' });
    const next = await dial('+375290000012');
    await expect.poll(() => shown(next), soon).toMatchObject({ status: 'connected' });
  });
});

describe('a recording', () => {
  it('is the same, byte by byte, in the page of its call', async () => {
    rmSync(telephony().recordings, { recursive: true, force: true });
    await expect.poll(pbx, soon).toMatchObject({ ami: 'up' });
    const before = new Set(
      ((await get('/api/calls/feed?recent=200&as=page'))['calls'] as Json[]).map((call) => call['call_id']),
    );
    const caller = callFromCarrier('375170000150', 1_500);
    expect(await caller.ended).toBe(0);
    const fresh = async () =>
      ((await get('/api/calls/feed?recent=200&as=page'))['calls'] as Json[]).filter(
        (call) => !before.has(call['call_id']),
      );
    await expect.poll(async () => (await fresh())[0]?.['recording_count'], soon).toBe(1);
    const callId = String((await fresh())[0]?.['call_id']);
    const [row] = (await get(`/api/call/${callId}/recordings`))['recordings'] as Json[];
    const file = readdirSync(telephony().recordings, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.wav'),
    );
    const original = readFileSync(join(telephony().recordings, file ?? ''));
    expect(row).toMatchObject({
      size: original.length,
      type: 'audio/wav',
      sha256: createHash('sha256').update(original).digest('hex'),
    });
    const played = await fetch(`${server.url}/api/call/${callId}/recordings/${String(row?.['id'])}`, {
      headers: { authorization: `Bearer ${admin.token ?? ''}` },
    });
    expect(played.status).toBe(200);
    expect(Buffer.from(await played.arrayBuffer()).equals(original)).toBe(true);
  });
});

describe('a host that is not the pinned one', () => {
  it('is shown with the reason, and nothing is asked of it', async () => {
    const other = await bridges.enrolled(
      pbxToml({ ssh: { host_key: `SHA256:${'A'.repeat(43)}` } }),
      'bridge',
    );
    other.bridge.start();
    await bridges.online(other.id);
    const find = async () =>
      ((await get('/api/pbx/status'))['pbx'] as Json[]).find((one) => one['bridge_id'] === other.id);
    await expect.poll(find, soon).toMatchObject({
      ssh: 'down',
      ami: 'down',
      error: expect.stringMatching(/another key/),
    });
    const reply = await admin.post('/api/pbx/dial', { from: '150', to: '+375290000001', bridge: other.id });
    expect(reply.status).toBe(502);
    expect(JSON.stringify(reply.json)).toContain('another key');
    await other.bridge.kill();
  });
});
