// Calls of a real Asterisk through the bridge's part: what the edge is told of them.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskBench, newCallId } from './support/asterisk-part.ts';
import { callFromCarrier, hangUpEverything, registerPhone } from './support/telephony.ts';

let bench: AsteriskBench;

beforeAll(async () => {
  bench = await new AsteriskBench().up();
});
afterEach(hangUpEverything);
afterAll(() => bench.stop());

const soon = { timeout: 10_000 };

/** Starts a call and answers its linkedid. */
async function call(to: string, more: { trunk?: string; from?: string; caller_name?: string } = {}) {
  const callId = newCallId();
  const { linkedid } = await bench.ask('pbx.originate', { call_id: callId, from: '150', to, ...more });
  return { callId, linkedid };
}

const whats = (linkedid: string) => bench.facts(linkedid).map(({ what }) => what);
const over = (linkedid: string) => bench.facts(linkedid).some((fact) => fact.what === 'gone' && fact.last);
const talking = (linkedid: string) =>
  new Set(
    bench
      .facts(linkedid)
      .filter(({ what }) => what === 'enter')
      .map(({ kind }) => kind),
  );

describe('click-to-call', () => {
  it('is answered, with the call id on its first channel, and ends by a hang-up', async () => {
    const { callId, linkedid } = await call('+375290000001', { caller_name: "Ann (O'Neil), $buyer" });
    expect(linkedid.startsWith(`${callId}-`)).toBe(true);
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    expect(bench.facts(linkedid)[0]).toMatchObject({
      what: 'new',
      call_id: callId,
      kind: 'extension',
      endpoint: '150',
    });
    expect(bench.facts(linkedid)).toContainEqual(
      expect.objectContaining({
        what: 'dial',
        dest_kind: 'trunk',
        dest_endpoint: 'trunk-main',
        dialled: '+375290000001',
      }),
    );
    expect(bench.facts(linkedid)).toContainEqual(
      expect.objectContaining({ what: 'caller', connected: '+375290000001', endpoint: '150' }),
    );

    const { channels } = await bench.ask('pbx.hangup', { linkedid });
    expect(channels).toBeGreaterThan(0);
    await expect.poll(() => over(linkedid), soon).toBe(true);
    expect(await bench.ask('pbx.hangup', { linkedid })).toEqual({ channels: 0 });
  });

  it('over a named trunk runs by its dial string, and its CDR says whom it rang, in UTC', async () => {
    const before = Date.now();
    const { linkedid } = await call('+375290000002', { trunk: 'trunk-main' });
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    await bench.ask('pbx.hangup', { linkedid });
    await expect
      .poll(() => bench.of('pbx.cdr').filter((row) => row.linkedid === linkedid), soon)
      .not.toEqual([]);
    for (const row of bench.of('pbx.cdr').filter((one) => one.linkedid === linkedid)) {
      expect(row).toMatchObject({
        pbx: 'office',
        source: '150',
        destination: '+375290000002',
        disposition: 'ANSWERED',
      });
      expect(row.start).toBeGreaterThan(before - 5_000);
      expect(row.end).toBeLessThan(Date.now() + 5_000);
    }
  });

  it('tells busy', async () => {
    const { linkedid } = await call('+375290000486');
    await expect.poll(() => over(linkedid), soon).toBe(true);
    expect(bench.facts(linkedid)).toContainEqual(
      expect.objectContaining({ what: 'dial_end', status: 'BUSY' }),
    );
  });

  it('tells refused, and counts it against the trunk', async () => {
    const failed = () => bench.of('pbx.trunk').findLast(({ name }) => name === 'trunk-main')?.failed ?? 0;
    const before = failed();
    const { linkedid } = await call('+375290000403');
    await expect.poll(() => over(linkedid), soon).toBe(true);
    expect(bench.facts(linkedid)).toContainEqual(
      expect.objectContaining({ what: 'gone', kind: 'trunk', cause: 21 }),
    );
    expect(failed()).toBe(before + 1);
  });

  it('tells that nobody answered, when the caller gave up', async () => {
    const { linkedid } = await call('+375290000408');
    await expect.poll(() => whats(linkedid), soon).toContain('dial');
    await bench.ask('pbx.hangup', { linkedid });
    await expect.poll(() => over(linkedid), soon).toBe(true);
    expect(bench.facts(linkedid)).toContainEqual(
      // Both legs are ended at once: which of them Asterisk ends first is its own affair.
      expect.objectContaining({ what: 'dial_end', status: expect.stringMatching(/^(CANCEL|NOANSWER)$/) }),
    );
  });

  it('over a dead trunk fails, though its extension answered', async () => {
    const { callId, linkedid } = await call('+375290000001', { trunk: 'trunk-dead' });
    await expect.poll(() => over(linkedid), soon).toBe(true);
    expect(bench.of('pbx.originate_failed')).toContainEqual({
      pbx: 'office',
      call_id: callId,
      reason: expect.stringContaining('CHANUNAVAIL'),
    });
    expect(bench.of('pbx.trunk').findLast(({ name }) => name === 'trunk-dead')?.failed).toBeGreaterThan(0);
  });

  it('of an extension that is not there is refused', async () => {
    await expect(call('+375290000001', { from: '152' })).rejects.toMatchObject({
      code: 'PBX_REFUSED',
      message: expect.stringContaining('152'),
    });
  });

  it('of a busy extension fails', async () => {
    const phone = await registerPhone('busy');
    const { callId, linkedid } = await call('+375290000001', { from: '152' });
    await expect
      .poll(() => bench.of('pbx.originate_failed').find((event) => event.call_id === callId), soon)
      .toMatchObject({ reason: expect.stringContaining('busy') });
    await expect.poll(() => over(linkedid), soon).toBe(true);
    await phone.stop();
  });

  it('of an extension that does not answer fails after its time', async () => {
    const phone = await registerPhone('rings');
    const callId = newCallId();
    await bench.ask('pbx.originate', { call_id: callId, from: '152', to: '+375290000001', ring_sec: 5 });
    await expect
      .poll(() => bench.of('pbx.originate_failed').find((event) => event.call_id === callId), {
        timeout: 15_000,
      })
      .toMatchObject({ reason: expect.stringContaining('nobody answered') });
    await phone.stop();
  });

  it('to where the dialplan has nothing is refused in words', async () => {
    await expect(call('99')).rejects.toMatchObject({
      code: 'PBX_REFUSED',
      message: expect.stringMatching(/extension/i),
    });
  });
});

