import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, items, ONE, seedPeople, text, USERS, type Answered } from '../../test/worker/support/dialer';
import { soon } from '../../test/worker/support/slot-rows';
import type { Fetcher } from '../../objects/lib/outgoing-fetch';
import type { PipelinesApi } from '../../objects/pipelines/contract';

type Opened = PipelinesApi & { fetcher: Fetcher };

const http = { kind: 'http', name: 'Shop answers', url: 'https://shop.example/health' };
const wait = { kind: 'wait', name: 'Rest', sec: 3_600 };
const approval = { kind: 'approval', name: 'Ask', ask: 'Go on?' };
let made = 0;
const codeOf = ({ json }: Answered) => json.code;

async function define(steps: object[], more: object = {}): Promise<string> {
  made += 1;
  const answer = await as('admin', 'POST', '/api/dci/pipelines', {
    body: { name: `Pipeline ${made}`, steps, ...more },
  });
  expect(answer.status, answer.text).toBe(201);
  return text(answer.json.id);
}
const object = () => env.PIPELINES.getByName(ONE);
/** What the object's requests to the outside are answered from now on. */
const world = (fetcher: Fetcher) =>
  runInDurableObject(object(), (instance) => {
    (instance as unknown as Opened).fetcher = fetcher;
  });
/** The object's life ends in the middle of everything, as when its process is killed. */
const killed = () =>
  runInDurableObject(object(), (_, state) => state.abort('killed by the test')).catch(() => undefined);
const run = (id: string) => as('admin', 'POST', `/api/dci/pipeline/${id}/run`);
const status = async (id: string): Promise<Record<string, unknown>> =>
  (await as('admin', 'GET', `/api/dci/pipeline/${id}/status`)).json;
const ended = (id: string, how: string) =>
  soon(async () => expect(await status(id)).toMatchObject({ status: how }));
const logOf = async (runId: string): Promise<string[]> =>
  items(await as('admin', 'GET', `/api/dci/runs/${runId}/log`)).map(({ message }) => text(message));
const audited = async (target: string): Promise<Record<string, unknown>[]> =>
  items(await as('admin', 'GET', `/api/audit?target=${target}`));
const problems = (answer: Answered) => answer.json.details as Record<string, string[]>;

beforeAll(async () => {
  await seedPeople();
  await world(async () => new Response('all is well'));
});

