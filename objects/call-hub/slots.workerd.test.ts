import { evictDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BridgeEventOf } from '../../bridge/protocol/events';
import { BRIDGE, calls, newJournal, one, startInput, take } from '../../test/worker/support/bridge-events';
import {
  all,
  hubOf,
  LiveClient,
  OLEG,
  OLGA,
  oleg,
  olga,
  phoneEvent,
  seedTenant,
  TENANT,
} from '../../test/worker/support/call-hub';
import type { SlotState } from '../bridge-link/contract';

beforeAll(seedTenant);

type SlotCall = BridgeEventOf<'slot.call'>;
const AT = Date.now() - 600_000;
const slotCall = (change: Partial<SlotCall> = {}): SlotCall => ({
  slot: 'R58N000001',
  call_id: null,
  direction: 'in',
  number: '+375290000001',
  state: 'ringing',
  outcome: null,
  ...change,
});
const tell = (seq: number, after: number, data: SlotCall) =>
  one(seq, { kind: 'slot.call', data }, AT + after * 1_000, 12);

const slot = (change: Partial<SlotState> = {}): SlotState => ({
  id: 12,
  key: 'R58N000001',
  bridgeId: BRIDGE,
  status: 'ONLINE',
  remedy: null,
  label: 'Shelf 2',
  userId: OLGA,
  trunk: null,
  config: {},
  usb: '1-1.2',
  model: 'Phone 12',
  android: '13',
  address: null,
  lastActivity: AT,
  lastEvent: null,
  idleSince: AT,
  holder: null,
  holderUntil: null,
  callId: null,
  reading: null,
  ...change,
});

