/** The app's own state machine, left to itself against a real server. All at once: each phone is somebody else's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatedPhone, type PhoneLine } from '../sim/phone/driver.ts';
import { eventually, newNumber, signIn, type Client } from './support/client.ts';
import { enqueue, expectStatus, newDeviceId, parkedDevices, phoneRow } from './support/handset.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
let operator: Client;
const phones: SimulatedPhone[] = [];

beforeAll(async () => {
  server = await TestServer.start();
  operator = await signIn(server.url, 'op12');
});
afterAll(async () => {
  for (const phone of phones) phone.switchOff();
  await server.stop();
});

async function newPhone(): Promise<SimulatedPhone> {
  const phone = new SimulatedPhone({
    url: server.url,
    deviceId: newDeviceId(),
    deviceName: 'Simulator: app',
  });
  phones.push(phone);
  const code = expectStatus(200, await operator.post('/api/phone/qr/create/', {}));
  await phone.signInByQr(String(code.json['token']));
  await phone.register();
  return phone;
}

const isMode = (mode: string) => (line: PhoneLine) => line.type === 'mode' && line.mode === mode;
const isPolling = (waitSeconds: number | null) => (line: PhoneLine) =>
  line.type === 'polling' && line.waitSeconds === waitSeconds;

describe('a new build', { concurrent: true }, () => {
  it('finds out in a BURST that this server holds polls, and long-polls again after it', async () => {
    const phone = await newPhone();
    phone.start(true);
    await phone.waitFor(isPolling(25));
    // The short BURST of a push: plain polls only, each of which must be held long enough.
    phone.push();
    await phone.waitFor(isMode('BURST'));
    const since = phone.lines.length;
    const again = () => phone.lines.slice(since).find(isPolling(25));
    await phone.waitFor(() => again() !== undefined);
    expect(phone.mode).toBe('LONG_POLL');
    const id = await enqueue(operator, { device_id: phone.deviceId });
    await phone.waitFor((line) => line.type === 'command' && line.id === id);
    expect(phone.faults).toEqual([]);
    expect(phone.lines.find(isMode('SLOW'))).toBeUndefined();
  });

  it('woken by a push has two polls open, of which only the newer one counts', async () => {
    const phone = await newPhone();
    phone.start(true);
    await parkedDevices(operator, phone.deviceId);
    phone.push();
    // Sent while both are open: the server must know which one the app still listens to. A round trip after the second
    // one was sent, it is there.
    await phone.waitFor((line) => line.type === 'polling' && line.poll === 2);
    await parkedDevices(operator, phone.deviceId);
    const id = await enqueue(operator, { device_id: phone.deviceId });
    await phone.waitFor((line) => line.type === 'command' && line.id === id);
    const abandoned = await phone.waitFor((line) => line.type === 'polled' && line.poll === 1);
    expect(abandoned).toMatchObject({ status: 204, abandoned: true });
    expect(phone.faults).toEqual([]);
  });

  it('whose access token ran out refreshes it and never loses its place', async () => {
    const phone = await newPhone();
    const id = await enqueue(operator, { device_id: phone.deviceId });
    phone.spoilAccess();
    phone.start(true);
    expect(await phone.waitFor((line) => line.type === 'refreshed')).toMatchObject({ status: 200 });
    await phone.waitFor((line) => line.type === 'command' && line.id === id);
    expect(phone.faults).toEqual([]);
  });

  it('stops when a person removes the phone, and only then', async () => {
    const phone = await newPhone();
    phone.start(true);
    await parkedDevices(operator, phone.deviceId);
    const row = await phoneRow(operator, phone.deviceId);
    phone.sessionLives = false;
    const removed = await operator.send('DELETE', `/api/phones/${String(row?.['id'])}`);
    expect(removed.status).toBeLessThan(300);
    const stopped = await phone.waitFor((line) => line.type === 'stopped');
    expect(stopped).toMatchObject({ reason: 'logged-out' });
    expect(phone.faults).toEqual([]);
  });

  it.each(['fin', 'rst'] as const)(
    'goes on after its connection was lost (%s)',
    { timeout: 60_000 },
    async (how) => {
      const phone = await newPhone();
      phone.start(true);
      await parkedDevices(operator, phone.deviceId);
      phone.dropConnections(how);
      await phone.waitFor((line) => line.type === 'polled' && line.status === 0);
      const id = await enqueue(operator, { device_id: phone.deviceId });
      await phone.waitFor((line) => line.type === 'command' && line.id === id);
      expect(phone.commands).toHaveLength(1);
      expect(phone.faults).toEqual([]);
    },
  );

  it('reports every kind of result, and the last word is the one that counts', async () => {
    const phone = await newPhone();
    phone.start(true);
    const results = {
      connected: 'answered',
      no_answer: 'no_answer',
      busy: 'busy',
      rejected: 'rejected',
    } as const;
    for (const [status, outcome] of Object.entries(results)) {
      const phoneNumber = newNumber();
      const started = await operator.post('/api/call/start', {
        number: phoneNumber,
        via: 'phone',
        device_id: phone.deviceId,
      });
      const commandId = String(started.json['command_id']);
      await phone.waitFor((line) => line.type === 'command' && line.id === commandId);
      phone.report({
        commandId,
        status: status as keyof typeof results,
        startedAt: Date.now() - 3_000,
        talkedSec: status === 'connected' ? 3 : 0,
      });
      await phone.waitFor((line) => line.type === 'reported' && line.id === commandId && !line.lost);
      const call = await eventually(async () => {
        const reply = await operator.get(`/api/call/${String(started.json['call_id'])}`);
        return reply.json['status'] === 'ended' && reply.json;
      });
      expect(call).toMatchObject({ outcome, number: phoneNumber });
    }
    expect(phone.faults).toEqual([]);
  });
});
