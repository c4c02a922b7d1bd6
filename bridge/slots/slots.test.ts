/** The part on an ADB server with phones on USB ports, which is simulated; the real one is in test/peers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SimAdb, type SimPhone } from '../../test/sim/adb/server.ts';
import { parseConfig } from '../config.ts';
import { Refusal } from '../part.ts';
import { BridgeEvent, type BridgeEventOf } from '../protocol/events.ts';
import { createSlots, type SlotsPart } from './index.ts';

const BOOT = '11111111-1111-4111-8111-111111111111';
const OTHER_BOOT = '22222222-2222-4222-8222-222222222222';

let adb: SimAdb;
let part: SlotsPart;
let stateDir: string;
let events: BridgeEvent[];

beforeEach(async () => {
  adb = new SimAdb();
  await adb.listen();
  stateDir = mkdtempSync(join(tmpdir(), 'trunkline-slots-'));
  events = [];
  const { slots } = parseConfig(
    `edge = "http://127.0.0.1:1"\nstate_dir = "."\n[slots]\nport = ${adb.port}\nprogram = ""\n`,
    '/',
  );
  if (!slots) throw new Error('no slots');
  const offline = (): Promise<never> => Promise.reject(new Refusal('OFFLINE', 'no tunnel'));
  part = createSlots(slots, {
    log: { info: vi.fn(), warn: vi.fn(), error: vi.fn() },
    now: () => Date.now(),
    emit: (event) => events.push(BridgeEvent.parse(event)),
    ask: offline,
    send: offline,
    online: offline,
    newStream: () => 1,
    stateDir,
  });
  part.start();
});
afterEach(async () => {
  await part.stop();
  await adb.close();
  rmSync(stateDir, { recursive: true });
});

const states = (): BridgeEventOf<'slot.state'>[] =>
  events.flatMap((event) => (event.kind === 'slot.state' ? [event.data] : []));
const shownOf = (slot: string): string | undefined => states().findLast((data) => data.slot === slot)?.status;
const until = (slot: string, status: string): Promise<void> =>
  vi.waitFor(() => expect(shownOf(slot)).toBe(status), { timeout: 12_000, interval: 10 });

const phone = (more: Partial<SimPhone> = {}): SimPhone => ({ serial: 'R58M0000001', usb: '1-1.2', ...more });

describe('phones on USB ports', () => {
  it('are slots with their port, and known at it', async () => {
    adb.plug(phone());
    await until('R58M0000001', 'ONLINE');
    expect(states().at(-1)).toMatchObject({ usb: '1-1.2', address: null, model: 'Sim', android: '14' });
    expect(part.atUsb('1-1.2')).toEqual({ slot: 'R58M0000001', usable: true, unauthorized: false });
    expect(part.atUsb('1-1.3')).toBeNull();
  });

  it('keep their name when they move to another port', async () => {
    adb.plug(phone());
    await until('R58M0000001', 'ONLINE');
    adb.unplug({ usb: '1-1.2' });
    await until('R58M0000001', 'OFFLINE');
    expect(part.atUsb('1-1.2')).toBeNull();
    adb.plug(phone({ usb: '1-1.4' }));
    await until('R58M0000001', 'ONLINE');
    expect(states().at(-1)?.usb).toBe('1-1.4');
    expect(new Set(states().map(({ slot }) => slot)).size).toBe(1);
  });

  it.each([
    ['unauthorized', 'UNAUTHORIZED', /allow USB debugging/],
    [
      'no permissions (missing udev rules?); see [http://developer.android.com/tools/device.html]',
      'ERROR',
      /udev/,
    ],
    ['recovery', 'ERROR', /recovery/],
    ['offline', 'OFFLINE', /replug/],
  ])('that are “%s” are %s with what to do', async (state, status, remedy) => {
    adb.plug(phone({ state }));
    await until('R58M0000001', status);
    expect(states().at(-1)?.remedy).toMatch(remedy);
    if (status === 'UNAUTHORIZED')
      expect(part.atUsb('1-1.2')).toMatchObject({ usable: false, unauthorized: true });
    adb.plug(phone({ state: 'device' }));
    await until('R58M0000001', 'ONLINE');
  });

  it('without a serial are named by their port', async () => {
    adb.plug(phone({ serial: '', props: { serialno: 'unknown' } }));
    await until('usb:1-1.2', 'ONLINE');
  });

  it('are one slot over USB and network, and go on over the one that is left', async () => {
    adb.plug(phone({ props: { bootId: BOOT } }));
    await until('R58M0000001', 'ONLINE');
    adb.plug({ serial: '192.0.2.7:5555', props: { serialno: 'R58M0000001', bootId: BOOT } });
    await vi.waitFor(() => expect(adb.lines.filter((line) => line.startsWith('getprop')).length).toBe(2));
    expect(part.atUsb('1-1.2')?.slot).toBe('R58M0000001');
    adb.unplug({ usb: '1-1.2' });
    await vi.waitFor(() =>
      expect(states().at(-1)).toMatchObject({ usb: null, address: '192.0.2.7:5555', status: 'ONLINE' }),
    );
    expect(new Set(states().map(({ slot }) => slot)).size).toBe(1);
  });

  it('of one serial are two slots', async () => {
    adb.plug(phone({ props: { bootId: BOOT } }));
    await until('R58M0000001', 'ONLINE');
    adb.plug(phone({ usb: '1-1.3', props: { bootId: OTHER_BOOT } }));
    await until('R58M0000001.usb:1-1.3', 'ONLINE');
    expect(shownOf('R58M0000001')).toBe('ONLINE');
  });

  it('that start up are REBOOTING until Android is up', async () => {
    adb.plug(phone({ props: { booted: false } }));
    await until('R58M0000001', 'REBOOTING');
    adb.plug(phone({ props: { booted: true } }));
    await until('R58M0000001', 'ONLINE');
  });

  it('that are too old say so', async () => {
    adb.plug(phone({ features: 'cmd' }));
    await until('R58M0000001', 'ERROR');
    expect(states().at(-1)?.remedy).toContain('Android 7');
  });

  it('are told whole, also to who asks before they said who they are', async () => {
    adb.plug(phone());
    part.announce?.();
    await vi.waitFor(() =>
      expect(events).toContainEqual({ kind: 'slot.list', data: { slots: ['R58M0000001'] } }),
    );
    const list = events.findIndex(({ kind }) => kind === 'slot.list');
    expect(events.slice(list + 1)).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ slot: 'R58M0000001', status: 'ONLINE' }) }),
    );
  });

  it('are OFFLINE while the ADB server listens and says nothing, and back when it speaks again', async () => {
    adb.plug(phone());
    await until('R58M0000001', 'ONLINE');
    adb.mute(true);
    await vi.waitFor(() => expect(states().at(-1)?.remedy).toContain('ADB server'), { timeout: 15_000 });
    expect(shownOf('R58M0000001')).toBe('OFFLINE');
    // The attempt that was begun meanwhile is never answered, and has to be given up.
    await vi.waitFor(() => expect(adb.silent).toBeGreaterThan(0), { timeout: 5_000 });
    adb.mute(false);
    await until('R58M0000001', 'ONLINE');
  }, 20_000);

  it('are OFFLINE with the reason when the ADB server goes, and are not forgotten', async () => {
    adb.plug(phone());
    await until('R58M0000001', 'ONLINE');
    await adb.close();
    await until('R58M0000001', 'OFFLINE');
    expect(states().at(-1)?.remedy).toContain('adb start-server');
  });
});
