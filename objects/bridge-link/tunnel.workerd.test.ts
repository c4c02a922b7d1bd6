import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { linkOfRecord, newKey, newRecord, TestBridge, type TestKey } from '../../test/worker/support/bridge';
import type { BridgeRecord } from './contract';

let key: TestKey;
let record: BridgeRecord;
const link = () => linkOfRecord(record);
const connect = (journal?: { id: string; head: number }) => TestBridge.connect(record, key, journal);
const status = () => link().status();

beforeEach(async () => {
  key = await newKey();
  record = newRecord(key.publicKey);
});

describe('the handshake', () => {
  it('challenges, takes a right signature, and shows who is there', async () => {
    const bridge = await TestBridge.dial(record, key);
    const challenge = await bridge.next('challenge');
    expect(challenge.protocols).toEqual([1]);
    expect(Math.abs(challenge.now - Date.now())).toBeLessThan(60_000);
    expect(await status()).toMatchObject({ connected: false, since: null, agent: null });
    await bridge.hello();
    expect(await bridge.next('welcome')).toMatchObject({ protocol: 1, acked: 0 });
    expect(await status()).toMatchObject({
      connected: true,
      agent: { host: 'pbx-test' },
      address: '192.0.2.7',
      config: { slots: true },
      replacedAt: null,
    });
  });

  it.each<[string, (bridge: TestBridge) => Promise<void>, number]>([
    [
      'another key',
      async (bridge) => {
        const { nonce } = await bridge.next('challenge');
        const other = await newKey();
        await bridge.hello({
          signature: await other.sign(`trunkline bridge\n1\n${bridge.record.id}\n${nonce}`),
        });
      },
      4401,
    ],
    ['no signature', (bridge) => bridge.hello({ signature: '' }), 4401],
    ['a version nobody speaks', (bridge) => bridge.hello({ protocol: 99, journal: 'another shape' }), 4426],
    ['something else than a hello', async (bridge) => bridge.say({ t: 'leaving', reason: 'x' }), 4401],
    ['no JSON', async (bridge) => bridge.raw('hello'), 4401],
    ['bytes', async (bridge) => bridge.raw(new Uint8Array(20)), 4400],
    ['a message that is too large', async (bridge) => bridge.raw('x'.repeat(1024 * 1024 + 1)), 4400],
  ])('refuses %s', async (_, speak, code) => {
    const bridge = await TestBridge.dial(record, key);
    await bridge.next('challenge');
    await speak(bridge);
    expect(await bridge.next('bye')).toMatchObject({ code });
    expect(await bridge.isClosed()).toMatchObject({ code });
    expect(await status()).toMatchObject({ connected: false, agent: null });
  });

  it('does not take a signature a second time', async () => {
    const first = await TestBridge.dial(record, key);
    const { nonce } = await first.next('challenge');
    const signature = await key.sign(`trunkline bridge\n1\n${record.id}\n${nonce}`);
    const second = await TestBridge.dial(record, key);
    await second.hello({ signature });
    expect(await second.isClosed()).toMatchObject({ code: 4401 });
  });

  it('closes a connection that says nothing, by its alarm', async () => {
    const silent = await TestBridge.dial(record, key);
    await silent.next('challenge');
    await runInDurableObject(link(), (_, { storage }) =>
      storage.sql.exec(`UPDATE timers SET at = 1 WHERE name = 'hello'`),
    );
    vi.useFakeTimers({ now: Date.now() + 11_000, toFake: ['Date'] });
    try {
      await runDurableObjectAlarm(link());
    } finally {
      vi.useRealTimers();
    }
    expect(await silent.isClosed()).toMatchObject({ code: 4401 });
  });

  it('lets only so many wait', async () => {
    for (let i = 0; i < 8; i += 1) await TestBridge.dial(record, key);
    await expect(TestBridge.dial(record, key)).rejects.toThrow('429');
  });
});

