// Sending a caller to whoever knows him, and showing a customer on a manager's phone, with a real Asterisk.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskBench, newCallId } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything } from './support/telephony.ts';

const soon = { timeout: 15_000 };
let bench: AsteriskBench;

beforeAll(async () => {
  bench = await new AsteriskBench().up();
});
afterEach(hangUpEverything);
afterAll(() => bench.stop());

it('a place of the dialplan is looked up', async () => {
  const exists = async (context: string, exten: string) =>
    (await bench.ask('pbx.dialplan', { context, exten })).exists;
  expect(await exists('inoffice', '199')).toBe(true);
  expect(await exists('inoffice', '151')).toBe(true);
  expect(await exists('inoffice', '0001001')).toBe(false);
  expect(await exists('mngr99_0001001_1', '0001001')).toBe(false);
});

it('a caller who waits is sent to an extension, and not away from it', async () => {
  const heard = bench.events.length;
  callFromCarrier('375170000600', 8_000);
  const facts = () =>
    bench.events.slice(heard).flatMap((event) => (event.kind === 'pbx.channel' ? event.data : []));
  await expect.poll(() => facts().length, soon).toBeGreaterThan(0);
  const linkedid = facts()[0]?.linkedid ?? '';
  const redirect = () => bench.ask('pbx.redirect', { linkedid, leg: 'outside', to: '151', unanswered: true });
  expect((await redirect()).channel).toMatch(/^PJSIP\/trunk-main-/);
  await expect
    .poll(
      () =>
        facts()
          .filter(({ what }) => what === 'enter')
          .map(({ kind }) => kind)
          .sort(),
      soon,
    )
    .toEqual(['extension', 'trunk']);
  await expect(redirect()).rejects.toMatchObject({
    code: 'PBX_REFUSED',
    message: 'the call is answered already',
  });
});

describe('with a dialplan that shows the customer itself', () => {
  let other: AsteriskBench;
  beforeAll(async () => {
    const pbx = { extension_channel: 'Local/{extension}@web-originate', extcall_keys: true };
    other = await new AsteriskBench({ pbx }).up();
  });
  afterAll(() => other.stop());
  const keys = async () => (await asterisk('database show extcall')).match(/^\/extcall\S+/gm) ?? [];

  it('the extension’s phone has the customer’s number, and no key is left', async () => {
    const ring = { call_id: newCallId(), from: '150', to: '+375290000007' };
    await other.ask('pbx.originate', { ...ring, caller_name: 'Ann Example' });
    const shown = async () =>
      (await other.ask('pbx.channels', {})).channels.find(({ kind }) => kind === 'extension')?.connected;
    await expect.poll(shown, soon).toBe('+375290000007');
    // The dialplan has read both keys, and deletes what it reads.
    expect(await keys()).toEqual([]);
  });

  it('leaves no key when the extension can’t be rung', async () => {
    const ring = { call_id: newCallId(), from: '9', to: '+375290000007', caller_name: 'Ann Example' };
    await expect(other.ask('pbx.originate', ring)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await keys()).toEqual([]);
  });
});
