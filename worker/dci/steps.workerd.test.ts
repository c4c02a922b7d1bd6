import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { as, items, ONE, seedPeople, signInApi, text } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import { MIGRATIONS } from '../../objects/pipelines/migrations';

const NUMBER = '+375290000000';
let bridge: SlotBridge;
let made = 0;

const object = (tenantId: string = ONE) => env.PIPELINES.getByName(tenantId);
async function start(...steps: object[]): Promise<string> {
  made += 1;
  const body = { name: `Steps ${made}`, steps };
  const defined = await as('admin', 'POST', '/api/dci/pipelines', { body });
  expect(defined.status, defined.text).toBe(201);
  const id = text(defined.json.id);
  const begun = await as('admin', 'POST', `/api/dci/pipeline/${id}/run`);
  expect(begun.status, begun.text).toBe(200);
  return id;
}
const detail = async (id: string) =>
  (await as('admin', 'GET', `/api/dci/pipeline/${id}/status`)).json.detail as Record<string, unknown>;
const ended = (id: string, status: string, message: string | RegExp) =>
  soon(async () =>
    expect(await detail(id)).toMatchObject({ status, steps: [{ message: expect.stringMatching(message) }] }),
  );
const stop = (id: string) =>
  as('admin', 'POST', `/api/dci/pipeline/${id}/stop`, { body: { reason: 'enough' } });
const killed = () =>
  runInDurableObject(object(), (_, state) => state.abort('killed by the test')).catch(() => undefined);
const ask = (verb: string, args: object = {}, more: object = {}) => ({
  kind: 'bridge',
  name: verb,
  verb,
  args,
  bridge: bridge.record.id,
  ...more,
});

