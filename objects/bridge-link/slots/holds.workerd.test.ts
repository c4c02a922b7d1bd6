import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedPeople, USERS } from '../../../test/worker/support/dialer';
import type { SlotBridge } from '../../../test/worker/support/slot-bridge';
import { enrolled, holdsAge, soon } from '../../../test/worker/support/slot-rows';
import { openDb } from '../../../worker/db';
import { slots } from '../../../worker/db/schema';

const { op12, op13 } = USERS;
let bridge: SlotBridge;
const link = () => bridge.link;
let calls = 0;
const newCall = (userId: string = op12, slot: number | 'AUTO' = 'AUTO') => {
  calls += 1;
  return { slot, callId: `c_slot${calls}`, number: '+375290000000', userId };
};
const ended = (callId: string) =>
  ({
    call_id: callId,
    direction: 'out',
    number: '+375290000000',
    state: 'ended',
    outcome: 'answered',
  }) as const;
const stateOf = async (id: number) => (await link().slot(id)) ?? expect.fail(`no slot ${id}`);

beforeAll(seedPeople);
beforeEach(async () => {
  const serials = [`A${crypto.randomUUID().slice(0, 8)}`, `B${crypto.randomUUID().slice(0, 8)}`];
  bridge = await enrolled(serials);
});
afterEach(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

const both = async () => {
  const [first, second] = await link().slots();
  if (first === undefined || second === undefined) throw new Error('two slots were told');
  return [first, second] as const;
};

describe('the board', () => {
  it('gives phones small numbers of the tenant, and keeps them', async () => {
    const [first, second] = await both();
    expect(second.id).toBe(first.id + 1);
    expect(first).toMatchObject({ status: 'ONLINE', model: 'Phone X', usb: '1-1.2', holder: null });
    expect(first.idleSince).not.toBeNull();
    bridge.emit({ kind: 'slot.list', data: { slots: [first.key] } });
    await bridge.stored();
    expect((await both()).map(({ status }) => status)).toEqual(['ONLINE', 'OFFLINE']);
    bridge.status(second.key, 'ONLINE');
    await bridge.stored();
    expect((await both()).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it('never gives a number twice, however many bridges tell of phones at once', async () => {
    const names = [1, 2, 3, 4].map((n) => `M${n}${crypto.randomUUID().slice(0, 6)}`);
    const others = await Promise.all(names.map((name) => enrolled([name, `${name}x`])));
    const rows = await openDb(env.DB).select({ id: slots.id }).from(slots);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(8);
    for (const other of others) {
      expect(other.problems).toEqual([]);
      other.disconnect();
    }
  });

  it('follows a phone to another bridge, with its number', async () => {
    const [first] = await both();
    const other = await enrolled([first.key]);
    expect(await other.link.slots()).toMatchObject([{ id: first.id, key: first.key, status: 'ONLINE' }]);
    await soon(async () => expect(await link().slot(first.id)).toBeNull());
    // The former bridge notices last; it takes nothing back.
    bridge.status(first.key, 'OFFLINE');
    await bridge.stored();
    expect(await link().slot(first.id)).toBeNull();
    expect(await other.link.slot(first.id)).toMatchObject({ status: 'ONLINE' });
    other.disconnect();
  });

  it('keeps phones without a serial number apart by bridge', async () => {
    bridge.status('usb:1-1.4', 'ONLINE');
    await bridge.stored();
    const other = await enrolled(['usb:1-1.4']);
    const mine = (await link().slots()).find(({ key }) => key === 'usb:1-1.4');
    const [theirs] = await other.link.slots();
    expect(theirs?.key).toBe('usb:1-1.4');
    expect(theirs?.id).not.toBe(mine?.id);
    other.disconnect();
  });

  it('shows every slot offline while the tunnel is down, and refuses', async () => {
    const [first] = await both();
    bridge.disconnect();
    await soon(async () =>
      expect(await stateOf(first.id)).toMatchObject({ status: 'OFFLINE', idleSince: null }),
    );
    expect(await link().startSlotCall(newCall())).toMatchObject({ ok: false, code: 'OFFLINE' });
    await bridge.connect();
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', idleSince: first.idleSince });
  });

  it('says what to do about a phone that does not allow debugging', async () => {
    const [first] = await both();
    bridge.status(first.key, 'UNAUTHORIZED', { remedy: 'Accept the dialog on the phone.', model: null });
    await bridge.stored();
    expect(await stateOf(first.id)).toMatchObject({
      status: 'UNAUTHORIZED',
      remedy: 'Accept the dialog on the phone.',
      model: 'Phone X',
    });
    expect(await link().startSlotCall(newCall(op12, first.id))).toMatchObject({
      ok: false,
      code: 'SLOT_OFFLINE',
    });
  });
});

describe('a call on a slot', () => {
  it('rings, holds the slot, and frees it at its end', async () => {
    const [first, second] = await both();
    const call = newCall();
    const started = await link().startSlotCall(call);
    expect(started).toMatchObject({ ok: true, slot: { id: first.id, status: 'BUSY', callId: call.callId } });
    const { args } = await bridge.nth('slot.call');
    expect(args).toMatchObject({ slot: first.key, call_id: call.callId, number: '+375290000000' });
    bridge.status(first.key, 'BUSY');
    bridge.call(first.key, { ...ended(call.callId), state: 'ringing', outcome: null });
    await bridge.stored();
    expect(await link().startSlotCall(newCall(op13, first.id))).toMatchObject({
      ok: false,
      code: 'SLOT_BUSY',
      details: { holder: [`call ${call.callId}`] },
    });
    bridge.call(first.key, ended(call.callId));
    bridge.status(first.key, 'ONLINE');
    await bridge.stored();
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', holder: null, callId: null });
    // The other one is idle for longer now.
    expect(await link().startSlotCall(newCall())).toMatchObject({ ok: true, slot: { id: second.id } });
  });

  it('never shares a slot with another one that starts at the same time', async () => {
    const starts = await Promise.all(Array.from({ length: 6 }, () => link().startSlotCall(newCall())));
    const taken = starts.flatMap((one) => (one.ok ? [one.slot.id] : []));
    expect(taken.toSorted((a, b) => a - b)).toEqual((await both()).map(({ id }) => id));
    expect(starts.filter((one) => !one.ok).map((one) => !one.ok && one.code)).toEqual(
      Array.from({ length: 4 }, () => 'SLOT_BUSY'),
    );
  });

  it('leaves the slot free when the phone refuses, in the bridge’s own words', async () => {
    const [first] = await both();
    bridge.replies.set('slot.call', () => ({ refuse: 'SLOT_FAILED', message: 'no SIM card' }));
    expect(await link().startSlotCall(newCall(op12, first.id))).toMatchObject({
      ok: false,
      code: 'SLOT_FAILED',
      message: 'no SIM card',
    });
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
    expect(bridge.of('slot.hangup')).toEqual([]);
  });

  it('is hung up when nobody knows whether it rings', async () => {
    const [first] = await both();
    bridge.replies.set('slot.call', () => ({ refuse: 'OUTCOME_UNKNOWN' }));
    const call = newCall(op12, first.id);
    expect(await link().startSlotCall(call)).toMatchObject({ ok: false, code: 'OUTCOME_UNKNOWN' });
    expect((await bridge.nth('slot.hangup')).args).toMatchObject({ call_id: call.callId });
    expect(await stateOf(first.id)).toMatchObject({ holder: null });
  });

  it('ends on request, and ending an ended one is no error', async () => {
    const [first] = await both();
    const call = newCall(op12, first.id);
    await link().startSlotCall(call);
    expect(await link().endSlotCall({ callId: call.callId, by: 'user:x' })).toEqual({
      ok: true,
      result: '{"ended":true}',
    });
    bridge.call(first.key, ended(call.callId));
    await bridge.stored();
    expect(await link().endSlotCall({ callId: call.callId, by: 'user:x' })).toEqual({
      ok: true,
      result: '{"ended":false}',
    });
    expect(await link().endSlotCall({ callId: 'c_nobody', by: 'user:x' })).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('asked for again by the same id is the same call', async () => {
    const call = newCall();
    const first = await link().startSlotCall(call);
    const again = await link().startSlotCall(call);
    expect(first.ok && again.ok && again.fence === first.fence).toBe(true);
    expect(bridge.of('slot.call')).toHaveLength(1);
  });

  it('whose end was lost with the bridge’s process is given up, and the slot is free', async () => {
    const [first] = await both();
    const call = newCall(op12, first.id);
    await link().startSlotCall(call);
    // A bridge that began anew: the phone is there and idle, and nothing is told of the call.
    bridge.status(first.key, 'ONLINE');
    await bridge.stored();
    expect(await stateOf(first.id)).toMatchObject({ status: 'BUSY', holder: { id: call.callId } });
    await holdsAge(bridge, 16_000);
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', holder: null, callId: null });
    expect((await bridge.nth('slot.hangup')).args).toMatchObject({ call_id: call.callId });
  });

  it('and its hold outlive a restart of the object', async () => {
    const [first] = await both();
    const call = newCall(op12, first.id);
    await link().startSlotCall(call);
    await evictDurableObject(link());
    expect(await stateOf(first.id)).toMatchObject({
      status: 'BUSY',
      holder: { kind: 'call', id: call.callId },
    });
    expect(await link().startSlotCall(newCall(op13, first.id))).toMatchObject({ code: 'SLOT_BUSY' });
    bridge.call(first.key, ended(call.callId));
    await bridge.stored();
    expect(await stateOf(first.id)).toMatchObject({ holder: null });
  });
});

describe('a reservation', () => {
  const reserve = (slot: number, userId: string, lifeMs = 60_000) =>
    link().hold({ slot, holder: { kind: 'user', id: userId, userId }, lifeMs });

  it('keeps others and AUTO away, lets its person call, and lasts as long as it was made for', async () => {
    const [first, second] = await both();
    expect(await reserve(first.id, op12)).toMatchObject({ ok: true, slot: { status: 'BUSY' } });
    expect(await reserve(first.id, op13)).toMatchObject({ ok: false, code: 'SLOT_BUSY' });
    expect(await link().startSlotCall(newCall(op13))).toMatchObject({ ok: true, slot: { id: second.id } });
    expect(await link().startSlotCall(newCall(op13))).toMatchObject({ ok: false, code: 'SLOT_BUSY' });
    const call = newCall(op12, first.id);
    expect(await link().startSlotCall(call)).toMatchObject({ ok: true, slot: { holder: { kind: 'call' } } });
    bridge.call(first.key, ended(call.callId));
    await bridge.stored();
    expect(await stateOf(first.id)).toMatchObject({ holder: { kind: 'user', id: op12 } });
    await holdsAge(bridge, 61_000);
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
  });

  it('is ended by its person; by another one only by force, which ends the call as well', async () => {
    const [first] = await both();
    await reserve(first.id, op12);
    const call = newCall(op12, first.id);
    await link().startSlotCall(call);
    expect(await link().freeSlot({ slotId: first.id, userId: op13, force: false })).toMatchObject({
      ok: false,
      code: 'SLOT_BUSY',
    });
    expect(await link().freeSlot({ slotId: first.id, userId: op13, force: true })).toEqual({
      ok: true,
      released: { kind: 'call', id: call.callId, userId: op12 },
    });
    expect((await bridge.nth('slot.hangup')).args).toMatchObject({ call_id: call.callId });
    expect(await stateOf(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
    // What the former holder still sends is older than the next holder's fence.
    const { args } = await bridge.nth('slot.call');
    const next = await reserve(first.id, op13);
    expect(next.ok && next.fence > Number(args.fence)).toBe(true);
    expect(await link().freeSlot({ slotId: first.id, userId: op13, force: false })).toMatchObject({
      ok: true,
    });
    expect(await link().freeSlot({ slotId: first.id, userId: op13, force: false })).toEqual({
      ok: true,
      released: null,
    });
  });
});