describe('calls on a slot', () => {
  it('that we asked for end the same, in whatever order and however often it is told', async () => {
    const asked = { call_id: 'c_slot1', direction: 'out' } as const;
    const told = [
      tell(1, 1, slotCall({ ...asked })),
      tell(2, 9, slotCall({ ...asked, state: 'active' })),
      tell(3, 40, slotCall({ ...asked, state: 'ended', outcome: 'answered' })),
    ].flat();
    const seen: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(told, { minLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
        async (order, startAt) => {
          const hub = hubOf(`slot ${seen.length}`);
          const journal = newJournal();
          const start = startInput({
            callId: 'c_slot1',
            source: 'slot',
            extension: null,
            slotId: 12,
            pbx: null,
            now: AT,
          });
          for (let turn = 0; turn <= 3; turn += 1) {
            if (turn === startAt) await hub.startCall(start);
            const event = order[turn];
            if (event) await take(hub, journal, [event, event]);
          }
          await evictDurableObject(hub);
          const [call, ...rest] = await calls(hub, olga);
          expect(rest).toEqual([]);
          seen.push(call);
          expect(call).toEqual(seen[0]);
          expect(call).toMatchObject({
            source: 'slot',
            slot: 12,
            status: 'ended',
            outcome: 'answered',
            duration: 31,
            user: { id: OLGA },
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('that nobody asked for are their slot’s user’s, one after the other', async () => {
    const hub = hubOf('incoming on a slot');
    await hub.tellSlots([slot()]);
    const journal = newJournal();
    await take(hub, journal, tell(1, 0, slotCall()));
    expect(await calls(hub, olga)).toMatchObject([
      {
        source: 'slot',
        direction: 'in',
        slot: 12,
        status: 'ringing',
        number: '+375290000001',
        user: { id: OLGA },
      },
    ]);
    expect(await calls(hub, oleg)).toEqual([]);
    await take(hub, journal, tell(2, 5, slotCall({ state: 'active' })));
    await take(hub, journal, tell(3, 25, slotCall({ state: 'ended', outcome: 'answered' })));
    await take(hub, journal, tell(4, 60, slotCall({ number: '+375290000002' })));
    await take(hub, journal, tell(5, 70, slotCall({ number: null, state: 'ended', outcome: 'no_answer' })));
    // The end of a call that never was.
    await take(hub, journal, tell(6, 71, slotCall({ state: 'ended', outcome: 'no_answer' })));
    expect(await calls(hub)).toMatchObject([
      { number: '+375290000002', status: 'ended', outcome: 'no_answer', duration: 0 },
      { number: '+375290000001', status: 'ended', outcome: 'answered', duration: 20 },
    ]);
  });

  it('are ended on their slot', async () => {
    const hub = hubOf('route of a slot');
    await hub.startCall(startInput({ source: 'slot', extension: null, slotId: 12, pbx: null }));
    expect(await hub.route('c_click1', olga)).toEqual({
      status: 'queued',
      route: { via: 'slot', bridgeId: BRIDGE, slotId: 12 },
    });
    expect(await hub.route('c_click1', oleg)).toBeNull();
  });
});

describe('slots in the live feed', () => {
  const queued = (callId: string, userId: string) =>
    phoneEvent({ callId, userId, creatorId: userId, type: 'queued', at: Date.now() });
  /** Every event and head names what came before it for this viewer: no hole shows where there is none. */
  const expectNoHole = (client: LiveClient): void => {
    let place = 0;
    for (const { type, offset = 0, prev, last } of client.messages) {
      if (type === 'hello') place = Math.max(place, offset);
      if (type === 'event') {
        expect(prev).toBeLessThanOrEqual(place);
        place = offset;
      }
      if (type === 'head') expect(last).toBeLessThanOrEqual(place);
    }
  };

  it('are told to who may see slots, and others see neither them nor a hole', async () => {
    const hub = hubOf(TENANT);
    const everything = await LiveClient.connect(hub, { ...all, slots: true, sid: 's1' });
    const callsOnly = await LiveClient.connect(hub, { ...all, sid: 's2' });
    const own = await LiveClient.connect(hub, { ...olga, sid: 's3' });
    const ownAndSlots = await LiveClient.connect(hub, { ...oleg, slots: true, sid: 's4' });
    await hub.ingestPhone([queued('c_a', OLGA)]);
    await hub.tellSlots([slot(), slot({ id: 13, key: 'R58N000002' })]);
    await hub.ingestPhone([queued('c_b', OLEG), queued('c_c', OLGA)]);
    await hub.tellSlots([slot({ status: 'BUSY', callId: 'c_b', userId: OLEG })]);
    // The same once more is no change.
    await hub.tellSlots([slot({ status: 'BUSY', callId: 'c_b', userId: OLEG })]);
    await hub.ingestPhone([queued('c_d', OLGA), queued('c_e', OLEG)]);
    const told = (client: LiveClient, n: number) => client.until(() => client.events().length >= n);
    await Promise.all([told(everything, 8), told(callsOnly, 5), told(own, 3), told(ownAndSlots, 5)]);
    const heard = (client: LiveClient) => client.events().map(({ offset, prev }) => [prev, offset]);
    expect(heard(everything)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((prev) => [prev, prev + 1]));
    expect(heard(callsOnly)).toEqual([
      [0, 1],
      [1, 4],
      [4, 5],
      [5, 7],
      [7, 8],
    ]);
    expect(heard(own)).toEqual([
      [0, 1],
      [1, 5],
      [5, 7],
    ]);
    expect(heard(ownAndSlots)).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 6],
      [6, 8],
    ]);
    expect(everything.events()[5]).toMatchObject({
      event: 'slot.update',
      data: { slot: 12, status: 'BUSY', user: { id: OLEG, name: 'Oleg Operator' }, call_id: 'c_b' },
    });
    expect((await hub.feed({ viewer: all, since: null })).calls).toHaveLength(5);
    for (const client of [everything, callsOnly, own, ownAndSlots]) expectNoHole(client);
  });

  it('are replayed after a break, to the same eyes', async () => {
    const hub = hubOf('slots replayed');
    const first = await LiveClient.connect(hub, all);
    const [hello] = await first.until((messages) => messages.length > 0);
    await hub.tellSlots([slot()]);
    await hub.ingestPhone([queued('c_a', OLGA)]);
    await hub.tellSlots([slot({ status: 'OFFLINE', idleSince: null })]);
    await evictDurableObject(hub);
    const from = { epoch: hello?.epoch ?? '', offset: 0 };
    const back = async (who: Parameters<typeof LiveClient.connect>[1]) => {
      const client = await LiveClient.connect(hub, who, from);
      await client.until((messages) => messages.some(({ type }) => type === 'head'));
      expectNoHole(client);
      return client.messages.slice(1).map(({ type, offset, prev, last }) => [type, prev ?? last, offset]);
    };
    expect(await back({ ...all, slots: true })).toEqual([
      ['event', 0, 1],
      ['event', 1, 2],
      ['event', 2, 3],
      ['head', 3, 3],
    ]);
    expect(await back(all)).toEqual([
      ['event', 0, 2],
      ['head', 2, 3],
    ]);
    expect(await back(oleg)).toEqual([['head', 0, 3]]);
    expect(await back({ ...oleg, slots: true })).toEqual([
      ['event', 0, 1],
      ['event', 1, 3],
      ['head', 3, 3],
    ]);
  });
});