describe('definitions', () => {
  it('are made, shown, replaced and deleted, each with a row of the audit', async () => {
    const id = await define([http], { branch: 'release/1', schedule: { kind: 'every', minutes: 60 } });
    const shown = await as('view1', 'GET', `/api/dci/pipelines/${id}`);
    expect(shown.json).toMatchObject({
      id,
      branch: 'release/1',
      status: 'idle',
      triggered_by: null,
      start_time: null,
      log_url: null,
      schedule: { kind: 'every', minutes: 60, enabled: true },
      updated_by: { username: 'admin' },
      steps: [{ kind: 'http', retries: 0, expect_status: [] }],
    });
    expect(Date.parse(text(shown.json.next_run)) - Date.now()).toBeGreaterThan(3_500_000);
    const name = text(shown.json.name);
    const put = await as('admin', 'PUT', `/api/dci/pipelines/${id}`, { body: { name, steps: [wait] } });
    expect(put.json).toMatchObject({ branch: 'main', next_run: null, steps: [{ kind: 'wait' }] });
    const listed = await as('view1', 'GET', '/api/dci/pipelines');
    expect(JSON.parse(listed.text)).toContainEqual(expect.objectContaining({ id, name, step_count: 1 }));
    expect((await as('admin', 'DELETE', `/api/dci/pipelines/${id}`)).status).toBe(204);
    expect(codeOf(await as('admin', 'GET', `/api/dci/pipelines/${id}`))).toBe('NOT_FOUND');
    expect((await audited(id)).map(({ action }) => action)).toEqual([
      'pipeline.delete',
      'pipeline.update',
      'pipeline.create',
    ]);
  });

  it('are checked: shape, addresses, scripts, bridges, names', async () => {
    const steps = [
      { ...http, url: 'https://127.0.0.1/' },
      { ...http, url: 'http://shop.example/' },
      { kind: 'script', name: 's', script: 'no_such', slot: 1 },
      { kind: 'script', name: 's', script: 'gsm_call', slot: 'AUTO', params: { number: 'x' } },
      { kind: 'reload', name: 'r', module: 'res_pjsip.so', bridge: 'nobody' },
    ];
    const refused = await as('admin', 'POST', '/api/dci/pipelines', { body: { name: 'Bad', steps } });
    expect(codeOf(refused)).toBe('INVALID_PARAMS');
    expect(problems(refused)).toEqual({
      'steps.0.url': ['is an address of a private or reserved network'],
      'steps.1.url': ['must start with https://'],
      'steps.2.script': ['there is no such script'],
      'steps.3.params.number': ['not a phone number'],
      'steps.4.bridge': ['there is no such bridge'],
    });
    const checked = await as('admin', 'POST', '/api/dci/pipelines/check', { body: { name: 'Bad', steps } });
    expect(checked.json).toMatchObject({ ok: false, problems: { 'steps.0.url': expect.anything() } });
    const good = { name: 'Good', steps: [http], schedule: { kind: 'at', times: ['03:30'], days: [1] } };
    const fine = await as('admin', 'POST', '/api/dci/pipelines/check', { body: good });
    expect(fine.json).toMatchObject({ ok: true, problems: {} });
    // Half past three in Moscow.
    expect(text(fine.json.next_run)).toMatch(/T00:30:00/);
    await define([http], { name: 'Twice' });
    const twice = await as('admin', 'POST', '/api/dci/pipelines', { body: { name: 'Twice', steps: [http] } });
    expect(problems(twice)).toEqual({ name: ['a pipeline has this name already'] });
    const other = await define([http]);
    const renamed = await as('admin', 'PUT', `/api/dci/pipelines/${other}`, {
      body: { name: 'Twice', steps: [http] },
    });
    expect(problems(renamed)).toEqual({ name: ['a pipeline has this name already'] });
  });

  it('show another tenant nothing', async () => {
    const id = await define([approval]);
    const { json } = await run(id);
    const other = (method: string, path: string, body?: object) =>
      as('admin2', method, path, body === undefined ? {} : { body });
    for (const answer of [
      await other('GET', `/api/dci/pipelines/${id}`),
      await other('GET', `/api/dci/pipeline/${id}/status`),
      await other('POST', `/api/dci/pipeline/${id}/run`),
      await other('POST', `/api/dci/pipeline/${id}/stop`, {}),
      await other('GET', `/api/dci/runs/${text(json.id)}`),
      await other('GET', `/api/dci/runs/${text(json.id)}/log`),
      await other('POST', `/api/dci/runs/${text(json.id)}/retry`),
      await other('POST', `/api/dci/runs/${text(json.id)}/approval`, { step: 1, approve: true }),
      await other('DELETE', `/api/dci/pipelines/${id}`),
    ])
      expect(codeOf(answer)).toBe('NOT_FOUND');
    expect(JSON.parse((await other('GET', '/api/dci/pipelines')).text)).toEqual([]);
    expect(items(await other('GET', '/api/dci/logs'))).toEqual([]);
    expect(await status(id)).toMatchObject({ status: 'waiting' });
  });

  it('ask their author for the right to do each step by hand', async () => {
    const reload = { kind: 'reload', name: 'r', module: 'res_pjsip.so' };
    const role = await as('admin', 'POST', '/api/roles', {
      body: { name: 'Runner', permissions: { DCI: ['read', 'run'], WORKSPACE: ['view'] } },
    });
    await as('admin', 'PATCH', `/api/users/${USERS.op13}`, { body: { role: role.json.id } });
    const refused = await as('op13', 'POST', '/api/dci/pipelines', { body: { name: 'R', steps: [reload] } });
    expect(codeOf(refused)).toBe('PERMISSION_DENIED');
    expect(text(refused.json.message)).toContain('pbx.manage');
    const allowed = await as('op13', 'POST', '/api/dci/pipelines', { body: { name: 'H', steps: [http] } });
    expect(allowed.status).toBe(201);
    expect(codeOf(await as('view1', 'POST', `/api/dci/pipeline/${text(allowed.json.id)}/run`))).toBe(
      'PERMISSION_DENIED',
    );
  });
});

