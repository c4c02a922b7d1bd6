import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BridgeEvent } from '../../bridge/protocol/events';
import {
  addBridge,
  linkOfRecord,
  newKey,
  newRecord,
  TestBridge,
  type TestKey,
} from '../../test/worker/support/bridge';
import type { BridgeEvents } from '../call-hub/contract';
import type { BridgeRecord } from './contract';
import { SET_ASIDE_AFTER } from './intake';

let key: TestKey;
let record: BridgeRecord;
let turn = 0;
const journal = () => ({ id: crypto.randomUUID(), head: 0 });
const link = () => linkOfRecord(record);
const hub = () => env.CALL_HUB.getByName(record.tenantId);

/** What the hub was handed, and whether it takes it: the real one stands behind. */
interface Door {
  ingestBridge(input: BridgeEvents): Promise<void>;
}
const handed: BridgeEvents[] = [];
/** RPC reaches methods of the class only. */
async function watchHub(
  before: (input: BridgeEvents) => void | Promise<void> = () => undefined,
): Promise<void> {
  await runInDurableObject(hub(), (instance) => {
    const door = Object.getPrototypeOf(instance) as Door;
    const real = door.ingestBridge;
    vi.spyOn(door, 'ingestBridge').mockImplementation(async function (this: Door, input) {
      await before(input);
      handed.push(structuredClone(input));
      return real.call(this, input);
    });
  });
}
const away = () => {
  throw new Error('the hub is away');
};
const handedSeqs = () => handed.flatMap(({ events }) => events.map(({ seq }) => seq));
const lines = async () =>
  (await link().log({ limit: 200 }))
    .filter(({ part }) => part === 'asterisk')
    .map(({ text }) => text)
    .reverse();

const line = (text: string): BridgeEvent => ({
  kind: 'bridge.log',
  data: { level: 'info', part: 'asterisk', text },
});
const failed = (n: number): BridgeEvent => ({
  kind: 'pbx.originate_failed',
  data: { pbx: 'main', call_id: `c_${n}`, reason: 'busy' },
});

afterEach(() => vi.restoreAllMocks());

beforeEach(async () => {
  turn += 1;
  handed.length = 0;
  key = await newKey();
  record = newRecord(key.publicKey, String(6_000 + turn));
  await addBridge(record);
});

describe('events', () => {
  it('are stored once and in order, acknowledged when they are, and known to the next connection', async () => {
    await watchHub();
    const book = journal();
    const bridge = await TestBridge.connect(record, key, book);
    bridge.event(1, line('one'));
    bridge.event(2, failed(2));
    bridge.event(4, line('four'));
    bridge.event(4, line('four again'));
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(4));
    expect(await lines()).toEqual(['one', 'four']);
    expect(handed).toMatchObject([
      { bridgeId: record.id, journal: book.id, events: [{ seq: 2, at: 1_002, slotId: null }] },
    ]);
    bridge.hangUp();
    await evictDurableObject(link(), { webSockets: 'close' });
    const second = await TestBridge.dial(record, key);
    await second.hello({ journal: { ...book, head: 9 } });
    expect(await second.next('welcome')).toMatchObject({ acked: 4 });
    second.event(3, line('late'));
    second.event(5, line('five'));
    await vi.waitFor(() => expect(second.of('ack').at(-1)?.seq).toBe(5));
    expect(await lines()).toEqual(['one', 'four', 'five']);
  });

  it('begin anew with a new journal, and say that the old one is lost', async () => {
    const first = await TestBridge.connect(record, key, journal());
    first.event(7, line('seven'));
    await vi.waitFor(() => expect(first.of('ack').at(-1)?.seq).toBe(7));
    const second = await TestBridge.dial(record, key);
    await second.hello({ journal: journal() });
    expect(await second.next('welcome')).toMatchObject({ acked: 0 });
    second.event(1, line('one'));
    await vi.waitFor(() => expect(second.of('ack').at(-1)?.seq).toBe(1));
    expect(await lines()).toEqual(['seven', 'one']);
    expect((await link().log({ limit: 20 })).map(({ text }) => text).join()).toContain('new journal');
  });

  it('are held while they can’t be stored, and taken from there on when sent again', async () => {
    let isAway = true;
    await watchHub(() => (isAway ? away() : undefined));
    const bridge = await TestBridge.connect(record, key, journal());
    bridge.event(1, line('one'));
    await bridge.next('ack');
    bridge.event(2, failed(2));
    bridge.event(3, line('three'));
    const held = await bridge.next('hold');
    expect(held).toMatchObject({ seq: 1 });
    expect(held.retry_ms).toBeGreaterThan(0);
    // Still on its way from before the hold: taking it would skip the one before.
    bridge.event(4, line('four'));
    expect(await lines()).toEqual(['one']);
    isAway = false;
    bridge.event(2, failed(2));
    bridge.event(3, line('three'));
    bridge.event(4, line('four'));
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(4));
    expect(await lines()).toEqual(['one', 'three', 'four']);
    expect(handedSeqs()).toEqual([2]);
  });

  it('leave out one that can never be stored, so that later ones are not held up for ever', async () => {
    await watchHub(({ events }) => (events.some(({ seq }) => seq === 1) ? away() : undefined));
    const bridge = await TestBridge.connect(record, key, journal());
    for (let attempt = 0; attempt < SET_ASIDE_AFTER; attempt += 1) {
      bridge.event(1, failed(1));
      if (attempt < SET_ASIDE_AFTER - 1) await bridge.next('hold', attempt);
    }
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(1));
    bridge.event(2, failed(2));
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(2));
    expect(handedSeqs()).toEqual([2]);
    expect((await link().log({ limit: 20 })).map(({ text }) => text).join()).toContain('was left out');
  });

  it('are never left out because the hub is away, however long', async () => {
    await watchHub(away);
    const bridge = await TestBridge.connect(record, key, journal());
    for (let attempt = 0; attempt < SET_ASIDE_AFTER + 3; attempt += 1) {
      bridge.event(1, failed(1));
      await bridge.next('hold', attempt);
    }
    expect(bridge.of('ack')).toEqual([]);
  });

  it('by the hundred arrive whole, in their order', async () => {
    await watchHub();
    const bridge = await TestBridge.connect(record, key, journal());
    for (let seq = 1; seq <= 250; seq += 1)
      bridge.event(seq, seq % 2 === 0 ? failed(seq) : line(String(seq)));
    await vi.waitFor(() => expect(bridge.of('ack').at(-1)?.seq).toBe(250), 10_000);
    expect(handedSeqs()).toEqual(Array.from({ length: 125 }, (_, i) => 2 * i + 2));
    expect(await lines()).toEqual(Array.from({ length: 125 }, (_, i) => String(2 * i + 1)));
  });

  it('of a flood nobody asked for close the connection', async () => {
    await watchHub(() => new Promise((resolve) => setTimeout(resolve, 3_000)));
    const bridge = await TestBridge.connect(record, key, journal());
    for (let seq = 1; seq <= 1_100; seq += 1) bridge.event(seq, failed(seq));
    expect(await bridge.isClosed()).toMatchObject({ code: 4400 });
  });
});
