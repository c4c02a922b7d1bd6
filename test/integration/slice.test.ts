/** The whole road once: from a click to a phone's result on the screen, nothing in between replaced. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/lib/root.ts';
import { SimulatedPhone } from '../sim/phone/driver.ts';
import { newNumber, signIn, type Client } from './support/client.ts';
import { expectStatus, newDeviceId, phoneRow } from './support/handset.ts';
import { LiveFeed } from './support/live-feed.ts';
import { TestServer } from './support/server.ts';

const DEMO_TOKEN = '100200300400';

describe('from a click to the result', () => {
  let server: TestServer;
  let operator: Client;
  let phone: SimulatedPhone;
  let feed: LiveFeed;

  beforeAll(async () => {
    server = await TestServer.start();
    cleanUp.push(() => server.stop());
    operator = await signIn(server.url, 'op12');
    phone = new SimulatedPhone({ url: server.url, deviceId: newDeviceId(), deviceName: 'Simulator: slice' });
    cleanUp.push(() => phone.switchOff());
    const made = expectStatus(200, await operator.post('/api/phone/qr/create/', {}));
    await phone.signInByQr(String(made.json['token']));
    await phone.register();
    feed = await LiveFeed.open(server.url, operator.token ?? '');
    cleanUp.push(() => feed.close());
  });
  const cleanUp: (() => unknown)[] = [];
  afterAll(async () => {
    for (const undo of cleanUp.toReversed()) await undo();
  });

  it('rings the phone over its long poll and shows every state of the call as it comes', async () => {
    phone.start(true);
    const polling = await phone.waitFor((line) => line.type === 'polling');
    expect(polling).toMatchObject({ waitSeconds: 25 });

    const number = newNumber();
    const started = await operator.post('/api/call/start', { number, via: 'phone' });
    expect(started.status).toBeLessThan(300);
    const callId = String(started.json['call_id']);
    // The app opens the call's card at once.
    expectStatus(200, await operator.get(`/api/call/${callId}`));
    const command = await phone.waitFor((line) => line.type === 'command');
    expect(command).toMatchObject({ phone: number, again: false });

    phone.report({
      commandId: (command as { id: string }).id,
      status: 'connected',
      startedAt: Date.now() - 7_000,
      talkedSec: 7,
    });
    const reported = await phone.waitFor((line) => line.type === 'reported');
    expect(reported).toMatchObject({ answer: 200, lost: false });

    const ended = await feed.waitForCall((call) => call['call_id'] === callId && call['status'] === 'ended');
    expect(ended['data']).toMatchObject({
      number,
      source: 'phone',
      direction: 'out',
      outcome: 'answered',
      duration: 7,
      user: { username: 'op12' },
      device: { simulator: true },
    });
    const states = feed.statesOf((call) => call['call_id'] === callId);
    expect(states[0]).toBe('queued');
    expect(states.at(-1)).toBe('ended');
    expect(phone.faults).toEqual([]);
  });

  it('answers the same call by its id and in the feed', async () => {
    const page = expectStatus(200, await operator.get('/api/calls/feed?as=page&recent=10'));
    const [call] = page.json['calls'] as Record<string, unknown>[];
    const detail = expectStatus(200, await operator.get(`/api/call/${String(call?.['call_id'])}`));
    expect(detail.json).toMatchObject({ status: 'ended', outcome: 'answered', duration: 7 });
  });

  it('says everywhere that the phone is a simulator', async () => {
    const row = await phoneRow(operator, phone.deviceId);
    expect(row).toMatchObject({ simulator: true, name: 'Simulator: slice' });
  });

  it('keeps a note on the call', async () => {
    const page = expectStatus(200, await operator.get('/api/calls/feed?as=page&recent=10'));
    const callId = String((page.json['calls'] as Record<string, unknown>[])[0]?.['call_id']);
    const text = 'wants a call back on Monday';
    const made = await operator.post('/api/crm/note', { call_id: callId, text });
    expect(made.status).toBeLessThan(300);
    const notes = expectStatus(200, await operator.get(`/api/crm/notes/${callId}`));
    expect(notes.json['notes']).toMatchObject([{ text, user: { username: 'op12' } }]);
  });

  it('shows a PBX call in the same feed', async () => {
    const everyone = await signIn(server.url, 'boss');
    const all = await LiveFeed.open(server.url, everyone.token ?? '');
    const pbx = operator.as(null);
    const UniqueId = '1750000900.90';
    const Phone = '375290000077';
    const common = { Token: DEMO_TOKEN, UniqueId, Phone, CallType: 0, Trunk: '0001001' };
    const post = async (event: string, body: Record<string, unknown>) =>
      expectStatus(200, await pbx.post(`/asterisk/${event}`, body, { headers: { Token: DEMO_TOKEN } }));
    const matches = (status: string) => (call: Record<string, unknown>) =>
      call['source'] === 'pbx' && call['status'] === status && call['number'] === `+${Phone}`;

    await post('start', common);
    await post('dial', { ...common, Extensions: ['101', '102'], ExtTrunk: '', ExtPhone: Phone });
    await all.waitForCall(matches('ringing'));
    await post('hangup', {
      ...common,
      Extensions: [''],
      CallStatus: '0',
      DateReceived: '2026-11-15 13:30:00',
      StartTime: '2026-11-15 13:30:00',
      EndTime: '2026-11-15 13:30:30',
    });
    const ended = await all.waitForCall(matches('ended'));
    expect(ended['data']).toMatchObject({ direction: 'in', outcome: 'no_answer' });
    all.close();
  });

  it('works the same from the terminal: npm run sim:phone', async () => {
    const person = await signIn(server.url, 'op13');
    const told = [
      '--url',
      server.url,
      '--user',
      'op13',
      '--quiet-start',
      '--answer',
      'busy',
      '--ring-ms',
      '1',
    ];
    const terminal = spawn(process.execPath, [join(root, 'test/sim/phone/main.ts'), ...told], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanUp.push(() => terminal.kill('SIGKILL'));
    const exited = once(terminal, 'exit');
    const lines = createInterface({ input: terminal.stdout });
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line.slice(14));
      if (line.includes('mode LONG_POLL')) {
        const number = newNumber();
        expect((await person.post('/api/call/start', { number, via: 'phone' })).status).toBe(200);
      }
      if (line.includes('reported (200)')) terminal.kill('SIGINT');
    }
    expect(said).toContain('signed in');
    expect(said.some((line) => line.startsWith('registered as "Simulator: '))).toBe(true);
    expect(said.filter((line) => line.startsWith('FAULT'))).toEqual([]);
    expect(await exited).toEqual([0, null]);
  });

  it('refuses an unknown PBX token in JSON', async () => {
    const reply = await operator
      .as(null)
      .post('/asterisk/start', { Token: '999', UniqueId: '1.1', Phone: '1', CallType: 0 });
    expect([401, 404]).toContain(reply.status);
    expect(reply.json).toHaveProperty('error');
  });
});