describe('runs', () => {
  it('do their steps and keep a log whose lines have numbers of their own', async () => {
    const id = await define([http, { ...http, name: 'Again', expect_text: 'well', expect_status: [200] }]);
    const started = await run(id);
    expect(started.json).toMatchObject({ status: 'running', triggered_by: 'admin', step_count: 2 });
    await ended(id, 'ok');
    const runId = text(started.json.id);
    expect(await logOf(runId)).toEqual([
      expect.stringMatching(/^Run of Pipeline \d+ \(main\) started by admin$/),
      'Step 1 (Shop answers) started',
      expect.stringMatching(/^GET https:\/\/shop\.example answered 200 in \d+ ms$/),
      expect.stringMatching(/^Step 1 ended well: 200 in \d+ ms$/),
      'Step 2 (Again) started',
      expect.stringMatching(/answered 200/),
      expect.stringMatching(/^Step 2 ended well/),
      'Run ended well',
    ]);
    const lines = items(await as('view1', 'GET', `/api/dci/runs/${runId}/log?after=6&limit=1`));
    expect(lines).toMatchObject([{ line: 7, step: 2, severity: 'info', run_id: runId, module: 'pipeline' }]);
    const plain = await as('view1', 'GET', `/api/dci/runs/${runId}/log`, {
      headers: { accept: 'text/plain' },
    });
    expect(plain.text.split('\n')).toHaveLength(9);
    expect(await status(id)).toMatchObject({ log_url: `/api/dci/runs/${runId}/log`, run_id: runId });
    expect((await audited(id))[0]).toMatchObject({ action: 'pipeline.run', after: { run: runId } });
  });

  it('are one at a time, and stopped by somebody for a reason, at once', async () => {
    const id = await define([wait]);
    const started = await run(id);
    expect(codeOf(await run(id))).toBe('PIPELINE_ERROR');
    expect(codeOf(await as('admin', 'DELETE', `/api/dci/pipelines/${id}`))).toBe('PIPELINE_ERROR');
    const stopped = await as('admin', 'POST', `/api/dci/pipeline/${id}/stop`, {
      body: { reason: 'wrong day' },
    });
    expect(stopped.json).toMatchObject({
      status: 'cancelled',
      cancelled: { by: 'admin', reason: 'wrong day' },
      steps: [{ state: 'cancelled' }],
    });
    expect(await logOf(text(started.json.id))).toContain('Stopped by admin: wrong day');
    expect(codeOf(await as('admin', 'POST', `/api/dci/pipeline/${id}/stop`, { body: {} }))).toBe(
      'PIPELINE_ERROR',
    );
    expect((await run(id)).status).toBe(200);
    const bare = await as('admin', 'POST', `/api/dci/pipeline/${id}/stop`);
    expect(bare.json).toMatchObject({ status: 'cancelled', cancelled: { by: 'admin', reason: '' } });
    const history = await as('view1', 'GET', `/api/dci/pipeline/${id}/runs?limit=1`);
    expect(items(history)).toHaveLength(1);
    const older = await as('view1', 'GET', `/api/dci/pipeline/${id}/runs?cursor=${text(history.json.next)}`);
    expect(items(older)).toMatchObject([{ id: started.json.id }]);
  });

  it('stop an answer that is waited for', async () => {
    let given: AbortSignal | null | undefined;
    await world((_, init) => {
      given = init.signal;
      return new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    });
    const id = await define([http]);
    const { json } = await run(id);
    await soon(async () => expect(given).toBeDefined());
    const stopped = await as('admin', 'POST', `/api/dci/pipeline/${id}/stop`, { body: {} });
    expect(stopped.json).toMatchObject({ status: 'cancelled', id: json.id });
    expect(given?.aborted).toBe(true);
    await world(async () => new Response('all is well'));
  });

  it('fail, are retried from the step that failed, and do nothing twice', async () => {
    let broken = true;
    const seen: string[] = [];
    await world(async (url) => {
      seen.push(url);
      return url.endsWith('/second') && broken ? new Response('no', { status: 503 }) : new Response('ok');
    });
    const id = await define([http, { ...http, name: 'Second', url: 'https://shop.example/second' }]);
    const { json } = await run(id);
    await ended(id, 'failed');
    const failed = await status(id);
    expect(failed).toMatchObject({
      run: { error: 'answered 503, expected 2xx', step: 2 },
      detail: { retryable: true },
    });
    expect((await as('view1', 'GET', '/api/dci/status')).json).toMatchObject({
      last_failures: [{ id: json.id, pipeline_id: id }],
    });
    broken = false;
    const again = await as('admin', 'POST', `/api/dci/runs/${text(json.id)}/retry`);
    expect(again.json).toMatchObject({ id: json.id, status: 'running' });
    await ended(id, 'ok');
    expect(seen.map((url) => new URL(url).pathname)).toEqual(['/health', '/second', '/second']);
    expect(codeOf(await as('admin', 'POST', `/api/dci/runs/${text(json.id)}/retry`))).toBe('PIPELINE_ERROR');
    await world(async () => new Response('all is well'));
  });

  it('try again by themselves after a rest', async () => {
    let left = 2;
    await world(async () => {
      left -= 1;
      if (left >= 0) throw new TypeError('connection refused');
      return new Response('ok');
    });
    const id = await define([{ ...http, retries: 2, retry_delay_sec: 0 }]);
    await run(id);
    await ended(id, 'ok');
    expect(await status(id)).toMatchObject({ detail: { steps: [{ attempt: 3, attempts: 3 }] } });
    await world(async () => new Response('all is well'));
  });

  it('wait for an approval', async () => {
    const id = await define([approval, http]);
    const { json } = await run(id);
    const runId = text(json.id);
    expect(json).toMatchObject({ status: 'waiting', steps: [{ state: 'approval', ask: 'Go on?' }, {}] });
    const wrong = await as('admin', 'POST', `/api/dci/runs/${runId}/approval`, {
      body: { step: 2, approve: true },
    });
    expect(codeOf(wrong)).toBe('PIPELINE_ERROR');
    const body = { step: 1, approve: true, comment: 'looks good' };
    expect((await as('admin', 'POST', `/api/dci/runs/${runId}/approval`, { body })).status).toBe(200);
    await ended(id, 'ok');
    expect(await logOf(runId)).toContain('Step 1 ended well: approved by admin: looks good');
    expect((await audited(id))[0]).toMatchObject({ action: 'pipeline.approve' });
    const second = text((await run(id)).json.id);
    const no = { step: 1, approve: false, comment: '' };
    const rejected = await as('admin', 'POST', `/api/dci/runs/${second}/approval`, { body: no });
    expect(rejected.json).toMatchObject({ status: 'failed', error: 'rejected by admin' });
  });

  it('outlive their object: a wait goes on, a check is asked again, an approval still waits', async () => {
    const waits = await define([wait]);
    const asks = await define([approval]);
    const checks = await define([http]);
    let asked = 0;
    await world(() => {
      asked += 1;
      return new Promise<Response>(() => undefined);
    });
    for (const id of [waits, asks, checks]) await run(id);
    await soon(async () => expect(asked).toBe(1));
    await killed();
    await world(async () => new Response('all is well'));
    await runDurableObjectAlarm(object());
    await ended(checks, 'ok');
    expect(await status(waits)).toMatchObject({ status: 'running' });
    expect(await status(asks)).toMatchObject({ status: 'waiting' });
    const { run_id: runId } = await status(checks);
    expect(await logOf(text(runId))).toContain('The server was restarted: the step is taken up again');
    for (const id of [waits, asks]) await as('admin', 'POST', `/api/dci/pipeline/${id}/stop`, { body: {} });
  });

  it('end by their limits, and a wait by its time', async () => {
    await world(() => new Promise<Response>(() => undefined));
    const limited = await define([
      { ...http, limit_sec: 1, continue_on_error: true },
      { ...wait, sec: 1 },
    ]);
    await run(limited);
    await ended(limited, 'ok');
    expect(await status(limited)).toMatchObject({
      detail: { steps: [{ state: 'failed' }, { state: 'ok', message: 'waited 1 s' }] },
    });
    await world(async () => new Response('all is well'));
  });
});

