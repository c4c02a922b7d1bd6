// The other verbs against a real Asterisk, and what must never reach it.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BRIDGE_VERBS, type BridgeVerb } from '../../bridge/protocol/verbs.ts';
import { AsteriskBench, newCallId } from './support/asterisk-part.ts';
import {
  asterisk,
  callFromCarrier,
  hangUpEverything,
  registerPhone,
  telephony,
} from './support/telephony.ts';

const soon = { timeout: 15_000 };
let bench: AsteriskBench;

beforeAll(async () => {
  bench = await new AsteriskBench().up();
});
afterEach(hangUpEverything);
afterAll(() => bench.stop());

const forbidden = { code: 'FORBIDDEN' };

describe('queues', () => {
  const queue = async () => (await bench.ask('pbx.queues', { queue: 'support' })).queues[0];

  it('take, pause and let go of members', async () => {
    const member = { queue: 'support', extension: '151' };
    expect(await bench.ask('pbx.queue.add', { ...member, penalty: 2, name: 'Olga P.' })).toEqual({
      already: false,
    });
    expect(await bench.ask('pbx.queue.add', member)).toEqual({ already: true });
    expect(await queue()).toMatchObject({
      name: 'support',
      strategy: 'rrmemory',
      members: [{ interface: 'PJSIP/151', name: 'Olga P.', penalty: 2, paused: false, dynamic: true }],
    });
    await bench.ask('pbx.queue.pause', { ...member, paused: true, reason: 'lunch' });
    expect((await queue())?.members).toMatchObject([{ paused: true, paused_reason: 'lunch' }]);
    await bench.ask('pbx.queue.pause', { ...member, paused: false });
    expect((await queue())?.members).toMatchObject([{ paused: false }]);
    expect(await bench.ask('pbx.queue.remove', member)).toEqual({ already: false });
    expect(await bench.ask('pbx.queue.remove', member)).toEqual({ already: true });
    expect((await queue())?.members).toEqual([]);
  });

  it('hand a waiting customer to a member, as one call', async () => {
    await bench.ask('pbx.queue.add', { queue: 'support', extension: '151' });
    const heard = bench.events.length;
    const caller = callFromCarrier('375170000600', 600);
    expect(await caller.ended).toBe(0);
    const facts = () =>
      bench.events.slice(heard).flatMap((event) => (event.kind === 'pbx.channel' ? [event.data] : []));
    await expect.poll(() => facts().some((fact) => fact.what === 'gone' && fact.last), soon).toBe(true);
    expect(new Set(facts().map(({ linkedid }) => linkedid)).size).toBe(1);
    expect(facts()).toContainEqual(expect.objectContaining({ what: 'dial', dest_endpoint: '151' }));
    expect((await queue())?.members[0]).toMatchObject({ calls_taken: 1, last_call: expect.any(Number) });
    await bench.ask('pbx.queue.remove', { queue: 'support', extension: '151' });
  });

  it('of others are not ours', async () => {
    await expect(bench.ask('pbx.queues', { queue: 'billing' })).rejects.toMatchObject(forbidden);
    await expect(bench.ask('pbx.queue.add', { queue: 'billing', extension: '150' })).rejects.toMatchObject(
      forbidden,
    );
    await expect(bench.ask('pbx.queue.add', { queue: 'support', extension: '99999' })).rejects.toMatchObject(
      forbidden,
    );
  });
});

describe('trunks', () => {
  const trunk = async (name: string) =>
    (await bench.ask('pbx.trunks', {})).trunks.find((one) => one.name === name);

  it('are what their registration and their endpoint say', async () => {
    await expect
      .poll(() => trunk('trunk-main'), soon)
      .toMatchObject({ state: 'OK', reason: null, registration: 'Registered' });
    await expect
      .poll(() => trunk('trunk-denied'), soon)
      .toMatchObject({
        state: 'DOWN',
        registration: 'Rejected',
        endpoint: 'Not in use',
      });
    expect(await trunk('trunk-dead')).toMatchObject({ state: 'DOWN', endpoint: 'Unavailable' });
  });

  it('that lose their registration are told of without being asked', async () => {
    const told = () => bench.of('pbx.trunk').findLast(({ name }) => name === 'trunk-main');
    await asterisk('pjsip send unregister trunk-main');
    await expect
      .poll(told, soon)
      .toMatchObject({ state: 'DOWN', reason: expect.stringContaining('Unregistered') });
    await asterisk('pjsip send register trunk-main');
    await expect.poll(told, soon).toMatchObject({ state: 'OK', reason: null });
  });
});

describe('endpoints and modules', () => {
  it('show who is registered', async () => {
    const find = async () =>
      (await bench.ask('pbx.endpoints', {})).endpoints.find(({ name }) => name === '152');
    expect(await find()).toMatchObject({ state: 'Unavailable', contacts: [] });
    const phone = await registerPhone();
    expect(await find()).toMatchObject({
      state: 'Not in use',
      contacts: [{ uri: expect.stringContaining('127.0.0.1') }],
    });
    await phone.stop();
  });

  it('are reloaded when the configuration allows it', async () => {
    expect(await bench.ask('pbx.reload', { module: 'app_queue.so' })).toEqual({
      output: "Module 'app_queue.so' reloaded successfully.",
    });
    await expect(bench.ask('pbx.reload', { module: 'chan_pjsip.so' })).rejects.toMatchObject(forbidden);
  });
});

