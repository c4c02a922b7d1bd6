// Accounts and queues of operators on a real Asterisk, and what a person does there by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskBench } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything, register, telephony } from './support/telephony.ts';

const soon = { timeout: 15_000 };
let bench: AsteriskBench;

beforeAll(async () => {
  bench = await new AsteriskBench().up();
});
afterEach(hangUpEverything);
afterAll(async () => {
  for (const extension of ['7001', '7002']) await bench.ask('pbx.account.remove', { extension });
  await bench.stop();
});

const contactsOf = async (name: string) =>
  (await bench.ask('pbx.endpoints', {})).endpoints.find((endpoint) => endpoint.name === name)?.contacts;

describe('accounts', () => {
  it('let an extension register with the password that is shown, and only with that', async () => {
    expect(await bench.ask('pbx.account.put', { extension: '7001', name: 'Ольга П.' })).toEqual({
      already: false,
    });
    const { login, password } = await bench.ask('pbx.account.password', { extension: '7001' });
    expect(login).toBe('7001');
    expect(password).toMatch(/^[\w-]{24}$/);
    await expect(register({ login, password: 'another' }, 60)).rejects.toThrow();
    expect(await contactsOf('7001')).toEqual([]);
    await register({ login, password }, 60);
    expect(await contactsOf('7001')).toHaveLength(1);
    await register({ login, password }, 0);
  });

  it('stay as they are when they are made again', async () => {
    const before = await bench.ask('pbx.account.password', { extension: '7001' });
    expect(await bench.ask('pbx.account.put', { extension: '7001' })).toEqual({ already: true });
    expect(await bench.ask('pbx.account.password', { extension: '7001' })).toEqual(before);
    await bench.ask('pbx.account.put', { extension: '7002' });
    const { accounts } = await bench.ask('pbx.accounts', {});
    expect(accounts.map(({ extension }) => extension)).toEqual(['7001', '7002']);
  });

  it('are gone with their password when they are removed', async () => {
    const { login, password } = await bench.ask('pbx.account.password', { extension: '7001' });
    expect(await bench.ask('pbx.account.remove', { extension: '7001' })).toEqual({ already: false });
    expect(await bench.ask('pbx.account.remove', { extension: '7001' })).toEqual({ already: true });
    await expect(register({ login, password }, 60)).rejects.toThrow();
    await expect(bench.ask('pbx.account.password', { extension: '7001' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await contactsOf('7002')).toEqual([]);
  });

  it('never take over an endpoint that somebody else made', async () => {
    await expect(bench.ask('pbx.account.put', { extension: '150' })).rejects.toMatchObject({
      code: 'PBX_REFUSED',
      message: expect.stringContaining('did not make'),
    });
    await expect(bench.ask('pbx.account.password', { extension: '150' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(bench.ask('pbx.account.put', { extension: '99999' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('tell nobody their password: neither the log nor an event has it', async () => {
    await bench.ask('pbx.account.put', { extension: '7001' });
    const { password } = await bench.ask('pbx.account.password', { extension: '7001' });
    expect(bench.lines.join('\n')).not.toContain(password);
    expect(JSON.stringify(bench.events)).not.toContain(password);
  });

  it('say what to do where Asterisk does not read them', async () => {
    const file = join(telephony().dir, 'pbx/etc/pjsip_wizard.conf');
    const before = readFileSync(file, 'utf8');
    await bench.ask('pbx.account.remove', { extension: '7001' });
    writeFileSync(file, '');
    try {
      await expect(bench.ask('pbx.account.put', { extension: '7001' })).rejects.toMatchObject({
        code: 'PBX_REFUSED',
        message: expect.stringContaining('#tryinclude "pjsip_trunkline.conf"'),
      });
    } finally {
      writeFileSync(file, before);
      await asterisk('module reload res_pjsip.so');
    }
  });
});

describe('queues', () => {
  const member = { queue: 'support', extension: '151' };
  const told = () =>
    bench
      .of('pbx.members')
      .flatMap(({ members }) => members)
      .findLast((one) => one.queue === 'support' && one.extension === '151');

  afterEach(() => bench.ask('pbx.queue.remove', member));

  it('tell what a person does by hand', async () => {
    await asterisk('queue add member PJSIP/151 to support penalty 3');
    await expect.poll(told, soon).toMatchObject({ present: true, penalty: 3, paused: false });
    await asterisk('queue pause member PJSIP/151 queue support reason lunch');
    await expect.poll(told, soon).toMatchObject({ paused: true, paused_reason: 'lunch' });
    await asterisk('queue set penalty 1 on PJSIP/151 in support');
    await expect.poll(told, soon).toMatchObject({ penalty: 1 });
    await asterisk('queue remove member PJSIP/151 from support');
    await expect.poll(told, soon).toMatchObject({ present: false });
  });

  it('tell all of their members at the start of each session', async () => {
    await asterisk('queue add member PJSIP/151 to support');
    const later = await new AsteriskBench().up();
    expect(later.of('pbx.members')).toMatchObject([
      { whole: true, members: [{ queue: 'support', extension: '151', present: true }] },
    ]);
    await later.stop();
  });

  it('set how early a member is asked', async () => {
    await bench.ask('pbx.queue.add', member);
    await bench.ask('pbx.queue.penalty', { ...member, penalty: 7 });
    await expect.poll(told, soon).toMatchObject({ penalty: 7 });
  });

  it('ring who is on the line, not who is paused', async () => {
    const dialled = (from: number) =>
      bench.events
        .slice(from)
        .flatMap((event) =>
          event.kind === 'pbx.channel' && event.data.what === 'dial' ? [event.data.dest_endpoint] : [],
        );
    await bench.ask('pbx.queue.add', member);
    await bench.ask('pbx.queue.add', { queue: 'support', extension: '150' });
    await bench.ask('pbx.queue.pause', { ...member, paused: true, reason: 'break' });
    const from = bench.events.length;
    const caller = callFromCarrier('375170000600', 600);
    expect(await caller.ended).toBe(0);
    await expect.poll(() => dialled(from), soon).toContain('150');
    expect(dialled(from)).not.toContain('151');
    await bench.ask('pbx.queue.remove', { queue: 'support', extension: '150' });
  });
});
