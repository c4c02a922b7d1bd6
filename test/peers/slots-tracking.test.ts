/** Phones that come and go, on a real ADB server and real adbd. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdbServer, Cable, freePort, Phone } from './support/phones.ts';
import { SlotsBench } from './support/slots-part.ts';
import { telephony } from './support/telephony.ts';

describe.skipIf(telephony().phones === '')('phones that come and go', () => {
  const a = new Phone('a');
  const b = new Phone('b');
  let adb: AdbServer;
  let cables: Cable[];
  let bench: SlotsBench;

  beforeAll(async () => {
    adb = new AdbServer(await freePort());
  });
  afterAll(() => adb.kill());

  beforeEach(async () => {
    a.reset();
    b.reset();
    await adb.start();
    cables = [await Cable.plugged(a.port), await Cable.plugged(b.port)];
    bench = new SlotsBench({ port: adb.port, program: '', connect: cables.map(({ address }) => address) });
  });
  afterEach(async () => {
    await bench.stop();
    await adb.kill();
    for (const cable of cables) await cable.unplug();
  });

  const cable = (index: number): Cable => {
    const found = cables[index];
    if (found === undefined) throw new Error('the phones have no cables yet');
    return found;
  };
  const [cableA, cableB] = [() => cable(0), () => cable(1)];

  it('are known by their serials, whatever the address, and listed once they said who they are', async () => {
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    await bench.until(b.serial, 'ONLINE');
    expect(bench.state(a.serial)).toMatchObject({
      usb: null,
      address: cableA().address,
      model: 'Pixel test a',
      android: '13',
      remedy: null,
    });
    bench.part.announce?.();
    expect(bench.of('slot.list').at(-1)?.slots.toSorted()).toEqual([a.serial, b.serial]);
  });

  it('are OFFLINE within 2 s of being unplugged, ONLINE within 5 s of being back', async () => {
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    await bench.until(b.serial, 'ONLINE');
    await cableA().unplug();
    expect(await bench.timeUntil(a.serial, 'OFFLINE')).toBeLessThan(2_000);
    expect(bench.state(a.serial)?.remedy).toBeTruthy();
    expect(bench.state(b.serial)?.status).toBe('ONLINE');
    await cableA().plug();
    expect(await bench.timeUntil(a.serial, 'ONLINE')).toBeLessThan(5_000);
    expect(bench.statuses(a.serial)).toEqual(['ONLINE', 'OFFLINE', 'ONLINE']);
  });

  it('that do not allow debugging are UNAUTHORIZED with what to do, and ONLINE when they do', async () => {
    cableA().locked = true;
    bench.start();
    await bench.until(cableA().address, 'UNAUTHORIZED');
    expect(bench.state(cableA().address)?.remedy).toContain('allow USB debugging');
    expect(
      await bench.refusal('slot.shell', { slot: cableA().address, fence: 1, argv: ['am'], free: false }),
    ).toMatch(/^SLOT_OFFLINE: The phone is UNAUTHORIZED.*allow USB debugging/);
    cableA().locked = false;
    cableA().drop();
    await bench.until(a.serial, 'ONLINE');
    // Asked who it is, the phone has its own name; the place it was known by is empty.
    expect(bench.state(cableA().address)?.status).toBe('OFFLINE');
  });

  it('stay known by name while they are UNAUTHORIZED, once the bridge met them', async () => {
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    cableA().locked = true;
    cableA().drop();
    await bench.until(a.serial, 'UNAUTHORIZED');
    cableA().locked = false;
    cableA().drop();
    await bench.until(a.serial, 'ONLINE');
  });

  it('are OFFLINE with the reason while the ADB server is dead, and back when it is', async () => {
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    await bench.until(b.serial, 'ONLINE');
    await adb.kill();
    await bench.until(a.serial, 'OFFLINE');
    await bench.until(b.serial, 'OFFLINE');
    expect(bench.state(a.serial)?.remedy).toContain('ADB server');
    await adb.start();
    await bench.until(a.serial, 'ONLINE');
    await bench.until(b.serial, 'ONLINE');
  });

  it('have their ADB server started by the bridge, and again when it is killed', async () => {
    await adb.kill();
    const own = new SlotsBench({
      port: adb.port,
      program: AdbServer.program,
      connect: cables.map(({ address }) => address),
    });
    try {
      own.start();
      await own.until(a.serial, 'ONLINE', 30_000);
      expect(own.log.filter((line) => line.includes('started the ADB server'))).toHaveLength(1);
      expect(await own.part.check()).toContainEqual(
        expect.objectContaining({ ok: true, what: expect.stringContaining('ADB server') }),
      );
    } finally {
      await own.stop();
    }
    // Its own child goes with the bridge.
    const [row] = await bench.part.check();
    expect(row).toMatchObject({ ok: false, remedy: expect.stringContaining('adb start-server') });
  });

  it('are told to be unreachable, with the remedy, when the program is not there', async () => {
    const own = new SlotsBench({ port: await freePort(), program: '/nowhere/adb' });
    try {
      expect(await own.part.check()).toMatchObject([
        { ok: false, remedy: expect.stringContaining('platform tools') },
      ]);
      own.start();
      await expect.poll(() => own.log.join('\n')).toContain('can not be reached');
    } finally {
      await own.stop();
    }
  });

  it('of one serial are two slots, kept apart by where they are', async () => {
    b.prop('ro.serialno', a.serial);
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    const keys = (): string[] => [...new Set(bench.of('slot.state').map(({ slot }) => slot))].toSorted();
    await expect.poll(() => keys().length).toBe(2);
    const [plain = '', second = ''] = keys();
    expect(plain).toBe(a.serial);
    expect([`${a.serial}.${cableA().address}`, `${a.serial}.${cableB().address}`]).toContain(second);
    await bench.until(second, 'ONLINE');
    const before = keys();
    await bench.restart();
    await bench.until(plain, 'ONLINE');
    await bench.until(second, 'ONLINE');
    expect(keys()).toEqual(before);
  });

  it('without a serial are named by where they are', async () => {
    a.prop('ro.serialno', 'unknown');
    bench.start();
    await bench.until(cableA().address, 'ONLINE');
  });

  it('that are not in the list of serials are left alone', async () => {
    const own = new SlotsBench({
      port: adb.port,
      program: '',
      serials: [b.serial],
      connect: cables.map(({ address }) => address),
    });
    try {
      own.start();
      await own.until(b.serial, 'ONLINE');
      await expect.poll(() => own.log.join('\n')).toContain('left alone');
      expect(own.state(a.serial)).toBeUndefined();
      expect(await own.refusal('slot.screen', { slot: a.serial })).toMatch(/^NOT_FOUND/);
    } finally {
      await own.stop();
    }
  });

  it('are shown by --check one by one', async () => {
    cableB().locked = true;
    bench.start();
    await bench.until(a.serial, 'ONLINE');
    await bench.until(cableB().address, 'UNAUTHORIZED');
    const found = (what: string): unknown =>
      expect.objectContaining({ found: expect.stringContaining(what) });
    // ADB asks a phone that is not allowed again and again; in between it connects.
    await expect
      .poll(() => bench.part.check(), { timeout: 10_000 })
      .toEqual(expect.arrayContaining([found('Pixel test a'), found('UNAUTHORIZED')]));
  });
});