beforeAll(async () => {
  await seedPeople();
});
beforeEach(async () => {
  bridge = await enrolled([`P${crypto.randomUUID().slice(0, 6)}`]);
});
afterEach(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

describe('a reload of Asterisk', () => {
  const reload = (more: object = {}) => ({
    kind: 'reload',
    name: 'Reload',
    module: 'app_queue.so',
    bridge: bridge.record.id,
    ...more,
  });

  it('goes through the bridge’s own verb', async () => {
    bridge.replies.set('pbx.reload', () => ({ result: { output: "Module 'app_queue.so' reloaded." } }));
    const id = await start(reload());
    await ended(id, 'ok', 'the bridge did it');
    expect((await bridge.nth('pbx.reload')).args).toMatchObject({ module: 'app_queue.so' });
  });

  it('fails with the bridge’s words, and is tried again where that may help', async () => {
    let refusals = 1;
    bridge.replies.set('pbx.reload', () => {
      refusals -= 1;
      return refusals >= 0 ? { refuse: 'PBX_OFFLINE', message: 'no SSH' } : { result: { output: 'done' } };
    });
    await ended(await start(reload({ retries: 1, retry_delay_sec: 0 })), 'ok', 'the bridge did it');
    bridge.replies.set('pbx.reload', () => ({ refuse: 'FORBIDDEN', message: 'not in the list' }));
    await ended(await start(reload({ retries: 5 })), 'failed', 'FORBIDDEN: not in the list');
  });

  it('is not done twice when the object is killed in the middle of it', async () => {
    bridge.replies.set('pbx.reload', () => ({ silent: true }));
    const id = await start(reload());
    const asked = await bridge.nth('pbx.reload');
    await killed();
    await runDurableObjectAlarm(object());
    bridge.answer(asked, { result: { output: 'done once' } });
    await ended(id, 'ok', 'the bridge did it');
    expect(new Set(bridge.of('pbx.reload').map((one) => one.id)).size).toBe(1);
  });

  it('says that the bridge is away', async () => {
    bridge.disconnect();
    await soon(async () => expect((await bridge.link.status()).connected).toBe(false));
    await ended(await start(reload()), 'failed', 'is not connected');
  });
});

describe('a command of a bridge', () => {
  it('that finds a trunk down fails', async () => {
    const trunk = (name: string, state: 'OK' | 'DOWN') => ({
      pbx: 'main',
      name,
      state,
      reason: null,
      registration: null,
      endpoint: null,
      failed: 0,
      last_check: 1,
    });
    bridge.replies.set('pbx.trunks', () => ({ result: { trunks: [trunk('a', 'OK'), trunk('b', 'DOWN')] } }));
    await ended(await start(ask('pbx.trunks')), 'failed', 'down: b');
    bridge.replies.set('pbx.trunks', () => ({ result: { trunks: [trunk('a', 'OK')] } }));
    await ended(await start(ask('pbx.trunks')), 'ok', '1 trunks, none down');
  });

  it('reboots a slot, and not again by itself after a restart', async () => {
    const [slot] = await bridge.link.slots();
    await ended(await start(ask('slot.reboot', { slot: slot?.id })), 'ok', 'took it');
    expect(bridge.of('slot.reboot')).toHaveLength(1);
    bridge.status(slot?.key ?? '', 'ONLINE');
    await bridge.stored();
    bridge.replies.set('slot.restart', () => ({ silent: true }));
    const id = await start(ask('slot.restart', { slot: slot?.id }, { retries: 3 }));
    await bridge.nth('slot.restart');
    await killed();
    await runDurableObjectAlarm(object());
    await ended(id, 'failed', 'it is not repeated by itself');
    expect(bridge.of('slot.restart')).toHaveLength(1);
  });
});

describe('a script on a slot', () => {
  const script = (slot: number | 'AUTO', more: object = {}) => ({
    kind: 'script',
    name: 'Call',
    script: 'gsm_call',
    slot,
    params: { number: '8 029 000-00-00' },
    ...more,
  });
  const slotId = async () => (await bridge.link.slots())[0]?.id ?? 0;
  const runIdOf = async (n = 0) => text((await bridge.nth('script.run', n)).args.run_id);
  const end = (run_id: string, result: 'ok' | 'failed', message: string | null = null) =>
    bridge.emit({
      kind: 'script.end',
      data: { run_id, slot: text(bridge.of('script.run')[0]?.args.slot), result, message },
    });

  it('runs to its end, its steps in the log', async () => {
    const id = await start(script(await slotId()));
    const runId = await runIdOf();
    expect((await bridge.nth('script.run')).args).toMatchObject({ params: { number: NUMBER } });
    bridge.emit({ kind: 'script.step', data: { run_id: runId, step: 0, state: 'ok', ms: 5, message: null } });
    end(runId, 'ok');
    await ended(id, 'ok', /gsm|gacs_\d+_\d+ on slot \d+ ended well/);
    const run = await detail(id);
    const lines = items(await as('admin', 'GET', `/api/dci/runs/${text(run.id)}/log`));
    expect(lines.map(({ message }) => message)).toContain(`${runId} step 1 (key): ok`);
  });

  it('fails with it', async () => {
    const id = await start(script(await slotId()));
    end(await runIdOf(), 'failed', 'step 2: no such screen');
    await ended(id, 'failed', 'no such screen');
  });

  it('is stopped with its run', async () => {
    const id = await start(script(await slotId()));
    const runId = await runIdOf();
    await soon(async () => expect((await detail(id)).lines).toBeGreaterThan(2));
    expect((await stop(id)).json).toMatchObject({ status: 'cancelled', cancelled: { reason: 'enough' } });
    expect((await bridge.nth('script.stop')).args).toMatchObject({ run_id: runId });
  });

  it('is found again after the object was killed, and not begun again', async () => {
    const id = await start(script(await slotId()));
    const runId = await runIdOf();
    await soon(async () => expect((await detail(id)).lines).toBeGreaterThan(2));
    await killed();
    await runDurableObjectAlarm(object());
    end(runId, 'ok');
    await ended(id, 'ok', 'ended well');
    expect(bridge.of('script.run')).toHaveLength(1);
  });

  it('is the same one for whoever asks again under its key', async () => {
    const slot = await slotId();
    const { json } = await as('admin', 'GET', '/api/gacs/scripts/gsm_call');
    const asked = {
      slot,
      script: { name: 'gsm_call', title: '', params: [], steps: json.steps as never },
      params: {},
      free: false,
      userId: 'u',
      key: `k-${slot}`,
    };
    const first = await bridge.link.startScript(asked);
    expect(first.ok).toBe(true);
    expect(await bridge.link.startScript(asked)).toEqual(first);
    expect(bridge.of('script.run')).toHaveLength(1);
  });
});

describe('the live tail', () => {
  it('brings new entries of the log to sockets that may see it, and no others', async () => {
    const listen = async (user: 'view1' | 'op12') => {
      const heard: Record<string, unknown>[] = [];
      const headers = { upgrade: 'websocket', authorization: `Bearer ${await signInApi(user)}` };
      const { webSocket } = await exports.default.fetch(
        new Request('http://dialer.example/api/live', { headers }),
      );
      if (webSocket === null) throw new Error('no socket');
      webSocket.addEventListener('message', ({ data }) => {
        heard.push(JSON.parse(String(data)) as Record<string, unknown>);
      });
      webSocket.accept();
      return { heard, webSocket };
    };
    const viewer = await listen('view1');
    const operator = await listen('op12');
    const body = { module: 'backup', severity: 'info', message: 'told live' };
    const posted = await as('admin', 'POST', '/api/dci/log-event', { body });
    const told = () =>
      viewer.heard.flatMap(({ type, entries }) => (type === 'log' ? (entries as { id: number }[]) : []));
    await soon(async () => expect(told()).toContainEqual(posted.json));
    // Numbers grow by one: a client that finds a hole reads it at /api/dci/logs.
    const ids = told().map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, n) => (ids[0] ?? 0) + n));
    expect(operator.heard.filter(({ type }) => type === 'log')).toEqual([]);
    for (const { webSocket } of [viewer, operator]) webSocket.close();
  });
});