describe('a call that goes on', () => {
  it('is seen from its ring to its end when it comes in', async () => {
    const seen = bench.events.length;
    const caller = callFromCarrier('375170000001', 500);
    expect(await caller.ended).toBe(0);
    const facts = () =>
      bench.events.slice(seen).flatMap((event) => (event.kind === 'pbx.channel' ? event.data : []));
    await expect.poll(() => facts().some((fact) => fact.what === 'gone' && fact.last), soon).toBe(true);
    expect(facts()[0]).toMatchObject({
      what: 'new',
      kind: 'trunk',
      endpoint: 'trunk-main',
      caller: '+375290000077',
    });
    expect(facts()).toContainEqual(
      expect.objectContaining({ what: 'dial', kind: 'trunk', dest_kind: 'extension', dest_endpoint: '150' }),
    );
    expect(facts().filter(({ what }) => what === 'enter')).toHaveLength(2);
    expect(new Set(facts().map(({ linkedid }) => linkedid)).size).toBe(1);
  });

  it('goes on with another extension when its customer is redirected', async () => {
    const { linkedid } = await call('+375290000003');
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    const { channel } = await bench.ask('pbx.redirect', { linkedid, leg: 'outside', to: '151' });
    expect(channel).toMatch(/^PJSIP\/trunk-main-/);
    await expect
      .poll(() => bench.facts(linkedid), soon)
      .toContainEqual(expect.objectContaining({ what: 'enter', endpoint: '151' }));
    await expect
      .poll(() => bench.facts(linkedid), soon)
      .toContainEqual(expect.objectContaining({ what: 'gone', endpoint: '150', last: false }));
    expect(over(linkedid)).toBe(false);
    await bench.ask('pbx.hangup', { linkedid });
    await expect.poll(() => over(linkedid), soon).toBe(true);
  });

  it("sends an extension's peer elsewhere", async () => {
    const { linkedid } = await call('+375290000004');
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    const { channel } = await bench.ask('pbx.redirect', {
      linkedid,
      leg: 'peer_of',
      extension: '150',
      to: '199',
    });
    expect(channel).toMatch(/^PJSIP\/trunk-main-/);
    await expect
      .poll(async () => (await bench.ask('pbx.channels', {})).channels, soon)
      .toEqual([expect.objectContaining({ kind: 'trunk', application: 'Echo' })]);
  });

  it('is transferred by its phone', async () => {
    const phone = await registerPhone('transfers');
    const { linkedid } = await call('+375290000007', { from: '152' });
    await expect
      .poll(() => bench.facts(linkedid), soon)
      .toContainEqual(
        expect.objectContaining({
          what: 'transfer',
          endpoint: '152',
          attended: false,
          result: 'Success',
          to: '151',
        }),
      );
    await expect
      .poll(() => bench.facts(linkedid), soon)
      .toContainEqual(expect.objectContaining({ what: 'enter', endpoint: '151' }));
    await expect
      .poll(() => bench.facts(linkedid), soon)
      .toContainEqual(expect.objectContaining({ what: 'gone', endpoint: '152', last: false }));
    expect(bench.facts(linkedid).some(({ what, kind }) => what === 'gone' && kind === 'trunk')).toBe(false);
    await bench.ask('pbx.hangup', { linkedid });
    await expect.poll(() => over(linkedid), soon).toBe(true);
    await phone.stop();
  });

  it('can be listened to, which is no call of its own', async () => {
    const { linkedid } = await call('+375290000005');
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    const { spied, uniqueid } = await bench.ask('pbx.spy', { by: '151', extension: '150', mode: 'whisper' });
    expect(spied).toMatch(/^PJSIP\/150-/);
    await expect
      .poll(async () => (await bench.ask('pbx.channels', {})).channels, soon)
      .toContainEqual(expect.objectContaining({ uniqueid, endpoint: '151', application: 'ChanSpy' }));
    expect(bench.facts().some((fact) => fact.linkedid === uniqueid)).toBe(false);
    expect(await bench.ask('pbx.status', {})).toMatchObject({
      pbx: [{ calls: 1, ssh: 'up', ami: 'up', error: null }],
    });
    await bench.ask('pbx.hangup', { linkedid });
    await expect.poll(async () => (await bench.ask('pbx.channels', {})).channels, soon).toEqual([]);
  });

  it('that is over before its listener is connected leaves nobody listening', async () => {
    const { linkedid } = await call('+375290000009');
    await expect.poll(() => talking(linkedid), soon).toEqual(new Set(['extension', 'trunk']));
    await Promise.all([
      bench.ask('pbx.spy', { by: '151', extension: '150', mode: 'listen' }),
      bench.ask('pbx.hangup', { linkedid }),
    ]);
    await expect.poll(() => over(linkedid), soon).toBe(true);
    await expect.poll(async () => (await bench.ask('pbx.channels', {})).channels, soon).toEqual([]);
  });

  it('has nobody to redirect or to listen to when it is over', async () => {
    const { linkedid } = await call('+375290000486');
    await expect.poll(() => over(linkedid), soon).toBe(true);
    await expect(bench.ask('pbx.redirect', { linkedid, leg: 'outside', to: '151' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(bench.ask('pbx.spy', { by: '151', extension: '150', mode: 'listen' })).rejects.toMatchObject(
      {
        code: 'NOT_FOUND',
      },
    );
  });
});

describe('with Local channels that collapse once sound flows', () => {
  it.each([
    ['collapsing', 'Local/{extension}@inoffice'],
    ['kept with /n', 'Local/{extension}@inoffice/n'],
  ])('a call ends once, with its last channel: %s', async (_name, extension_channel) => {
    const other = await new AsteriskBench({ pbx: { extension_channel } }).up();
    try {
      const callId = newCallId();
      const { linkedid } = await other.ask('pbx.originate', {
        call_id: callId,
        from: '150',
        to: '+375290000006',
      });
      const facts = () => other.facts(linkedid);
      // Four ends in two bridges; where they collapse, the trunk's channel moves over and the halves go.
      await expect
        .poll(() => facts().filter(({ what }) => what === 'enter').length, soon)
        .toBeGreaterThanOrEqual(4);
      const halves = extension_channel.endsWith('/n') ? 0 : 2;
      await expect
        .poll(() => facts().filter(({ what, kind }) => what === 'gone' && kind === 'local'), soon)
        .toHaveLength(halves);
      expect(facts().some((fact) => fact.what === 'gone' && fact.last)).toBe(false);
      const { channel } = await other.ask('pbx.redirect', {
        linkedid,
        leg: 'peer_of',
        extension: '150',
        to: '199',
      });
      expect(channel).toMatch(/^PJSIP\/trunk-main-/);
      await other.ask('pbx.hangup', { linkedid });
      await expect
        .poll(() => facts().filter((fact) => fact.what === 'gone' && fact.last), soon)
        .toHaveLength(1);
      const { channels } = await other.ask('pbx.channels', {});
      expect(channels).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

describe('without SSH', () => {
  it('everything but recordings goes by the manager interface', async () => {
    const direct = await new AsteriskBench({ ssh: null }).up();
    try {
      expect(direct.state()).toMatchObject({ ssh: 'unused', ami: 'up' });
      const { linkedid } = await direct.ask('pbx.originate', {
        call_id: newCallId(),
        from: '150',
        to: '+375290000008',
      });
      await expect
        .poll(() => direct.facts(linkedid).filter(({ what }) => what === 'enter'), soon)
        .toHaveLength(2);
      const { endpoints } = await direct.ask('pbx.endpoints', {});
      expect(endpoints).toContainEqual(
        expect.objectContaining({ name: '150', state: 'In use', channels: 1 }),
      );
      expect(await direct.ask('pbx.reload', { module: 'app_queue.so' })).toMatchObject({
        output: expect.stringContaining('reloaded'),
      });
      expect(await direct.ask('pbx.status', {})).toMatchObject({ pbx: [{ ssh: 'unused', calls: 1 }] });
      const rows = await direct.part.check();
      expect(rows.map(({ what, ok }) => [what, ok])).toEqual([
        ['office: AMI', true],
        ['office: accounts', true],
      ]);
    } finally {
      await direct.stop();
    }
  });
});
