/**
 * The runtime or the whole server dies with polls parked and commands waiting. What was acknowledged is there
 * afterwards, once; clients go on by their own rules.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatedPhone } from '../sim/phone/driver.ts';
import { isAlive } from '../../scripts/lib/processes.ts';
import { eventually, newNumber, signIn, type Client } from './support/client.ts';
import { expectStatus, Handset, idOf, newDeviceId, parked } from './support/handset.ts';
import { inLanes } from './support/lanes.ts';
import { LiveFeed } from './support/live-feed.ts';
import { TestServer } from './support/server.ts';

const DEMO_TOKEN = '100200300400';
const PHONES = 30;
/** Against hanging only: a start on a busy machine takes long. */
const PATIENCE_MS = 180_000;

let server: TestServer;
let operator: Client;
let handset: Handset;
let uniqueIds = 0;

beforeAll(async () => {
  server = await TestServer.start();
  operator = await signIn(server.url, 'op12');
  handset = await Handset.signIn(operator);
});
afterAll(() => server.stop());

/** A command that was acknowledged; null when the server died before it said so. */
async function tryEnqueue(deviceId: string): Promise<{ id: string; number: string } | null> {
  const number = newNumber();
  const reply = await operator
    .post('/api/phone/calls/', { phone: number, device_id: deviceId })
    .catch(() => null);
  return reply?.status === 200 ? { id: String(reply.json['id']), number } : null;
}

/** Numbers of the calls that the feed shows to the operator. */
async function shownNumbers(person: Client): Promise<Set<unknown>> {
  const page = expectStatus(200, await person.get('/api/calls/feed?as=page&recent=200'));
  return new Set((page.json['calls'] as Record<string, unknown>[]).map((call) => call['number']));
}

/** Polls as a phone whose connections break: again and again until nothing comes any more. */
async function takeAll(device: Handset): Promise<string[]> {
  const got: string[] = [];
  for (let empty = 0; empty < 2;) {
    const outcome = await device.pull(got.length > 0 ? null : 2).outcome;
    const id = idOf(outcome);
    if (id !== null) got.push(id);
    else if (outcome.ok && outcome.status === 204) empty += 1;
    else await delay(100);
  }
  return got;
}

/** Posts one missed call; answers its number when the PBX was told that it is stored. */
async function missedCall(): Promise<string | null> {
  uniqueIds += 1;
  const Phone = `37529${String(2_000_000 + uniqueIds)}`;
  const body = {
    Token: DEMO_TOKEN,
    UniqueId: `1750001000.${uniqueIds}`,
    Phone,
    CallType: 0,
    Trunk: '0001001',
  };
  const reply = await operator
    .as(null)
    .post('/asterisk/start', body, { headers: { Token: DEMO_TOKEN } })
    .catch(() => null);
  return reply?.status === 200 ? `+${Phone}` : null;
}

/** PBX events and a live socket before a crash; what it answers checks them afterwards. */
async function watchFeed(): Promise<() => Promise<void>> {
  const boss = await signIn(server.url, 'boss');
  const before = await LiveFeed.open(server.url, boss.token ?? '');
  const known = await missedCall();
  await before.waitForCall((call) => call['number'] === known);
  const position = before.position;
  before.close();
  const missed: string[] = [];
  for (let i = 0; i < 10; i++) missed.push((await missedCall()) ?? 'not acknowledged');

  return async () => {
    const after = await LiveFeed.open(server.url, boss.token ?? '', position);
    expect(after.hello.epoch).toBe(position.epoch);
    for (const number of missed) await after.waitForCall((call) => call['number'] === number);
    const told = after.calls.map((call) => String(call['number']));
    expect(told.filter((number) => missed.includes(number)).toSorted()).toEqual(missed.toSorted());
    expect(told).not.toContain(known);
    after.close();
    const shown = await shownNumbers(boss);
    expect(missed.filter((number) => !shown.has(number))).toEqual([]);
  };
}

/** Crashes cost nobody their sign-in. */
async function expectSignedIn(): Promise<void> {
  expectStatus(200, await operator.get('/api/auth/me'));
  expectStatus(200, await handset.client.get('/api/phone/user/info/'));
  expectStatus(200, await operator.as(null).post('/api/token/refresh/', { refresh: handset.refresh }));
}

