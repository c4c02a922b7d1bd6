/** The slots' API with everything real: server, bridge process, ADB server, adbd. Only Android's programs are stand-ins. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { eventually, signIn, type Client, type Reply } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { AdbServer, Cable, freePort, Phone } from './support/phones.ts';
import { telephony } from './support/telephony.ts';

const NUMBER = '+375290000111';

describe.skipIf(telephony().phones === '')('slots through the API', () => {
  const a = new Phone('a');
  const b = new Phone('b');
  let server: TestServer;
  let admin: Client;
  let bridges: Bridges;
  let enrolled: Enrolled;
  let adb: AdbServer;
  let cables: Cable[] = [];
  const cableOf = (phone: Phone): Cable => {
    const cable = cables[phone === a ? 0 : 1];
    if (cable === undefined) throw new Error('the phones have no cables yet');
    return cable;
  };
  let slotA = 0;
  let slotB = 0;
  const idOf = (phone: Phone): number => (phone === a ? slotA : slotB);

  beforeAll(async () => {
    server = await TestServer.start();
    admin = await signIn(server.url, 'admin');
    bridges = new Bridges(admin);
    adb = new AdbServer(await freePort());
    await adb.start();
    cables = [await Cable.plugged(a.port), await Cable.plugged(b.port)];
    for (const phone of [a, b]) phone.reset();
    const addresses = cables.map(({ address }) => JSON.stringify(address)).join(', ');
    const config = `[slots]\nport = ${adb.port}\nprogram = ""\nconnect = [${addresses}]\n`;
    enrolled = await bridges.enrolled(config, 'bridge');
    enrolled.bridge.start();
    await bridges.online(enrolled.id);
    slotA = await numberOf(a.serial);
    slotB = await numberOf(b.serial);
  });
  afterAll(async () => {
    // What a failed start did not make is not there to be taken down.
    await (bridges as Bridges | undefined)?.remove();
    await (server as TestServer | undefined)?.stop();
    await (adb as AdbServer | undefined)?.kill();
    for (const cable of cables) await cable.unplug();
  });
  beforeEach(async () => {
    for (const phone of [a, b]) phone.reset();
    for (const phone of [a, b]) await isNow(phone, 'ONLINE');
  });

  const numberOf = (serial: string): Promise<number> =>
    eventually(async () => {
      const { text } = expectStatus(200, await admin.get('/api/slots'));
      const slots = JSON.parse(text) as { id: number; serial: string; status: string }[];
      return slots.find((slot) => slot.serial === serial && slot.status === 'ONLINE')?.id ?? null;
    });
  const slot = async (phone: Phone) => expectStatus(200, await admin.get(`/api/slots/${idOf(phone)}`)).json;
  const isNow = (phone: Phone, status: string) =>
    eventually(async () => {
      const now = await slot(phone);
      return now['status'] === status && (status !== 'ONLINE' || now['holder'] === null) ? now : null;
    });
  const command = (phone: Phone, text: string): Promise<Reply> =>
    admin.post(`/api/slots/${idOf(phone)}/adb-command`, { command: text });
  const result = async (phone: Phone, started: Reply): Promise<Record<string, unknown>> => {
    const id = String(expectStatus(200, started).json['command_id']);
    return eventually(async () => {
      const { json } = expectStatus(200, await admin.get(`/api/slots/${idOf(phone)}/commands/${id}`));
      return json['status'] === 'executing' ? null : json;
    });
  };
  const run = async (
    where: Phone | 'AUTO',
    script: string,
    params: Record<string, unknown> = { number: NUMBER },
  ) => {
    const slotId = where === 'AUTO' ? where : idOf(where);
    const body = { slot_id: slotId, script, params };
    return expectStatus(200, await admin.post('/api/gacs/run-script', body)).json;
  };
  const runOf = async (id: unknown) =>
    expectStatus(200, await admin.get(`/api/gacs/status/${String(id)}`)).json;
  const runEnded = (id: unknown) =>
    eventually(async () => {
      const now = await runOf(id);
      return now['status'] === 'executing' ? null : now;
    });
  const atStep = (id: unknown, n: number) =>
    eventually(async () => {
      const now = await runOf(id);
      const steps = now['steps'] as { state: string }[];
      return steps[n - 1]?.state === 'running' ? now : null;
    });
  const script = async (name: string, steps: unknown[]) => {
    const body = { name, params: [{ name: 'number', type: 'phone' }], steps };
    await admin.send('DELETE', `/api/gacs/scripts/${name}`);
    expectStatus(201, await admin.post('/api/gacs/scripts', body));
  };

  it('shows real readings of the phone, with their age', async () => {
    const now = await eventually(async () => {
      const found = await slot(a);
      return found['battery'] === null ? null : found;
    });
    expect(now).toMatchObject({ battery: '71%', temperature: '31C', device: 'Pixel test a' });
    expect((now['metrics'] as { age_sec: number }).age_sec).toBeLessThan(60);
    const system = expectStatus(200, await admin.get('/api/monitor/system')).json;
    expect(system['uptime']).toMatch(/^\d+h\d\dm$/);
    const network = expectStatus(200, await admin.get('/api/monitor/network')).json;
    expect(network['why']).toBeTypeOf('object');
  });

  it('runs a command as arguments: nothing of it reaches a shell', async () => {
    const typed = await result(a, await command(a, `input text "x; reboot $(reboot) && reboot"`));
    expect(typed).toMatchObject({ status: 'done', exit_code: 0 });
    expect(a.read('input.log')).toContain('reboot');
    expect(a.read('reboot.log')).toBe('');
    const failed = await result(a, await command(a, 'am nonsense'));
    expect(failed).toMatchObject({
      status: 'done',
      exit_code: 255,
      error_output: expect.stringContaining('Unknown'),
    });
    const asked = await result(a, await command(a, 'getprop ro.serialno'));
    expect(asked).toMatchObject({ output: `${a.serial}\n`, took_ms: expect.any(Number) });
  });

  it('takes nothing for a command that is a value, in whatever field it comes', async () => {
    const evil = [
      `x; reboot`,
      '$(reboot)',
      '`reboot`',
      `'; reboot; '`,
      `" && reboot "`,
      'x | reboot',
      "x\\'; reboot",
    ];
    const body = {
      name: 'type_it',
      params: [{ name: 'words', type: 'text' }],
      steps: [
        { do: 'text', text: '{{words}}' },
        {
          do: 'intent',
          action: 'android.intent.action.VIEW',
          data: '{{words}}',
          extras: { note: '{{words}}' },
        },
        { do: 'shell', argv: ['getprop', '{{words}}'] },
      ],
    };
    await admin.send('DELETE', '/api/gacs/scripts/type_it');
    expectStatus(201, await admin.post('/api/gacs/scripts', body));
    for (const words of evil) {
      const { script_id: id } = await run(a, 'type_it', { words });
      expect([words, await runEnded(id)]).toMatchObject([words, { params: { words } }]);
      await isNow(a, 'ONLINE');
      const typed = await result(a, await command(a, `getprop '${words.replaceAll("'", `'\\''`)}'`));
      expect([words, typed['argv']]).toEqual([words, ['getprop', words]]);
    }
    for (const bad of evil) {
      const refused = [
        await admin.post('/api/gacs/run-script', {
          slot_id: slotA,
          script: 'gsm_call',
          params: { number: bad },
        }),
        await admin.post('/api/gacs/run-script', { slot_id: slotA, script: bad, params: {} }),
        await admin.post('/api/call/start', { number: bad, slot: slotA }),
        await admin.send('PATCH', `/api/slots/${slotA}`, { body: { config: { app: bad } } }),
        await admin.send('PATCH', `/api/slots/${slotA}`, { body: { trunk: bad } }),
        await admin.post('/api/gacs/scripts', { ...body, name: bad }),
        await admin.post('/api/gacs/scripts', { ...body, name: 'b', steps: [{ do: 'key', key: bad }] }),
        await admin.post('/api/gacs/scripts', { ...body, name: 'b', steps: [{ do: 'intent', action: bad }] }),
      ];
      expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 400));
    }
    expect(a.read('reboot.log')).toBe('');
    expect(await slot(a)).toMatchObject({ status: 'ONLINE' });
  });

  it('shows the screen as a picture', async () => {
    const picture = await fetch(`${server.url}/api/slots/${slotA}/screen`, {
      headers: { authorization: `Bearer ${admin.token ?? ''}` },
    });
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    const bytes = new Uint8Array(await picture.arrayBuffer());
    expect([...bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  });

  it('rings a number by the shipped script, from the first step to the other side’s end of the call', async () => {
    const started = await run(a, 'gsm_call');
    await atStep(started['script_id'], 5);
    expect(a.read('am.log')).toContain(`tel:${NUMBER}`);
    expect(await slot(a)).toMatchObject({
      status: 'BUSY',
      holder: { kind: 'script', id: started['script_id'] },
    });
    a.hangUp(2);
    const ended = await runEnded(started['script_id']);
    expect(ended).toMatchObject({ status: 'ok', error: null, current_step: 5 });
    const picture = await eventually(async () => {
      const steps = (await runOf(started['script_id']))['steps'] as { screenshot: string | null }[];
      return steps[3]?.screenshot ?? null;
    });
    expect(expectStatus(200, await admin.get(picture)).headers['content-type']).toBe('image/png');
    await isNow(a, 'ONLINE');
  });

  it('starts a call on a slot, follows it, and ends it', async () => {
    const body = { number: NUMBER, slot: slotB };
    const started = expectStatus(200, await admin.post('/api/call/start', body)).json;
    expect(started).toMatchObject({ slot: slotB });
    const call = () => admin.get(`/api/call/${String(started['call_id'])}`);
    await eventually(async () => ((await call()).json['status'] === 'connected' ? true : null));
    const busy = await admin.post('/api/call/start', { number: NUMBER, slot: slotB });
    expect([busy.status, busy.json['code']]).toEqual([409, 'SLOT_BUSY']);
    expectStatus(200, await admin.post('/api/call/end', { call_id: started['call_id'] }));
    const ended = await eventually(async () => {
      const { json } = await call();
      return json['status'] === 'ended' ? json : null;
    });
    expect(ended).toMatchObject({ outcome: 'answered', slot: slotB });
    expect(b.read('input.log')).toContain('KEYCODE_ENDCALL');
    await isNow(b, 'ONLINE');
  });

  it('gives two AUTO starts at once two slots, and a third one none', async () => {
    const started = await Promise.all([run('AUTO', 'gsm_call'), run('AUTO', 'gsm_call')]);
    expect(new Set(started.map((one) => one['slot']))).toEqual(new Set([slotA, slotB]));
    const body = { slot_id: 'AUTO', script: 'gsm_call', params: { number: NUMBER } };
    const third = await admin.post('/api/gacs/run-script', body);
    expect([third.status, third.json['code']]).toEqual([409, 'SLOT_BUSY']);
    for (const one of started)
      expectStatus(200, await admin.post(`/api/gacs/stop/${String(one['script_id'])}`, {}));
    for (const one of started) expect(await runEnded(one['script_id'])).toMatchObject({ status: 'stopped' });
  });

  it('stops a script in the middle of a wait', async () => {
    await script('long_wait', [{ do: 'wait', ms: 600_000 }]);
    const { script_id: id } = await run(a, 'long_wait');
    await atStep(id, 1);
    const began = performance.now();
    expectStatus(200, await admin.post(`/api/gacs/stop/${String(id)}`, {}));
    expect(await runEnded(id)).toMatchObject({ status: 'stopped' });
    expect(performance.now() - began).toBeLessThan(10_000);
    await isNow(a, 'ONLINE');
  });

  it('fails a script whose phone is unplugged, and has the slot again when it is back', async () => {
    await script('long_wait', [
      { do: 'wait', ms: 3_000 },
      { do: 'tap', x: 1, y: 1 },
    ]);
    const { script_id: id } = await run(a, 'long_wait');
    await atStep(id, 1);
    await cableOf(a).unplug();
    await isNow(a, 'OFFLINE');
    const refused = await command(a, 'getprop');
    expect([refused.status, ['SLOT_OFFLINE', 'SLOT_BUSY']]).toEqual([
      409,
      expect.arrayContaining([refused.json['code']]),
    ]);
    expect(await runEnded(id)).toMatchObject({ status: 'failed', error: expect.any(String) });
    const offline = await command(a, 'getprop');
    expect([offline.status, offline.json['code']]).toEqual([409, 'SLOT_OFFLINE']);
    await cableOf(a).plug();
    await isNow(a, 'ONLINE');
  });

  it('follows a reboot until the phone is back', async () => {
    expectStatus(200, await admin.post(`/api/slots/${slotA}/reboot-device`, {}));
    await isNow(a, 'REBOOTING');
    const during = await command(a, 'getprop');
    expect([during.status, during.json['code']]).toEqual([409, 'SLOT_OFFLINE']);
    await isNow(a, 'ONLINE');
    expect(a.read('reboot.log')).not.toBe('');
    const history = expectStatus(200, await admin.get(`/api/slots/${slotA}/history`)).json;
    const texts = (history['items'] as { text: string }[]).map(({ text }) => text);
    expect(texts.slice(0, texts.indexOf('REBOOTING') + 1)).toContain('ONLINE');
  });

  it('says honestly of a run that its bridge was killed in it', async () => {
    await script('long_wait', [{ do: 'wait', ms: 600_000 }]);
    const { script_id: id } = await run(a, 'long_wait');
    await atStep(id, 1);
    await enrolled.bridge.kill();
    await isNow(a, 'OFFLINE');
    expect(await runOf(id)).toMatchObject({ status: 'executing' });
    enrolled.bridge.start();
    const ended = await eventually(async () => {
      const now = await runOf(id);
      return now['status'] === 'executing' ? null : now;
    });
    expect(ended).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/restart|killed|stopped/i),
    });
    await isNow(a, 'ONLINE');
    expect(expectStatus(200, await admin.get('/api/slots')).text).toContain(a.serial);
    expect(await numberOf(a.serial)).toBe(slotA);
  });
});
