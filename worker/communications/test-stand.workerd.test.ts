import { eq } from 'drizzle-orm';
import { describe, expect, it, vi } from 'vitest';
import { ask, CONTENT, db, KEY } from '../../test/worker/support/communications';
import { Developer, MESSAGE, ROOT, type Json } from '../../test/worker/support/sandbox';
import { appVersions } from '../db/schema';

/** Goes on with a run until a check waits for the provider, or it is over. */
async function played(developer: Developer, runId: string, until: (run: Json) => boolean): Promise<Json> {
  return vi.waitFor(
    async () => {
      await developer.wake();
      const { json } = await developer.get(`/runs/${runId}`);
      expect(until(json)).toBe(true);
      return json;
    },
    { timeout: 10_000, interval: 20 },
  );
}

const stateOf = (run: Json, code: string): unknown =>
  (run['checks'] as Json[]).find((check) => check['code'] === code)?.['state'];
const isOver = (run: Json): boolean => run['state'] !== 'running';

/** Everything the stand asks of a good provider. */
async function wholeRun(developer: Developer, client: string): Promise<Json> {
  const started = await developer.post('/runs');
  expect(started).toMatchObject({ status: 201, json: { state: 'running', configurationVersion: '1.0.0' } });
  expect(await developer.post('/runs')).toMatchObject({ status: 409, json: { code: 'run_in_progress' } });
  const id = String(started.json['id']);
  await played(developer, id, (run) => stateOf(run, 'incoming_message') === 'running');
  await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE });
  const waiting = await played(
    developer,
    id,
    (run) => stateOf(run, 'status_back') !== 'waiting' || isOver(run),
  );
  if (stateOf(waiting, 'status_back') === 'running') {
    const sent = developer.asked.find(
      ({ path, body }) =>
        path === '/send' && body['chat'] !== undefined && (body['chat'] as Json)['id'] === 'chat-7',
    );
    await ask('POST', `/communications/v1/messages/p-${String(sent?.idempotency)}/status`, {
      token: client,
      body: { status: 'delivered' },
    });
  }
  return played(developer, id, isOver);
}

describe('the test stand', () => {
  it('passes a provider that does what is documented, and publication asks for that', async () => {
    const developer = await Developer.start();
    const run = await wholeRun(developer, await developer.open());
    const checks = (run['checks'] as Json[]).map(({ code, state, problem }) => [code, state, problem]);
    expect(checks.filter(([, state]) => state !== 'passed')).toEqual([]);
    expect(run['state']).toBe('passed');
    const [first] = run['checks'] as { exchange: Json }[];
    expect(Object.keys(first?.exchange ?? {}).toSorted()).toEqual([
      'answer',
      'attempt',
      'deliveries',
      'direction',
      'error',
      'kind',
      'request',
    ]);
    const sent = developer.asked.filter(
      ({ path, key, body }) => path === '/send' && key === KEY && (body['chat'] as Json)['id'] === 'chat-7',
    );
    expect(sent).toHaveLength(2);
    expect(sent[0]).toEqual(sent[1]);
    const where = `${ROOT}/apps/${developer.app}/publication`;
    const stand = { by: 'run', state: 'passed', configurationVersion: '1.0.0', runId: run['id'] };
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: true },
      testStand: stand,
    });
    await developer.upload('1.1.0');
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: false },
      testStand: stand,
    });
    await ask('PATCH', `/internal/v1/app-versions/${developer.app}/1.0.0`, {
      token: developer.service,
      body: { testStand: 'passed' },
    });
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: true },
      testStand: { by: 'marketplace', state: 'passed', runId: null },
    });
    expect((await developer.get('/runs')).json).toMatchObject({
      items: [{ id: run['id'] }],
      nextCursor: null,
    });
  });

  it('says what is wrong with one that does not', async () => {
    const developer = await Developer.start({
      endpoints: {
        ...CONTENT.endpoints,
        getMessageHistory: CONTENT.endpoints.getChannels.replace('channels', 'history'),
      },
    });
    developer.keyCounts = false;
    developer.replies.set('/history', () => Response.json({ items: [{ id: 'x' }] }));
    const taken = new Set<string | null>();
    developer.replies.set('/send', ({ idempotency }) => {
      const again = taken.has(idempotency);
      taken.add(idempotency);
      return Response.json({ id: `${again ? 'other' : 'p'}-${String(idempotency)}` });
    });
    developer.replies.set('/content', () => new Response('no', { status: 501 }));
    developer.replies.set('/status', () => Response.redirect('https://elsewhere.example.com/', 302));
    const run = await wholeRun(developer, await developer.open());
    expect(run['state']).toBe('failed');
    expect(
      Object.fromEntries((run['checks'] as Json[]).map(({ code, problem }) => [code, problem])),
    ).toMatchObject({
      wrong_key: 'key_accepted',
      get_channels: null,
      history: 'unreadable',
      incoming_message: null,
      wrong_key_send: 'key_accepted',
      unknown_chat: 'chat_accepted',
      send_message: null,
      repeat_send: 'other_id',
      update_content: 'status',
      mark_read: null,
      update_status: 'status',
      disconnect: null,
    });
    const [version] = await db.select().from(appVersions).where(eq(appVersions.appCode, developer.app));
    expect(version).toMatchObject({ testStand: 'failed', testStandRun: { id: run['id'] } });
  });

  it('is cancelled by hand, which says nothing of the configuration', async () => {
    const developer = await Developer.start();
    await developer.open();
    const { json } = await developer.post('/runs');
    const id = String(json['id']);
    await played(developer, id, (run) => stateOf(run, 'incoming_message') === 'running');
    expect(await developer.post(`/runs/${id}/cancel`)).toMatchObject({ json: { state: 'cancelled' } });
    expect(await developer.post('/runs/none/cancel')).toMatchObject({ status: 404 });
    expect(await developer.get('/runs/none')).toMatchObject({ status: 404 });
    await developer.wake();
    const [version] = await db.select().from(appVersions).where(eq(appVersions.appCode, developer.app));
    expect(version).toMatchObject({ testStand: 'pending', testStandRun: null });
  });
});
