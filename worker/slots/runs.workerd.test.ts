import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BridgeEventOf } from '../../bridge/protocol/events';
import { as, error, items, seedPeople, text, USERS } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, holdsAge, soon } from '../../test/worker/support/slot-rows';
import { startOnAnySlot } from '../bridge/links';
import type { TenantView } from '../../objects/session-gate/contract';

const NUMBER = '+375290000000';
let here: SlotBridge;
let there: SlotBridge;

beforeAll(async () => {
  await seedPeople();
});
beforeEach(async () => {
  const mark = crypto.randomUUID().slice(0, 6);
  here = await enrolled([`A${mark}`, `B${mark}`]);
  there = await enrolled([`C${mark}`]);
});
afterEach(() => {
  for (const bridge of [here, there]) {
    expect(bridge.problems).toEqual([]);
    bridge.disconnect();
  }
});

const slotsHere = async () => {
  const [first, second] = await here.link.slots();
  if (first === undefined || second === undefined) throw new Error('two slots were told');
  return [first, second] as const;
};
const run = (
  slot: number | 'AUTO',
  script = 'gsm_call',
  params: Record<string, unknown> = { number: NUMBER },
) => as('admin', 'POST', '/api/gacs/run-script', { body: { slot_id: slot, script, params } });
const status = async (id: string) => (await as('admin', 'GET', `/api/gacs/status/${id}`)).json;
const step = (
  run_id: string,
  n: number,
  state: 'running' | 'ok' | 'failed',
  message: string | null = null,
) => {
  const data: BridgeEventOf<'script.step'> = {
    run_id,
    step: n,
    state,
    ms: state === 'running' ? null : 12,
    message,
  };
  here.emit({ kind: 'script.step', data });
};
const end = (
  slot: string,
  run_id: string,
  result: 'ok' | 'failed' | 'stopped',
  message: string | null = null,
) => here.emit({ kind: 'script.end', data: { run_id, slot, result, message } });