describe('schedules', () => {
  const due = (id: string, at: number) =>
    runInDurableObject(object(), async (_, { storage }) => {
      storage.sql.exec('UPDATE schedules SET next_at = ? WHERE pipeline_id = ?', at, id);
      storage.sql.exec("UPDATE timers SET at = 1 WHERE name = 'schedule:' || ?", id);
      await storage.setAlarm(Date.now());
    });

  it('start a pipeline by themselves, and plan the next moment', async () => {
    const id = await define([http], { schedule: { kind: 'every', minutes: 30 } });
    const planned = text((await status(id)).next_run);
    await due(id, Date.now() - 5_000);
    await ended(id, 'ok');
    expect(await status(id)).toMatchObject({ triggered_by: 'schedule', next_run: planned });
    expect((await as('view1', 'GET', '/api/dci/status')).json).toMatchObject({
      next_run: { pipeline_id: id },
    });
  });

  it('pass over what falls into a run, and what was missed by more than an hour', async () => {
    const id = await define([approval], { schedule: { kind: 'every', minutes: 30 } });
    await run(id);
    const before = (await status(id)).run_id;
    await due(id, Date.now() - 1_000);
    const said = async (words: string) =>
      soon(async () =>
        expect(
          items(await as('view1', 'GET', `/api/dci/logs?severity=warning&q=${encodeURIComponent(words)}`)),
        ).not.toHaveLength(0),
      );
    await said('one is under way');
    await due(id, Date.now() - 3_700_000);
    await said('missed by more than an hour');
    expect((await status(id)).run_id).toBe(before);
  });
});
