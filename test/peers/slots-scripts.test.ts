/** GUI scripts on phones: real adbd, Android's screens played by the stand-ins. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ScriptStep } from '../../bridge/protocol/slots.ts';
import { SHIPPED_SCRIPTS } from '../../worker/db/shipped-scripts/index.ts';
import { AdbServer, Cable, freePort, Phone, type Item } from './support/phones.ts';
import { SlotsBench } from './support/slots-part.ts';
import { telephony } from './support/telephony.ts';

const NUMBER = '+375290000000';
const CHAT: Item[] = [
  { text: 'Chats', id: 'com.example.chat:id/title', at: [0, 0, 400, 100] },
  { desc: 'Voice call', id: 'com.example.chat:id/call', at: [900, 40, 1000, 140] },
];
const CALLING: Item[] = [{ text: 'Calling…', id: 'com.example.chat:id/end', at: [400, 2000, 680, 2200] }];

describe.skipIf(telephony().phones === '')('scripts on a phone', () => {
  const phone = new Phone('a');
  const slot = phone.serial;
  let adb: AdbServer;
  let cable: Cable;
  let bench: SlotsBench;
  let runs = 0;

  beforeAll(async () => {
    adb = new AdbServer(await freePort());
    await adb.start();
    cable = await Cable.plugged(phone.port);
    bench = new SlotsBench({ port: adb.port, program: '', connect: [cable.address] });
    bench.start();
  });
  afterAll(async () => {
    await bench.stop();
    await adb.kill();
    await cable.unplug();
  });
  beforeEach(async () => {
    phone.reset();
    phone.screens({ home: [{ desc: 'Home', at: [0, 0, 1080, 2340] }] }, [], 'home');
    await bench.until(slot, 'ONLINE');
  });

  /** Starts it; the run's id. */
  async function start(
    steps: unknown[],
    params: Record<string, string> = {},
    options: { free?: boolean; types?: Record<string, 'phone' | 'text' | 'integer'> } = {},
  ): Promise<string> {
    const run_id = `gacs_1_${++runs}`;
    const declared = Object.keys(params).map((name) => ({ name, type: options.types?.[name] ?? 'text' }));
    const script = { name: 'test', params: declared, steps: steps as ScriptStep[] };
    await bench.ask('script.run', { slot, fence: runs, run_id, script, params, free: options.free ?? false });
    return run_id;
  }

  async function end(run_id: string): Promise<{ result: string; message: string | null; steps: string[] }> {
    const ended = (): { result: string; message: string | null } | undefined =>
      bench.of('script.end').find((event) => event.run_id === run_id);
    await expect.poll(ended, { timeout: 20_000, interval: 20 }).toBeDefined();
    const { result = '', message = null } = ended() ?? {};
    const steps = bench
      .of('script.step')
      .filter((event) => event.run_id === run_id)
      .map(({ step, state }) => `${step} ${state}`);
    return { result, message, steps };
  }

  const run = async (...args: Parameters<typeof start>): ReturnType<typeof end> => end(await start(...args));

  it('run step by step, each told, and keep their pictures', async () => {
    phone.screens(
      { home: [{ desc: 'Home', at: [0, 0, 1080, 2340] }], chat: CHAT, calling: CALLING },
      ['* intent android.intent.action.VIEW chat', 'chat tap 900 40 1000 140 calling'],
      'home',
    );
    const run_id = await start(
      [
        {
          do: 'intent',
          action: 'android.intent.action.VIEW',
          data: 'chat://{{who}}',
          package: 'com.example.chat',
        },
        { do: 'tap_on', target: { desc: 'Voice call' } },
        { do: 'wait_for', target: { text: 'Calling…' } },
        { do: 'assert', target: { text: 'Chats' }, absent: true },
        { do: 'screenshot', name: 'ringing' },
        { do: 'swipe', from: [10, 20], to: [30, 40], ms: 50 },
        { do: 'key', key: 'KEYCODE_HOME' },
        { do: 'tap', x: 5, y: 6 },
      ],
      { who: 'x y; reboot' },
    );
    const { result, message, steps } = await end(run_id);
    expect({ result, message }).toEqual({ result: 'ok', message: null });
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7].flatMap((step) => [`${step} running`, `${step} ok`]));
    expect(phone.read('input.log').trim().split('\n')).toEqual([
      'tap 950 90',
      'swipe 10 20 30 40 50',
      'keyevent KEYCODE_HOME',
      'tap 5 6',
    ]);
    expect(phone.read('am.log')).toContain('-d chat://x y; reboot -p com.example.chat');
    await expect.poll(() => bench.pictures.length).toBe(1);
    expect(bench.pictures[0]).toMatchObject({
      begin: { kind: 'screenshot', run_id, step: 4, key: `screenshot/${run_id}/4`, type: 'image/png' },
      bytes: readFileSync(join(telephony().phoneState, 'a/screen.png')),
    });
    await bench.until(slot, 'ONLINE');
  });

  it('wait for what appears later', async () => {
    phone.screens(
      { one: [{ text: 'One', at: [0, 0, 10, 10] }], two: [{ text: 'Two', at: [0, 0, 10, 10] }] },
      ['one after 1200 two'],
      'one',
    );
    phone.write('screen', `one ${Date.now()}\n`);
    const { result, steps } = await run([
      { do: 'assert', target: { text: 'Two' }, absent: true },
      { do: 'wait_for', target: { text: 'Two' }, within_ms: 10_000 },
    ]);
    expect({ result, steps: steps.at(-1) }).toEqual({ result: 'ok', steps: '1 ok' });
  });

  it.each([
    [{ do: 'wait_for', target: { text: 'Nowhere' }, within_ms: 300 }, '“Nowhere” did not appear in 0.3 s'],
    [{ do: 'assert', target: { id: 'nothing' } }, '“nothing” is not on the screen'],
    [{ do: 'assert', target: { desc: 'Home' }, absent: true }, '“Home” is on the screen'],
    [{ do: 'intent', action: 'com.example.NOBODY' }, 'unable to resolve Intent'],
    [{ do: 'text', text: 'привет' }, "can't be typed"],
    [{ do: 'shell', argv: ['am', 'bogus'] }, 'Unknown command: bogus'],
    [{ do: 'wait_call', state: 'offhook', within_ms: 200 }, 'was not offhook in 0.2 s'],
  ])('fail with the reason at %j, and go no further', async (step, reason) => {
    const { result, message, steps } = await run([step, { do: 'tap', x: 1, y: 1 }]);
    expect(result).toBe('failed');
    expect(message).toContain(reason);
    expect(steps).toEqual(['0 running', '0 failed']);
    expect(phone.read('input.log')).toBe('');
  });

  it('give up on a screen that can not be read when its time is over, with the phone’s words', async () => {
    phone.write('screen', 'unknown 0\n');
    const { result, message } = await run([{ do: 'tap_on', target: { text: 'X' }, within_ms: 500 }]);
    expect({ result, message }).toEqual({
      result: 'failed',
      message: expect.stringContaining('could not get idle state'),
    });
  });

  it('type what a keyboard can type, as it is', async () => {
    const text = `It's 100% sure; $(reboot) %s "quoted"\nnext`;
    expect(await run([{ do: 'text', text: '{{note}}' }], { note: text })).toMatchObject({ result: 'ok' });
    expect(phone.read('typed')).toBe(text.replace('\n', ''));
    expect(phone.read('input.log')).toContain('keyevent KEYCODE_ENTER');
    expect(phone.read('reboot.log')).toBe('');
  });

  it('are stopped at once in a wait', async () => {
    const run_id = await start([
      { do: 'wait', ms: 600_000 },
      { do: 'tap', x: 1, y: 1 },
    ]);
    expect(bench.state(slot)?.status).toBe('BUSY');
    const began = performance.now();
    expect(await bench.ask('script.stop', { run_id })).toEqual({ stopped: true });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(await end(run_id)).toEqual({
      result: 'stopped',
      message: 'Stopped.',
      steps: ['0 running', '0 skipped'],
    });
    expect(await bench.ask('script.stop', { run_id })).toEqual({ stopped: false });
    expect(phone.read('input.log')).toBe('');
    await bench.until(slot, 'ONLINE');
  });

  it('are stopped at once in a command', async () => {
    const run_id = await start([{ do: 'shell', argv: ['sleep', '25'] }], {}, { free: true });
    const began = performance.now();
    await bench.ask('script.stop', { run_id });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await end(run_id)).toMatchObject({ result: 'stopped' });
  });

  it.each([
    ['a wait', { do: 'wait', ms: 600_000 }],
    ['a search of the screen', { do: 'wait_for', target: { text: 'Nowhere' }, within_ms: 600_000 }],
    ['a command', { do: 'shell', argv: ['sleep', '25'] }],
  ])('end as failed when the phone is unplugged in %s', async (_, step) => {
    const run_id = await start([step, { do: 'tap', x: 1, y: 1 }], {}, { free: true });
    await cable.unplug();
    expect(await end(run_id)).toMatchObject({
      result: 'failed',
      message: expect.stringMatching(/unplugged|offline/),
      steps: ['0 running', '0 failed'],
    });
    await cable.plug();
    await bench.until(slot, 'ONLINE');
  });

  it('are one at a time on a phone, and none beside a call', async () => {
    const run_id = await start([{ do: 'wait', ms: 600_000 }]);
    await expect(start([{ do: 'wait', ms: 1 }])).rejects.toMatchObject({ code: 'SLOT_BUSY' });
    const call = { slot, fence: runs, call_id: 'c_1', number: NUMBER };
    expect(await bench.refusal('slot.call', call)).toMatch(/^SLOT_BUSY: .*script test/);
    await bench.ask('script.stop', { run_id });
    await bench.ask('slot.call', call);
    await expect(start([{ do: 'wait', ms: 1 }])).rejects.toMatchObject({ code: 'SLOT_BUSY' });
    await bench.ask('slot.hangup', { slot, fence: runs, call_id: 'c_1' });
  });

  it('are refused before anything is tapped when they can not work', async () => {
    const steps = (argv: string[]): unknown[] => [
      { do: 'tap', x: 1, y: 1 },
      { do: 'shell', argv },
    ];
    await expect(start(steps(['reboot']))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(start(steps(['am', '{{nope}}']))).rejects.toMatchObject({ code: 'INVALID_ARGS' });
    await expect(
      start([{ do: 'wait', ms: 1 }], { number: '1; reboot' }, { types: { number: 'phone' } }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGS' });
    expect(phone.read('input.log')).toBe('');
    expect(bench.state(slot)?.status).toBe('ONLINE');
  });

  it('end as failed when the slot is rebooted under them, and when the bridge was killed in them', async () => {
    const first = await start([{ do: 'wait', ms: 600_000 }]);
    await bench.ask('slot.reboot', { slot, fence: runs });
    expect(await end(first)).toMatchObject({ result: 'failed', message: 'The phone was rebooted.' });
    await bench.until(slot, 'ONLINE', 30_000);
    const second = await start([{ do: 'wait', ms: 600_000 }]);
    await bench.restart();
    expect(await end(second)).toMatchObject({ result: 'failed', message: expect.stringContaining('bridge') });
    await bench.until(slot, 'ONLINE');
  });

  it('keep pictures while the tunnel is down, and over a restart of the bridge', async () => {
    const before = bench.pictures.length;
    bench.online = false;
    expect(await run([{ do: 'screenshot' }])).toMatchObject({ result: 'ok' });
    await bench.restart();
    expect(bench.pictures).toHaveLength(before);
    bench.online = true;
    await expect.poll(() => bench.pictures.length, { timeout: 10_000 }).toBe(before + 1);
    await bench.until(slot, 'ONLINE');
  });

  describe('that ship with the product', () => {
    const shipped = (name: string): (typeof SHIPPED_SCRIPTS)[number] => {
      const script = SHIPPED_SCRIPTS.find((one) => one.name === name);
      if (!script) throw new Error(`${name} is not shipped`);
      return script;
    };
    const begin = async (name: string): Promise<string> => {
      const run_id = `gacs_1_${++runs}`;
      const params = { number: NUMBER };
      await bench.ask('script.run', {
        slot,
        fence: runs,
        run_id,
        script: shipped(name),
        params,
        free: false,
      });
      return run_id;
    };

    it('gsm_call rings by the phone’s line and ends with the call', async () => {
      const run_id = await begin('gsm_call');
      await expect.poll(() => bench.calls(slot), { timeout: 15_000 }).toContain(`out ${NUMBER} active`);
      phone.hangUp(2);
      expect(await end(run_id)).toMatchObject({ result: 'ok' });
      expect(bench.calls(slot).at(-1)).toBe(`out ${NUMBER} ended answered`);
      await bench.until(slot, 'ONLINE');
    });

    it('gsm_call takes its call with it when it is stopped', async () => {
      const run_id = await begin('gsm_call');
      await expect.poll(() => phone.read('telephony'), { timeout: 10_000 }).toContain('foreground=1');
      await bench.ask('script.stop', { run_id });
      expect(await end(run_id)).toMatchObject({ result: 'stopped' });
      expect(phone.read('telephony')).toContain('state=0');
      await bench.until(slot, 'ONLINE');
    });

    it.each([
      ['telegram_call', 'org.telegram.messenger'],
      ['whatsapp_call', 'com.whatsapp'],
    ])('%s opens the chat and presses its call button', async (name, app) => {
      const buttons: Item[] = [
        { desc: 'Call', at: [900, 40, 1000, 140] },
        { desc: 'Voice call', at: [900, 40, 1000, 140] },
      ];
      const over: Item[] = [
        { desc: 'End Call', at: [0, 0, 10, 10] },
        { id: 'com.whatsapp:id/end_call_button', at: [0, 0, 10, 10] },
      ];
      phone.screens(
        { home: [], chat: buttons, calling: over },
        ['* intent android.intent.action.VIEW chat', 'chat tap 900 40 1000 140 calling'],
        'home',
      );
      expect(await end(await begin(name))).toMatchObject({ result: 'ok' });
      expect(phone.read('am.log')).toContain(`-p ${app}`);
      expect(phone.read('am.log')).toContain(`phone=${NUMBER}`);
    });
  });
});