describe('POST /api/gacs/run-script', () => {
  it('runs a shipped script on a slot, and tells how far it is, step by step', async () => {
    const [first] = await slotsHere();
    const started = await run(first.id, 'gsm_call', { number: '8 029 000-00-00' });
    expect(started.json).toEqual({
      status: 'executing',
      script_id: `gacs_${here.record.number}_001`,
      slot: first.id,
    });
    const id = text(started.json.script_id);
    const { args } = await here.nth('script.run');
    expect(args).toMatchObject({ slot: first.key, run_id: id, params: { number: NUMBER }, free: true });
    expect(await status(id)).toMatchObject({
      status: 'executing',
      current_step: 0,
      step_count: 5,
      script: 'gsm_call',
    });
    step(id, 0, 'ok');
    step(id, 1, 'running');
    await here.stored();
    expect(await status(id)).toMatchObject({
      current_step: 2,
      steps: [
        { n: 1, do: 'key', state: 'ok', ms: 12 },
        { n: 2, do: 'intent', state: 'running', ms: null },
        { n: 3, state: 'waiting' },
        {},
        {},
      ],
    });
    step(id, 1, 'failed', 'no activity takes it');
    end(first.key, id, 'failed', 'step 2: no activity takes it');
    await here.stored();
    expect(await status(id)).toMatchObject({
      status: 'failed',
      error: 'step 2: no activity takes it',
      current_step: 2,
      steps: [
        { state: 'ok' },
        { state: 'failed', message: 'no activity takes it' },
        { state: 'skipped' },
        {},
        {},
      ],
      user: { username: 'admin' },
    });
    expect(await here.link.slot(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
    const second = await run(first.id);
    expect(second.json.script_id).toBe(`gacs_${here.record.number}_002`);
    expect(items(await as('admin', 'GET', `/api/gacs/runs?slot=${first.id}&limit=1`))).toMatchObject([
      { script_id: second.json.script_id, status: 'executing' },
    ]);
  });

  it('has one script per slot at a time, and refuses a call beside it', async () => {
    const [first] = await slotsHere();
    await run(first.id);
    const again = await run(first.id);
    expect([again.status, again.json]).toEqual([409, error('SLOT_BUSY')]);
    expect(JSON.stringify(again.json.details)).toContain(`script gacs_${here.record.number}_001`);
    const call = { slot: first.id, callId: 'c_x', number: NUMBER, userId: USERS.op12 };
    expect(await here.link.startSlotCall(call)).toMatchObject({ code: 'SLOT_BUSY' });
  });

  it.each([
    [{ script: 'nobody' }, 'script'],
    [{ params: {} }, 'params.number'],
    [{ params: { number: 'reboot' } }, 'params.number'],
    [{ params: { number: NUMBER, other: 'x' } }, 'params.other'],
    [{ slot_id: 'ANY' }, 'slot_id'],
    [{ slot_id: 0 }, 'slot_id'],
  ])('refuses %j', async (change, field) => {
    const body = { slot_id: 'AUTO', script: 'gsm_call', params: { number: NUMBER }, ...change };
    const answer = await as('admin', 'POST', '/api/gacs/run-script', { body });
    expect([answer.status, Object.keys(answer.json.details as object)]).toEqual([400, [field]]);
  });

  it('leaves the slot free when the bridge refuses', async () => {
    const [first] = await slotsHere();
    here.replies.set('script.run', () => ({ refuse: 'SLOT_BUSY', message: 'the phone is in a call' }));
    const answer = await run(first.id);
    expect([answer.status, answer.json]).toEqual([409, error('SLOT_BUSY')]);
    expect(answer.json.details).toMatchObject({ bridge: ['SLOT_BUSY: the phone is in a call'] });
    expect(await here.link.slot(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
    expect(await here.link.scripts({ limit: 1 })).toMatchObject([{ status: 'failed' }]);
  });

  it('is not for operators', async () => {
    const body = { slot_id: 'AUTO', script: 'gsm_call', params: { number: NUMBER } };
    expect((await as('op12', 'POST', '/api/gacs/run-script', { body })).status).toBe(403);
  });
});

describe('a run', () => {
  it('is stopped at the bridge, and its end frees the slot', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    const stopped = await as('admin', 'POST', `/api/gacs/stop/${id}`);
    expect(stopped.json).toMatchObject({ script_id: id, status: 'executing' });
    expect((await here.nth('script.stop')).args).toEqual({ run_id: id });
    end(first.key, id, 'stopped');
    await here.stored();
    expect(await status(id)).toMatchObject({ status: 'stopped' });
    expect((await as('admin', 'POST', `/api/gacs/stop/${id}`)).json).toMatchObject({ status: 'stopped' });
    expect(here.of('script.stop')).toHaveLength(1);
  });

  it('and its hold outlive a restart of the object and a break of the tunnel', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    here.disconnect();
    step(id, 0, 'ok');
    end(first.key, id, 'ok');
    await evictDurableObject(here.link);
    expect(await status(id)).toMatchObject({ status: 'executing' });
    await here.connect();
    await here.stored();
    expect(await status(id)).toMatchObject({ status: 'ok', error: null });
    expect(await here.link.slot(first.id)).toMatchObject({ status: 'ONLINE', holder: null });
  });

  it('is not given up while the tunnel is down, however long that is', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    here.disconnect();
    await soon(async () => expect(await here.link.slot(first.id)).toMatchObject({ status: 'OFFLINE' }));
    step(id, 0, 'ok');
    end(first.key, id, 'ok');
    await holdsAge(here, 3 * 3_600_000);
    expect(await status(id)).toMatchObject({ status: 'executing' });
    await holdsAge(here, 3_600_000);
    await here.connect();
    await here.stored();
    expect(await status(id)).toMatchObject({ status: 'ok', error: null });
    expect(here.of('script.stop')).toEqual([]);
  });

  it('that died with the bridge’s process fails, and says so', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    step(id, 0, 'running');
    here.status(first.key, 'BUSY');
    // Started anew: it names its phones, idle.
    here.emit({ kind: 'slot.list', data: { slots: (await slotsHere()).map(({ key }) => key) } });
    here.status(first.key, 'ONLINE');
    await here.stored();
    expect(await status(id)).toMatchObject({ status: 'executing' });
    await holdsAge(here, 16_000);
    expect(await status(id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('restarted') as string,
      steps: [{ state: 'failed' }, { state: 'skipped' }, {}, {}, {}],
    });
    expect(await here.link.slot(first.id)).toMatchObject({ holder: null });
    // A word that comes after all changes nothing.
    end(first.key, id, 'ok');
    await here.stored();
    expect(await status(id)).toMatchObject({ status: 'failed' });
  });

  it('is not given up while its phone is busy with it', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    here.status(first.key, 'ONLINE');
    here.status(first.key, 'BUSY');
    await here.stored();
    await holdsAge(here, 16_000);
    expect(await status(id)).toMatchObject({ status: 'executing' });
  });

  it('of another tenant does not exist', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    for (const [method, path] of [
      ['GET', `/api/gacs/status/${id}`],
      ['POST', `/api/gacs/stop/${id}`],
      ['GET', `/api/gacs/runs/${id}/steps/1/screenshot`],
    ] as const)
      expect([path, (await as('admin2', method, path)).json]).toEqual([path, error('NOT_FOUND')]);
    expect(items(await as('admin2', 'GET', '/api/gacs/runs'))).toEqual([]);
  });

  it('keeps the pictures its steps took', async () => {
    const [first] = await slotsHere();
    const id = text((await run(first.id)).json.script_id);
    expect((await as('admin', 'GET', `/api/gacs/runs/${id}/steps/4/screenshot`)).status).toBe(404);
    const png = here.png;
    const sha256 = [...new Uint8Array(await crypto.subtle.digest('SHA-256', png))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    await here.upload({
      key: `screenshot/${id}/3`,
      kind: 'screenshot',
      size: png.byteLength,
      sha256,
      type: 'image/png',
      run_id: id,
      step: 3,
    });
    const [, , , taken] = (await status(id)).steps as { screenshot: string | null }[];
    expect(taken?.screenshot).toBe(`/api/gacs/runs/${id}/steps/4/screenshot`);
    const picture = await as('admin', 'GET', text(taken?.screenshot));
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(picture.text).toContain('PNG');
  });
});

