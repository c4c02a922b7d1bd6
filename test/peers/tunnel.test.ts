// The whole way: browser's API, Worker, BridgeLink, tunnel, a real bridge process, a real Asterisk; and the tunnel breaks.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { eventually, newNumber, signIn, type Client, type Reply } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { pbxToml } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything } from './support/telephony.ts';

let server: TestServer;
let admin: Client;
let bridges: Bridges;
let one: Enrolled;

const soon = { timeout: 20_000 };

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  bridges = new Bridges(admin);
  one = await bridges.enrolled(pbxToml(), 'bridge');
});

beforeEach(async () => {
  one.bridge.start();
  await bridges.online(one.id);
  await eventually(reachesPbx);
});

afterEach(async () => {
  one.cable.setDelay(0);
  one.cable.plug();
  await one.bridge.kill();
  await hangUpEverything();
});

afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

/** Whether the bridge that runs now has its PBX: asked, not remembered. */
async function reachesPbx(): Promise<boolean> {
  const { json } = expectStatus(200, await admin.get(`/api/pbx/channels?bridge=${one.id}`));
  return (json['problems'] as unknown[]).length === 0;
}

const click = (number: string): Promise<Reply> =>
  admin.post('/api/call/start', { number, via: 'pbx', from: '150' });

async function call(number: string): Promise<string> {
  return String(expectStatus(200, await click(number)).json['call_id']);
}

async function shown(callId: string): Promise<Record<string, unknown>> {
  return expectStatus(200, await admin.get(`/api/call/${callId}`)).json;
}

const state = async (callId: string): Promise<unknown> => (await shown(callId))['status'];

/** Calls Asterisk has now, by their linkedids: the last field of its list is the channel's own id. */
async function ringing(): Promise<string[]> {
  const lines = (await asterisk('core show channels concise')).split('\n');
  return lines.filter((line) => line.startsWith('PJSIP/150-'));
}

const hangUp = async (callId: string): Promise<void> => {
  const lines = (await asterisk('core show channels concise')).split('\n');
  const channel = lines.find((line) => line.split('!').at(-1)?.startsWith(`${callId}-`))?.split('!')[0];
  if (channel === undefined) throw new Error(`no channel of ${callId} in\n${lines.join('\n')}`);
  await asterisk(`channel request hangup ${channel}`);
};

describe('a click', () => {
  it('rings, is answered and ends as it is shown', async () => {
    const number = newNumber();
    const callId = await call(number);
    await expect.poll(() => state(callId), soon).toBe('connected');
    await hangUp(callId);
    await expect
      .poll(() => shown(callId), soon)
      .toMatchObject({ status: 'ended', outcome: 'answered', number });
  });

  it('whose answer is lost on the line rings once, and is answered over the next one', async () => {
    one.cable.setDelay(500);
    const answer = click(newNumber());
    // It rings: the bridge has begun, and what it says is on its way.
    await expect.poll(ringing, { ...soon, interval: 20 }).toHaveLength(1);
    one.cable.cut();
    one.cable.setDelay(0);
    await bridges.said(one.bridge, /the tunnel broke/);
    one.cable.plug();
    const callId = String(expectStatus(200, await answer).json['call_id']);
    await expect.poll(() => state(callId), soon).toBe('connected');
    expect(await ringing()).toHaveLength(1);
  });

  it('whose bridge is killed in it rings once, and its call is known afterwards', async () => {
    one.cable.setDelay(500);
    const answer = click(newNumber());
    await expect.poll(ringing, { ...soon, interval: 20 }).toHaveLength(1);
    await one.bridge.kill();
    one.cable.setDelay(0);
    one.bridge.start();
    // Whether the result was written before the end of the bridge or not: nothing rings again.
    const { status, text } = await answer;
    if (status !== 200) expect(text).toContain('OUTCOME_UNKNOWN');
    await bridges.online(one.id);
    expect(await ringing()).toHaveLength(1);
  });
});

const A_MINUTE_MS = 60_000;
const BETWEEN_CALLERS_MS = 8_000;

describe('calls that go on', () => {
  it('while the line swallows everything for a minute are told afterwards, each once and with its own times', async () => {
    const [stays, ends] = [await call(newNumber()), await call(newNumber())];
    for (const id of [stays, ends]) await expect.poll(() => state(id), soon).toBe('connected');
    one.cable.deaden();
    await hangUp(ends);
    const hungUpAt = Date.now();
    // Callers ring on, before both ends have noticed and after.
    let callers = 0;
    const ring = async (): Promise<void> => {
      expect(await callFromCarrier('375170000001', 1_000).ended).toBe(0);
      callers += 1;
    };
    await ring();
    await bridges.offline(one.id);
    await bridges.said(one.bridge, /nothing was heard from the edge/);
    while (Date.now() - hungUpAt < A_MINUTE_MS) {
      await ring();
      await delay(BETWEEN_CALLERS_MS);
    }
    expect(await state(ends)).toBe('connected');
    one.cable.plug();
    await expect.poll(() => state(ends), { timeout: 45_000 }).toBe('ended');
    const ended = await shown(ends);
    expect(Math.abs(Date.parse(String(ended['end_time'])) - hungUpAt)).toBeLessThan(3_000);
    expect(await state(stays)).toBe('connected');
    const came = async (): Promise<string[]> => {
      const { json } = expectStatus(200, await admin.get('/api/calls/feed?recent=50&as=page'));
      return (json['calls'] as Record<string, unknown>[])
        .filter(({ direction }) => direction === 'in')
        .map(({ status, outcome }) => `${String(status)} ${String(outcome)}`);
    };
    await expect.poll(came, soon).toEqual(Array.from({ length: callers }, () => 'ended answered'));
  }, 240_000);

  it('while the bridge is dead are put right when it is back', async () => {
    const [stays, ends] = [await call(newNumber()), await call(newNumber())];
    for (const id of [stays, ends]) await expect.poll(() => state(id), soon).toBe('connected');
    await one.bridge.kill();
    await hangUp(ends);
    await expect.poll(ringing, soon).toHaveLength(1);
    one.bridge.start();
    await expect.poll(() => state(ends), soon).toBe('ended');
    expect(await state(stays)).toBe('connected');
    await hangUp(stays);
    await expect.poll(() => state(stays), soon).toBe('ended');
  });

  it('while the server is killed are told when it is back', async () => {
    const ends = await call(newNumber());
    await expect.poll(() => state(ends), soon).toBe('connected');
    await server.kill();
    await hangUp(ends);
    await server.start();
    await expect.poll(() => state(ends), { timeout: 60_000 }).toBe('ended');
    expect(await shown(ends)).toMatchObject({ outcome: 'answered' });
  });
});
