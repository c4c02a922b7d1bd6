/** Calls on phones: real adbd, Android's telephony played by the stand-ins. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdbServer, Cable, freePort, Phone } from './support/phones.ts';
import { SlotsBench } from './support/slots-part.ts';
import { telephony } from './support/telephony.ts';

const NUMBER = '+375290000000';

describe.skipIf(telephony().phones === '')('calls on a phone', () => {
  const phone = new Phone('a');
  const slot = phone.serial;
  let adb: AdbServer;
  let cable: Cable;
  let bench: SlotsBench;
  let fence = 0;

  beforeAll(async () => {
    adb = new AdbServer(await freePort());
    await adb.start();
    cable = await Cable.plugged(phone.port);
  });
  afterAll(async () => {
    await bench.stop();
    await adb.kill();
    await cable.unplug();
  });
  beforeEach(async () => {
    phone.reset();
    await bench?.stop();
    bench = new SlotsBench({ port: adb.port, program: '', connect: [cable.address] });
    bench.start();
    await bench.until(slot, 'ONLINE');
    fence += 1;
  });

  const dial = (call_id: string, number = NUMBER): Promise<unknown> =>
    bench.ask('slot.call', { slot, fence, call_id, number });
  const told = (): ReturnType<typeof expect.poll> =>
    expect.poll(() => bench.calls(slot), { timeout: 15_000 });

  it('ring by an intent, are answered, and end by the key', async () => {
    await dial('c_1');
    expect(bench.state(slot)?.status).toBe('BUSY');
    expect(phone.read('am.log')).toBe(`start -a android.intent.action.CALL -d tel:${NUMBER}\n`);
    await told().toEqual(['c_1 ringing', 'c_1 active']);
    expect(await bench.ask('slot.hangup', { slot, fence, call_id: 'c_1' })).toEqual({ ended: true });
    expect(bench.calls(slot)).toEqual(['c_1 ringing', 'c_1 active', 'c_1 ended answered']);
    expect(phone.read('input.log')).toBe('keyevent KEYCODE_ENDCALL\n');
    await bench.until(slot, 'ONLINE');
    expect(await bench.ask('slot.hangup', { slot, fence, call_id: 'c_1' })).toEqual({ ended: false });
  });

  it.each([
    ['+375290000486', 'busy'],
    ['+375290000403', 'failed'],
  ])('to %s end as %s by what the phone tells', async (number, outcome) => {
    await dial('c_2', number);
    await told().toEqual(['c_2 ringing', `c_2 ended ${outcome}`]);
    await bench.until(slot, 'ONLINE');
  });

  it('that nobody takes are cancelled when we give up', async () => {
    await dial('c_3', '+375290000408');
    await expect.poll(() => phone.read('telephony'), { timeout: 5_000 }).toContain('foreground=4');
    expect(await bench.ask('slot.hangup', { slot, fence, call_id: 'c_3' })).toEqual({ ended: true });
    expect(bench.calls(slot)).toEqual(['c_3 ringing', 'c_3 ended cancelled']);
  });

  it('are never told to be answered by a phone that does not know', async () => {
    phone.set({ precise: 'no' });
    await dial('c_4');
    await expect.poll(() => phone.read('telephony'), { timeout: 5_000 }).toContain('foreground=1');
    // Long enough to be asked again and again.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    phone.hangUp(2);
    await told().toEqual(['c_4 ringing', 'c_4 ended null']);
  });

  it('that the other side ends are over', async () => {
    await dial('c_5');
    await told().toEqual(['c_5 ringing', 'c_5 active']);
    phone.hangUp(2);
    await told().toEqual(['c_5 ringing', 'c_5 active', 'c_5 ended answered']);
  });

  it('of a phone without a SIM fail, though Android took the intent', async () => {
    phone.set({ sim: 'absent' });
    await dial('c_6');
    await expect
      .poll(() => bench.calls(slot), { timeout: 30_000 })
      .toEqual(['c_6 ringing', 'c_6 ended failed']);
  });

  it('are one at a time', async () => {
    const [first, second] = await Promise.allSettled([dial('c_7'), dial('c_8')]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'SLOT_BUSY' } });
    expect(phone.read('am.log').trim().split('\n')).toHaveLength(1);
    // A call that is not ours to end stays.
    expect(await bench.ask('slot.hangup', { slot, fence, call_id: 'c_8' })).toEqual({ ended: false });
    expect(phone.read('telephony')).toContain('state=2');
    await bench.ask('slot.hangup', { slot, fence, call_id: 'c_7' });
  });

  it('that come in are told with their number, and keep the slot from being dialled on', async () => {
    phone.ring('+375290000011');
    await told().toEqual(['in +375290000011 ringing']);
    expect(bench.state(slot)?.status).toBe('BUSY');
    expect(await bench.refusal('slot.call', { slot, fence, call_id: 'c_9', number: NUMBER })).toMatch(
      /^SLOT_BUSY/,
    );
    await bench.ask('slot.shell', { slot, fence, argv: ['input', 'keyevent', 'KEYCODE_CALL'], free: false });
    await told().toEqual(['in +375290000011 ringing', 'in +375290000011 active']);
    phone.hangUp(2);
    await told().toContain('in +375290000011 ended answered');
  });

  it('that ring before the bridge looked are seen by the dialler itself', async () => {
    phone.ring('+375290000011');
    expect(await bench.refusal('slot.call', { slot, fence, call_id: 'c_10', number: NUMBER })).toMatch(
      /^SLOT_BUSY/,
    );
    expect(phone.read('am.log')).toBe('');
    phone.hangUp(1);
  });

  it('go on being followed after the bridge was restarted', async () => {
    await dial('c_11');
    await told().toEqual(['c_11 ringing', 'c_11 active']);
    await bench.restart();
    await bench.until(slot, 'BUSY');
    phone.hangUp(2);
    await told().toEqual(['c_11 ringing', 'c_11 active', 'c_11 ended answered']);
  });

  it('are picked up again when the phone was away for a moment', async () => {
    await dial('c_12', '+375290000408');
    await cable.unplug();
    await bench.until(slot, 'OFFLINE');
    await cable.plug();
    await bench.until(slot, 'BUSY');
    await bench.ask('slot.hangup', { slot, fence, call_id: 'c_12' });
    expect(bench.calls(slot)).toEqual(['c_12 ringing', 'c_12 ended cancelled']);
  });

  it('can not be started on a phone that is not there', async () => {
    await cable.unplug();
    await bench.until(slot, 'OFFLINE');
    expect(await bench.refusal('slot.call', { slot, fence, call_id: 'c_13', number: NUMBER })).toMatch(
      /^SLOT_OFFLINE/,
    );
    await cable.plug();
    await bench.until(slot, 'ONLINE');
  });

  it('take numbers only', async () => {
    for (const number of ['+375290000000; reboot', '$(reboot)', '*#06#', 'tel:1', '']) {
      await expect(dial('c_14', number)).rejects.toThrow('phone number');
    }
    expect(phone.read('am.log')).toBe('');
  });
});