describe('AUTO over several bridges', () => {
  it('takes the slot that is idle the longest, wherever it is', async () => {
    const [first, second] = await slotsHere();
    const taken = [];
    for (let n = 0; n < 3; n += 1) taken.push((await run('AUTO')).json.slot);
    const [third] = await there.link.slots();
    expect(taken).toEqual([first.id, second.id, third?.id]);
    expect((await run('AUTO')).json).toEqual(error('SLOT_BUSY'));
  });

  it('never gives one slot to two that start at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => run('AUTO')));
    const taken = answers.filter((one) => one.status === 200).map((one) => one.json.slot);
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken).toHaveLength(3);
    for (const one of answers.filter(({ status: code }) => code !== 200))
      expect(one.json).toEqual(error('SLOT_BUSY'));
  });

  it('passes by a bridge that is away, slots left out, and reserved ones', async () => {
    const [first, second] = await slotsHere();
    await as('admin', 'PATCH', `/api/slots/${first.id}`, { body: { config: { excludeFromAuto: true } } });
    await as('admin', 'POST', `/api/slots/${second.id}/hold`, { body: {} });
    const [third] = await there.link.slots();
    expect((await run('AUTO')).json.slot).toBe(third?.id);
    there.disconnect();
    await soon(async () =>
      expect(await there.link.slot(Number(third?.id))).toMatchObject({ status: 'OFFLINE' }),
    );
    expect((await run('AUTO')).json).toEqual(error('SLOT_BUSY'));
    await as('admin', 'DELETE', `/api/slots/${second.id}/hold`);
    expect((await run('AUTO')).json.slot).toBe(second.id);
  });

  it('is SLOT_OFFLINE where no slot is online', async () => {
    for (const slot of await here.link.slots()) here.status(slot.key, 'OFFLINE');
    await here.stored();
    there.disconnect();
    await soon(async () => expect((await there.link.slots())[0]?.status).toBe('OFFLINE'));
    expect((await run('AUTO')).json).toEqual(error('SLOT_OFFLINE'));
  });

  it('starts calls the same way', async () => {
    const tenant = {
      id: here.record.tenantId,
      bridges: [here, there].map(({ record }) => ({
        id: record.id,
        number: record.number,
        name: record.name,
      })),
    } as TenantView;
    const starts = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        startOnAnySlot(env, tenant, 'AUTO', async (link, slot) =>
          link.startSlotCall({
            slot,
            callId: `c_auto${tenant.bridges[0]?.number}${n}`,
            number: NUMBER,
            userId: USERS.op12,
          }),
        ).then(
          ({ answer }) => (answer.ok ? answer.slot.id : answer.code),
          (refused: Error & { code?: string }) => refused.code,
        ),
      ),
    );
    const taken = starts.filter((one) => typeof one === 'number');
    expect(taken).toHaveLength(3);
    expect(new Set(taken).size).toBe(3);
    expect(starts.filter((one) => typeof one === 'string')).toEqual(['SLOT_BUSY', 'SLOT_BUSY']);
  });
});