describe('the tunnel', () => {
  it('is on after an eviction, and answers', async () => {
    const bridge = await connect();
    await evictDurableObject(link());
    expect(await status()).toMatchObject({ connected: true, agent: { host: 'pbx-test' } });
    const asked = link().request({ verb: 'pbx.channels', args: {}, by: 'user:1' });
    await bridge.answer(0, { channels: [] });
    expect(await asked).toEqual({ ok: true, result: '{"channels":[]}' });
  });

  it('gives way to a second connection with the same key, which is reported', async () => {
    const first = await connect();
    const second = await connect();
    expect(await first.next('bye')).toMatchObject({ code: 4409, temporary: false });
    expect(await first.isClosed()).toMatchObject({ code: 4409 });
    const now = await status();
    expect(now.connected).toBe(true);
    expect(now.replacedAt).not.toBeNull();
    expect((await link().log({ limit: 10 })).map(({ text }) => text).join()).toContain(
      'took over (from 192.0.2.7)',
    );
    const asked = link().request({ verb: 'pbx.channels', args: {}, by: 'user:1' });
    await second.answer(0, { channels: [] });
    expect((await asked).ok).toBe(true);
    expect(first.of('req')).toEqual([]);
  });

  it('is not replaced by a connection that proves nothing', async () => {
    const first = await connect();
    const forger = await TestBridge.dial(record, await newKey());
    await forger.hello();
    expect(await forger.isClosed()).toMatchObject({ code: 4401 });
    expect(first.closed).toBeNull();
    expect((await status()).replacedAt).toBeNull();
  });

  it('is closed for good when the bridge is revoked, as often as it is', async () => {
    const bridge = await connect();
    const asked = link().request({ verb: 'pbx.hangup', args: { linkedid: '1.1' }, by: 'user:1' });
    await bridge.next('req');
    await link().revoke();
    await link().revoke();
    expect(await bridge.next('bye')).toMatchObject({ code: 4403, temporary: false });
    expect(await asked).toMatchObject({ ok: false, code: 'OFFLINE' });
    expect(await status()).toMatchObject({ connected: false });
    await expect(TestBridge.dial(record, key)).rejects.toThrow('403');
  });

  it('is dead when nothing was heard for 15 s, which its alarm notices', async () => {
    const bridge = await connect();
    await runInDurableObject(link(), (_, { storage }) =>
      storage.sql.exec(`UPDATE timers SET at = 1 WHERE name = 'alive'`),
    );
    await runDurableObjectAlarm(link());
    expect(await status()).toMatchObject({ connected: true });
    await runInDurableObject(link(), (_, { storage }) =>
      storage.sql.exec(`UPDATE timers SET at = 1 WHERE name = 'alive'`),
    );
    vi.useFakeTimers({ now: Date.now() + 16_000, toFake: ['Date'] });
    try {
      expect(await link().request({ verb: 'pbx.channels', args: {}, by: 'x' })).toMatchObject({
        code: 'OFFLINE',
      });
      await runDurableObjectAlarm(link());
    } finally {
      vi.useRealTimers();
    }
    expect(await bridge.isClosed()).toMatchObject({ code: 4008 });
    expect(await status()).toMatchObject({ connected: false });
  });

  it('answers what it does not understand, and goes on', async () => {
    const bridge = await connect();
    bridge.raw('{"t":"what"}');
    expect(await bridge.next('unknown')).toMatchObject({ of: 'what' });
    bridge.raw('no json');
    expect(await bridge.next('unknown', 1)).toMatchObject({ of: '' });
    bridge.say({ t: 'req', id: 'r1', verb: 'no.verb', args: {}, deadline: Date.now() + 5_000 });
    expect(await bridge.next('res')).toMatchObject({ id: 'r1', ok: false, error: { code: 'UNKNOWN_VERB' } });
    expect(bridge.closed).toBeNull();
  });

  it.each([
    ['a text over the limit', 'x'.repeat(1024 * 1024 + 1)],
    ['bytes that are no frame', new Uint8Array(3)],
  ])('is closed by %s', async (_, data) => {
    const bridge = await connect();
    bridge.raw(data);
    expect(await bridge.isClosed()).toMatchObject({ code: 4400 });
    expect(await status()).toMatchObject({ connected: false });
  });

  it('keeps readings, states and the bridge’s own lines', async () => {
    const bridge = await connect();
    const host = {
      cpu: 3,
      ram: 40,
      ram_total_mb: 4_000,
      uptime_sec: 60,
      rss_mb: 80,
      latency_ms: 12,
      bandwidth_mbps: null,
      why: { bandwidth_mbps: 'no earlier reading' },
    };
    bridge.say({ t: 'readings', readings: { at: 5_000, host, hubs: null, hubs_why: 'no sysfs' } });
    bridge.event(1, {
      kind: 'pbx.state',
      data: { pbx: 'main', ssh: 'up', ami: 'down', version: null, error: 'refused' },
    });
    bridge.event(2, { kind: 'bridge.log', data: { level: 'warn', part: 'asterisk', text: 'no AMI' } });
    expect(await bridge.next('ack')).toBeDefined();
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(2));
    await evictDurableObject(link());
    expect(await status()).toMatchObject({
      host: { reading: { cpu: 3 }, at: 5_000 },
      hubs: { hubs: null, why: 'no sysfs' },
      pbx: [{ name: 'main', ssh: 'up', ami: 'down', error: 'refused', at: 1_001 }],
    });
    const [newest] = await link().log({ limit: 1 });
    expect(newest).toMatchObject({ level: 'warn', part: 'asterisk', text: 'no AMI', at: 1_002 });
  });
});