const crashes: [string, () => Promise<void>][] = [
  ['kill -9 of the runtime', () => server.killRuntime()],
  [
    'kill -9 of the whole server and a new start',
    async () => {
      await server.kill();
      await server.start();
    },
  ],
  [
    'a clean stop and a new start',
    async () => {
      await server.halt();
      await server.start();
    },
  ],
];

describe.each(crashes)('%s', (_, crash) => {
  it('loses and repeats nothing that was acknowledged', { timeout: PATIENCE_MS }, async () => {
    const feedIsWhole = await watchFeed();
    const devices: Handset[] = [];
    await inLanes(10, PHONES, async () => {
      devices.push(await handset.another());
    });
    const acknowledged: { id: string; number: string }[] = [];
    const add = async (deviceId: string): Promise<void> => {
      const made = await tryEnqueue(deviceId);
      if (made !== null) acknowledged.push(made);
    };
    // A third of the phones is away with a command waiting, a third waits with none, a third gets one as it happens.
    const away = devices.filter((_, index) => index % 3 === 0);
    const waiting = devices.filter((_, index) => index % 3 !== 0);
    await Promise.all(away.map((device) => add(device.deviceId)));
    const polls = waiting.map((device) => ({ device, poll: device.pull(6) }));
    await parked(operator, ...waiting);
    const late = waiting.filter((_, index) => index % 2 === 0);
    const racing = Promise.all(
      late.map((device, index) => delay(index * 4).then(() => add(device.deviceId))),
    );
    const crashing = delay(20).then(crash);

    const taken = await Promise.all([
      ...polls.map(async ({ device, poll }) => {
        const first = idOf(await poll.outcome);
        if (first === null) return takeAll(device);
        // It saw the command, so it is in its BURST: short polls only.
        await crashing;
        const more = await device.poll();
        return more.id === null ? [first] : [first, more.id];
      }),
      ...away.map(async (device) => crashing.then(() => takeAll(device))),
    ]);
    await racing;
    await crashing;
    const got = taken.flat();
    // What was answered but not acknowledged may have been stored, and then rings once as well.
    expect(got.length).toBe(new Set(got).size);
    expect(acknowledged.filter(({ id }) => !got.includes(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(away.length);
    // The call hub hears of each, also where the crash came between the two objects.
    await eventually(async () => {
      const shown = await shownNumbers(operator);
      return acknowledged.every(({ number }) => shown.has(number));
    });
    await feedIsWhole();
    await expectSignedIn();
  });
});

describe('a phone of the new generation', () => {
  it('comes back by itself after a crash and takes the next command', { timeout: PATIENCE_MS }, async () => {
    const phone = new SimulatedPhone({
      url: server.url,
      deviceId: newDeviceId(),
      deviceName: 'Simulator: crash',
    });
    try {
      const code = expectStatus(200, await operator.post('/api/phone/qr/create/', {}));
      await phone.signInByQr(String(code.json['token']));
      await phone.register();
      phone.start(true);
      await phone.waitFor((line) => line.type === 'polling');
      await server.killRuntime();
      const made = await tryEnqueue(phone.deviceId);
      const command = await phone.waitFor((line) => line.type === 'command');
      expect(command).toMatchObject({ id: made?.id });
      expect(phone.faults).toEqual([]);
    } finally {
      phone.switchOff();
    }
  });
});

describe('a clean stop', () => {
  it('ends parked polls as a phone can bear and leaves no process', { timeout: PATIENCE_MS }, async () => {
    const devices = await Promise.all(Array.from({ length: 20 }, () => handset.another()));
    const polls = devices.map((device) => device.pull(25));
    await parked(operator, ...devices);
    const processes = [server.pid, server.runtimePid];
    await server.halt();
    expect(processes.filter(isAlive)).toEqual([]);
    for (const outcome of await Promise.all(polls.map((poll) => poll.outcome))) {
      // A broken connection is borne; an empty answer in under a second would stop the app from long-polling.
      expect(outcome.ok ? [outcome.status, outcome.tookMs >= 1_000] : [204, true]).toEqual([204, true]);
    }
    await server.start();
  });
});
