import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  addBridge,
  linkOfRecord,
  newKey,
  newRecord,
  TestBridge,
  type TestKey,
} from '../../test/worker/support/bridge';
import type { BridgeRecord } from './contract';

let key: TestKey;
let record: BridgeRecord;
const journal = { id: crypto.randomUUID(), head: 0 };
const link = () => linkOfRecord(record);
const connect = () => TestBridge.connect(record, key, journal);
const hangUp = (id?: string, timeoutMs?: number) =>
  link().request({
    verb: 'pbx.hangup',
    args: { linkedid: '1.1' },
    by: 'user:u1',
    ...(id !== undefined && { id }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
const list = (timeoutMs?: number) =>
  link().request({
    verb: 'pbx.channels',
    args: {},
    by: 'user:u1',
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
const settledIds = (bridge: TestBridge) => bridge.of('settled').flatMap(({ ids }) => ids);
const audit = async () =>
  (await link().log({ limit: 100 })).filter(({ part }) => part === 'audit').map(({ text }) => text);

const SHELL_RESULT = { exit_code: 0, stdout: 'x', stderr: '', truncated: false, timed_out: false, ms: 5 };

/** A connected bridge with one phone, and the number it got. */
async function withPhone(): Promise<{ bridge: TestBridge; slot: number }> {
  await addBridge(record);
  const bridge = await connect();
  bridge.event(1, {
    kind: 'slot.state',
    data: {
      slot: 'A1',
      usb: '1-1',
      status: 'ONLINE',
      remedy: null,
      model: null,
      android: null,
      address: null,
    },
  });
  await bridge.next('ack');
  const [slot] = await link().slots();
  return { bridge, slot: slot?.id ?? 0 };
}

beforeEach(async () => {
  key = await newKey();
  record = newRecord(key.publicKey);
});

describe('a request', () => {
  it('goes out with its parsed arguments and a deadline, and brings the answer back', async () => {
    const bridge = await connect();
    const asked = link().request({
      verb: 'pbx.originate',
      args: { call_id: 'c_1', from: '150', to: '+375290000000', unknown: 1 },
      by: 'user:u1',
    });
    const sent = await bridge.answer(0, { pbx: 'main', uniqueid: 'c_1-1.1', linkedid: 'c_1-1.1' });
    expect(sent.args).toEqual({ call_id: 'c_1', from: '150', to: '+375290000000', ring_sec: 30 });
    expect(sent.deadline).toBeGreaterThan(Date.now() + 5_000);
    const answer = await asked;
    expect(answer.ok && JSON.parse(answer.result)).toEqual({
      pbx: 'main',
      uniqueid: 'c_1-1.1',
      linkedid: 'c_1-1.1',
    });
    expect(await audit()).toEqual(['pbx.originate for user:u1: done']);
  });

  it.each([
    ['no.verb', {}, 'UNKNOWN_VERB'],
    ['toString', {}, 'UNKNOWN_VERB'],
    ['pbx.hangup', {}, 'INVALID_ARGS'],
    ['pbx.originate', { call_id: 'c_1', from: '150', to: '1@x"; echo 1' }, 'INVALID_ARGS'],
  ])('%s %j is refused here, and nothing is sent', async (verb, args, code) => {
    const bridge = await connect();
    expect(await link().request({ verb, args, by: 'x' })).toMatchObject({ ok: false, code });
    expect(bridge.of('req')).toEqual([]);
  });

  it('with an id the bridge would not take is refused here', async () => {
    await connect();
    expect(await hangUp('no id; of ours')).toMatchObject({ ok: false, code: 'INVALID_ARGS' });
  });

  it('is OFFLINE at once without a tunnel, and is not kept for later', async () => {
    expect(await hangUp()).toMatchObject({ ok: false, code: 'OFFLINE' });
    const bridge = await connect();
    expect(await list(500)).toMatchObject({ code: 'DEADLINE' });
    expect(bridge.of('req').map(({ verb }) => verb)).toEqual(['pbx.channels']);
  });

  it('is OVERLOADED above the bound, and fits again after an answer', async () => {
    const bridge = await connect();
    const open = Array.from({ length: 64 }, () => list());
    await bridge.next('req', 63);
    expect(await list()).toMatchObject({ ok: false, code: 'OVERLOADED' });
    await bridge.answer(0, { channels: [] });
    const more = list();
    await bridge.answer(64, { channels: [] });
    expect(await more).toMatchObject({ ok: true });
    for (let n = 1; n < 64; n += 1) await bridge.answer(n, { channels: [] });
    expect((await Promise.all(open)).every(({ ok }) => ok)).toBe(true);
  });

  it('ends by its deadline, and the bridge is told to stop', async () => {
    const bridge = await connect();
    expect(await list(500)).toMatchObject({ ok: false, code: 'DEADLINE' });
    const { id } = await bridge.next('req');
    expect(await bridge.next('cancel')).toMatchObject({ id });
  });

  it('brings the bridge’s refusal with its words and details', async () => {
    const bridge = await connect();
    const asked = hangUp();
    const { id } = await bridge.next('req');
    const error = {
      code: 'PBX_REFUSED' as const,
      message: 'no such channel',
      details: { cause: 3, tried: ['a'] },
    };
    bridge.say({ t: 'res', id, ok: false, error });
    expect(await asked).toEqual({
      ok: false,
      code: 'PBX_REFUSED',
      message: 'no such channel',
      details: { cause: ['3'], tried: ['a'] },
    });
  });

  it('takes an answer in a strange form for a fault of the bridge', async () => {
    const bridge = await connect();
    const asked = list();
    await bridge.answer(0, { channels: 'many' });
    expect(await asked).toMatchObject({ ok: false, code: 'INTERNAL' });
  });

  it('without an effect is OFFLINE when the tunnel breaks', async () => {
    const bridge = await connect();
    const asked = list();
    await bridge.next('req');
    bridge.hangUp();
    expect(await asked).toMatchObject({ ok: false, code: 'OFFLINE' });
  });
});

describe('a command with an effect', () => {
  it('is one command for everyone who asks with its id, and is settled once stored', async () => {
    const bridge = await connect();
    const both = [hangUp('k-1'), hangUp('k-1')];
    const { id } = await bridge.answer(0, { channels: 2 });
    expect(id).toBe('k-1');
    expect(await Promise.all(both)).toEqual([
      { ok: true, result: '{"channels":2}' },
      { ok: true, result: '{"channels":2}' },
    ]);
    await vi.waitFor(() => expect(settledIds(bridge)).toEqual(['k-1']));
    expect(await hangUp('k-1')).toEqual({ ok: true, result: '{"channels":2}' });
    await evictDurableObject(link());
    expect(await hangUp('k-1')).toEqual({ ok: true, result: '{"channels":2}' });
    expect(bridge.of('req')).toHaveLength(1);
  });

  it('is sent again with the same id on the next connection, until it is answered', async () => {
    const first = await connect();
    const asked = hangUp('k-2');
    const sent = await first.next('req');
    first.hangUp();
    const second = await connect();
    const again = await second.next('req');
    expect(again).toEqual(sent);
    await second.answer(0, { channels: 1 });
    expect(await asked).toMatchObject({ ok: true });
    const third = await connect();
    await third.next('welcome');
    expect(third.of('req')).toEqual([]);
  });

  it('is not sent again to a bridge that lost its journal: it might be done twice', async () => {
    const first = await connect();
    const asked = hangUp('k-8');
    await first.next('req');
    const second = await TestBridge.connect(record, key, { id: crypto.randomUUID(), head: 0 });
    expect(await asked).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN' });
    expect(await hangUp('k-8')).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const next = list();
    expect((await second.answer(0, { channels: [] })).verb).toBe('pbx.channels');
    expect((await next).ok).toBe(true);
  });

  it('survives the object, which still knows it when the bridge answers', async () => {
    const { bridge, slot } = await withPhone();
    const started = await link().startCommand({ slotId: slot, argv: ['getprop'], free: false, userId: 'u1' });
    const commandId = started.ok ? started.commandId : '';
    const sent = await bridge.next('req');
    expect(sent).toMatchObject({ verb: 'slot.shell', args: { slot: 'A1', argv: ['getprop'] } });
    await evictDurableObject(link(), { webSockets: 'close' });
    expect(await link().command(slot, commandId)).toMatchObject({ status: 'executing' });
    const second = await connect();
    expect(await second.next('req')).toEqual(sent);
    // Whoever asks by its id joins it: it is not begun a second time.
    const same = link().request({ verb: sent.verb, args: sent.args, id: sent.id, by: 'user:u1' });
    await second.answer(0, SHELL_RESULT);
    expect(await same).toMatchObject({ ok: true });
    expect(await link().command(slot, commandId)).toMatchObject({ status: 'done', exitCode: 0, stdout: 'x' });
    expect(second.of('req')).toHaveLength(1);
  });

  it('ends by its deadline while the tunnel is down, and is not sent afterwards', async () => {
    const first = await connect();
    const asked = hangUp('k-4', 600);
    await first.next('req');
    first.hangUp();
    expect(await asked).toMatchObject({ ok: false, code: 'DEADLINE' });
    const second = await connect();
    await second.next('welcome');
    expect(second.of('req')).toEqual([]);
    // The bridge had done it: its answer is noted, settled, and given to who asks again.
    second.say({ t: 'res', id: 'k-4', ok: true, result: { channels: 1 } });
    await vi.waitFor(() => expect(settledIds(second)).toEqual(['k-4']));
    expect((await audit())[0]).toContain('answered after its deadline: it was done');
    expect(await hangUp('k-4')).toEqual({ ok: true, result: '{"channels":1}' });
  });

  it('ends by its alarm when nobody waits for it', async () => {
    const { bridge, slot } = await withPhone();
    const started = await link().startCommand({ slotId: slot, argv: ['getprop'], free: false, userId: 'u1' });
    const commandId = started.ok ? started.commandId : '';
    await bridge.next('req');
    await evictDurableObject(link(), { webSockets: 'close' });
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] });
    try {
      await runDurableObjectAlarm(link());
    } finally {
      vi.useRealTimers();
    }
    expect(await link().command(slot, commandId)).toMatchObject({
      status: 'failed',
      error: { code: 'DEADLINE' },
    });
    const second = await connect();
    expect(second.of('req')).toEqual([]);
  });

  it('counts its first answer only', async () => {
    const bridge = await connect();
    const asked = hangUp('k-6');
    await bridge.answer(0, { channels: 1 });
    await asked;
    bridge.say({ t: 'res', id: 'k-6', ok: true, result: { channels: 9 } });
    await vi.waitFor(() => expect(settledIds(bridge)).toEqual(['k-6', 'k-6']));
    expect(await hangUp('k-6')).toEqual({ ok: true, result: '{"channels":1}' });
    expect(await audit()).toHaveLength(1);
  });

  it('answered without ever having been asked is settled, so that the bridge forgets it', async () => {
    const bridge = await connect();
    bridge.say({ t: 'res', id: 'stranger', ok: true, result: {} });
    await vi.waitFor(() => expect(settledIds(bridge)).toEqual(['stranger']));
  });
});

describe('a screen', () => {
  const png = new Uint8Array(200_000).map((_, i) => i % 251);

  it('is put together of its frames', async () => {
    const { bridge, slot } = await withPhone();
    const asked = link().screen(slot);
    const { id } = await bridge.next('req');
    bridge.say({ t: 'res', id, ok: true, result: { stream: 7, size: png.byteLength } });
    for (let at = 0; at < png.byteLength; at += 65_536) {
      const payload = png.subarray(at, at + 65_536);
      bridge.frame({ stream: 7, offset: at, last: at + payload.byteLength === png.byteLength, payload });
    }
    expect(await asked).toEqual({ ok: true, png });
    expect(bridge.of('window').at(-1)).toEqual({ t: 'window', stream: 7, offset: png.byteLength });
  });

  it.each([
    ['stops short', 0, true],
    ['comes out of order', 5, false],
  ])('that %s is no picture', async (_, offset, last) => {
    const { bridge, slot } = await withPhone();
    const asked = link().screen(slot);
    const { id } = await bridge.next('req');
    bridge.say({ t: 'res', id, ok: true, result: { stream: 8, size: 100 } });
    bridge.frame({ stream: 8, offset, last, payload: new Uint8Array(10) });
    expect(await asked).toMatchObject({ ok: false });
  });

  it('ends with the tunnel', async () => {
    const { bridge, slot } = await withPhone();
    const asked = link().screen(slot);
    const { id } = await bridge.next('req');
    bridge.say({ t: 'res', id, ok: true, result: { stream: 9, size: 100 } });
    bridge.frame({ stream: 9, offset: 0, last: false, payload: new Uint8Array(10) });
    bridge.hangUp();
    expect(await asked).toMatchObject({ ok: false });
  });
});