describe('what the configuration does not allow', () => {
  it('is refused before Asterisk hears of it', async () => {
    const call = { call_id: newCallId(), from: '150', to: '+375290000001' };
    await expect(bench.ask('pbx.originate', { ...call, trunk: 'trunk-other' })).rejects.toMatchObject(
      forbidden,
    );
    await expect(bench.ask('pbx.originate', { ...call, from: '99999' })).rejects.toMatchObject(forbidden);
    await expect(bench.ask('pbx.originate', { ...call, pbx: 'elsewhere' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(
      bench.ask('pbx.redirect', { linkedid: '1.1', leg: 'outside', to: '151', context: 'from-trunk' }),
    ).rejects.toMatchObject(forbidden);
    expect(bench.facts().some(({ channel }) => channel.includes('trunk-other'))).toBe(false);
  });
});

describe('injection', () => {
  const mark = () => join(telephony().dir, 'injected');
  const attempts = () => [
    `150; touch ${mark()}`,
    `150$(touch ${mark()})`,
    `150\`touch ${mark()}\``,
    `150" ; touch ${mark()} ; echo "`,
    `150' ; touch ${mark()} ; echo '`,
    `150\ntouch ${mark()}\n`,
    `150\r\n\r\nAction: Command\r\nCommand: core show version\r\n\r\n`,
    `150\r\nApplication: System\r\nData: touch ${mark()}`,
    `150&Local/199@inoffice`,
    `150,1)&System(touch ${mark()})`,
    '${SHELL(id)}',
    `150|System|touch ${mark()}`,
    '150\0',
  ];
  /** A sound request of each verb; one field after the other is spoilt. */
  const requests: Partial<Record<BridgeVerb, Record<string, unknown>>> = {
    'pbx.originate': {
      call_id: 'c_1',
      from: '150',
      to: '+375290000001',
      trunk: 'trunk-main',
      caller_name: 'Ann',
    },
    'pbx.hangup': { linkedid: '1.1' },
    'pbx.redirect': { linkedid: '1.1', leg: 'outside', extension: '150', to: '151', context: 'inoffice' },
    'pbx.spy': { by: '151', extension: '150', mode: 'listen' },
    'pbx.channels': { pbx: 'office' },
    'pbx.endpoints': { pbx: 'office' },
    'pbx.queues': { queue: 'support' },
    'pbx.queue.add': { queue: 'support', extension: '151', name: 'Ann' },
    'pbx.queue.remove': { queue: 'support', extension: '151' },
    'pbx.queue.pause': { queue: 'support', extension: '151', paused: true, reason: 'lunch' },
    'pbx.queue.penalty': { queue: 'support', extension: '151', penalty: 2 },
    'pbx.account.put': { extension: '7003', name: 'Ann' },
    'pbx.account.remove': { extension: '7003' },
    'pbx.account.password': { extension: '7003' },
    'pbx.reload': { module: 'app_queue.so' },
  };
  const spoilt = (args: Record<string, unknown>) =>
    Object.keys(args).flatMap((field) =>
      attempts().map((text) => ({ field, args: { ...args, [field]: text } })),
    );

  /** Free texts for a person to read may hold most characters: they are one field each, and no command. */
  const FREE = new Set(['caller_name', 'name', 'reason']);

  it.each(Object.entries(requests))('is stopped by the protocol: %s', (verb, args) => {
    const shape = BRIDGE_VERBS[verb as BridgeVerb].args;
    for (const attempt of spoilt(args)) {
      if (FREE.has(attempt.field)) continue;
      expect(shape.safeParse(attempt.args).success, JSON.stringify(attempt.args)).toBe(false);
    }
  });

  it('reaches neither a shell nor the manager interface past the protocol', async () => {
    rmSync(mark(), { force: true });
    const heard = bench.events.length;
    for (const [verb, args] of Object.entries(requests)) {
      for (const attempt of spoilt(args)) {
        // What the handler would have to withstand if the protocol let it through.
        const handler = bench.part.handlers[verb as BridgeVerb] as (
          args: unknown,
          ask: unknown,
        ) => Promise<unknown>;
        const ask = {
          id: 'r',
          signal: AbortSignal.timeout(10_000),
          deadline: Date.now() + 10_000,
          progress: () => undefined,
        };
        await handler({ ring_sec: 5, penalty: 0, ...attempt.args }, ask).catch((error: unknown) => {
          expect(error, `${verb} ${JSON.stringify(attempt.args)}`).toMatchObject({
            code: expect.any(String),
          });
        });
      }
    }
    const facts = () =>
      bench.events.slice(heard).flatMap((event) => (event.kind === 'pbx.channel' ? [event.data] : []));
    // Calls with a strange display name are sound calls; they go where they were meant to and nowhere else.
    const dials = () => facts().flatMap((fact) => (fact.what === 'dial' ? [fact.dialled] : []));
    await expect.poll(() => dials().length, soon).toBeGreaterThan(5);
    expect(new Set(dials())).toEqual(new Set(['+375290000001']));
    expect(new Set(facts().map(({ endpoint }) => endpoint))).toEqual(new Set(['150', 'trunk-main']));
    await bench.ask('pbx.queue.remove', { queue: 'support', extension: '151' });
    await bench.ask('pbx.account.remove', { extension: '7003' });
    expect(existsSync(mark())).toBe(false);
    expect(bench.state()).toMatchObject({ ami: 'up' });
  });
});