describe('the object', () => {
  it('sleeps and wakes with all it knows', async () => {
    const id = await start({ kind: 'approval', name: 'a', ask: 'Go?' });
    const before = await detail(id);
    await evictDurableObject(object());
    expect(await detail(id)).toEqual(before);
    await stop(id);
  });

  it('takes up the storage of its first version', async () => {
    const old = object('7777');
    await runInDurableObject(old, (_, { storage }) => {
      for (const { name } of storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
        )
        .toArray())
        storage.sql.exec(`DROP TABLE ${name}`);
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(MIGRATIONS[0]?.sql ?? '');
      storage.sql.exec("INSERT INTO object_migrations VALUES (1, 'runs and log')");
      storage.sql.exec("INSERT INTO state VALUES ('name', '7777')");
      const step = {
        kind: 'wait',
        name: 'w',
        sec: 1,
        retries: 0,
        retry_delay_sec: 5,
        continue_on_error: false,
      };
      const state = {
        attempt: 1,
        tries: 1,
        startedAt: 1,
        endedAt: null,
        dueAt: 1_001,
        message: null,
        ref: null,
      };
      const run = {
        id: 'run_old',
        pipelineId: 'pl_old',
        name: 'Old',
        branch: 'main',
        steps: [step],
        states: [{ state: 'running', ...state }],
        state: 'running',
        by: { userId: null, name: 'schedule' },
        ownerId: 'u',
        shell: false,
        startedAt: 1,
        endedAt: null,
        cancelled: null,
      };
      storage.sql.exec(
        "INSERT INTO runs (id, pipeline_id, state, started_at, data) VALUES ('run_old', 'pl_old', 'running', 1, ?)",
        JSON.stringify(run),
      );
    });
    await evictDurableObject(old);
    await soon(async () => {
      await runDurableObjectAlarm(old);
      expect(await old.run('run_old')).toMatchObject({ state: 'ok', lines: 2 });
    });
  });
});
