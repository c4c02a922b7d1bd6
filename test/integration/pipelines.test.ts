/**
 * Pipelines on a real server: their checks leave through the network that the server may reach, runs outlive a kill -9 of
 * everything and do nothing twice, and the log is told live to both kinds of sockets.
 */
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn, type Client } from './support/client.ts';
import { LiveFeed } from './support/live-feed.ts';
import { Outside } from './support/outside.ts';
import { TestServer } from './support/server.ts';

/** Against hanging only: a start on a busy machine takes long. */
const PATIENCE_MS = 180_000;

let server: TestServer;
let outside: Outside;
let engineer: Client;
let names = 0;

beforeAll(async () => {
  outside = await Outside.start();
  server = await TestServer.start({ OUTGOING_ORIGINS: outside.origin });
  engineer = await signIn(server.url, 'eng1');
});
afterAll(async () => {
  await server?.stop();
  outside?.stop();
});

const check = (path: string, more: object = {}) => ({
  kind: 'http',
  name: path,
  url: `${outside.origin}${path}`,
  ...more,
});
async function define(steps: object[], more: object = {}): Promise<string> {
  names += 1;
  const body = { name: `Pipeline ${names}`, steps, ...more };
  const reply = await engineer.post('/api/dci/pipelines', body);
  expect(reply.status, reply.text).toBe(201);
  return String(reply.json['id']);
}
async function run(id: string): Promise<string> {
  const reply = await engineer.send('POST', `/api/dci/pipeline/${id}/run`);
  expect(reply.status, reply.text).toBe(200);
  return String(reply.json['id']);
}
const status = async (id: string) => (await engineer.get(`/api/dci/pipeline/${id}/status`)).json;
const ended = (id: string) =>
  eventually(async () => {
    const now = await status(id);
    return ['ok', 'failed', 'cancelled'].includes(String(now['status'])) && now;
  });

describe('an HTTP check', () => {
  it('asks what the operator of the server allows, and follows no redirect', async () => {
    outside.answers.set('/moved', 302);
    const id = await define([check('/ready', { expect_text: 'well' }), check('/moved')]);
    await run(id);
    const now = await ended(id);
    expect(now).toMatchObject({ status: 'failed', run: { error: 'answered 302, expected 2xx' } });
    expect(outside.asked).toEqual(['/ready', '/moved']);
  });

  it('asks nothing else of this machine, whatever its notation', async () => {
    const port = new URL(outside.origin).port;
    for (const url of [
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://[::1]/',
      `http://localhost:${port}/`,
      'https://169.254.169.254/latest/meta-data',
      server.url,
    ]) {
      const steps = [{ kind: 'http', name: 'x', url }];
      const reply = await engineer.post('/api/dci/pipelines', { name: 'Nosy', steps });
      expect(reply.status, url).toBe(400);
      expect(reply.json['details'], url).toHaveProperty(['steps.0.url']);
    }
  });

  it('says that nobody is there', async () => {
    const id = await define([{ kind: 'http', name: 'x', url: 'https://nobody.example/' }]);
    await run(id);
    expect(await ended(id)).toMatchObject({
      status: 'failed',
      run: { error: expect.stringContaining('nobody.example can’t be reached') },
    });
  });
});

describe('a kill -9 of everything', () => {
  it(
    'in the middle of runs: they go on, nothing is done twice, approvals and schedules are kept',
    async () => {
      outside.answers.set('/slow', 0);
      const waits = await define([check('/first'), { kind: 'wait', name: 'w', sec: 4 }, check('/second')]);
      const asks = await define([
        check('/asked'),
        { kind: 'approval', name: 'a', ask: 'Go?' },
        check('/after'),
      ]);
      const checks = await define([check('/done'), check('/slow', { limit_sec: 600 })]);
      const planned = await define([check('/x')], { schedule: { kind: 'every', minutes: 60 } });
      const [, approval] = [await run(waits), await run(asks), await run(checks)];
      await expect.poll(() => outside.timesAsked('/slow'), { timeout: 10_000 }).toBe(1);
      await eventually(async () => (await status(asks))['status'] === 'waiting');
      await eventually(
        async () => (await status(waits))['run'] !== null && outside.timesAsked('/first') === 1,
      );
      const next = (await status(planned))['next_run'];

      await server.kill();
      outside.answers.set('/slow', 200);
      await server.start();

      expect(await ended(waits)).toMatchObject({ status: 'ok' });
      expect(await ended(checks)).toMatchObject({ status: 'ok' });
      expect(await status(asks)).toMatchObject({ status: 'waiting' });
      expect((await status(planned))['next_run']).toBe(next);
      const yes = { step: 2, approve: true, comment: '' };
      const approved = await engineer.post(`/api/dci/runs/${approval}/approval`, yes);
      expect(approved.status, approved.text).toBe(200);
      expect(await ended(asks)).toMatchObject({ status: 'ok' });
      for (const path of ['/first', '/second', '/asked', '/after', '/done'])
        expect(outside.timesAsked(path), path).toBe(1);
      // What was being asked when the power went is asked again: a check changes nothing.
      expect(outside.timesAsked('/slow')).toBe(2);
    },
    PATIENCE_MS,
  );
});

describe('the log', () => {
  it('is told live over /api/live and Socket.IO, under the same numbers', async () => {
    const live = await LiveFeed.open(server.url, engineer.token ?? '');
    const socket = io(server.url, { forceNew: true, auth: { token: engineer.token } });
    const heard: Record<string, unknown>[] = [];
    socket.on('log.event', (payload: Record<string, unknown>) => heard.push(payload));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    expect(await socket.emitWithAck('subscribe:logs')).toEqual({ ok: true });
    const body = { module: 'backup', severity: 'warning', message: 'told to all', context: { n: 1 } };
    const posted = await engineer.post('/api/dci/log-event', body);
    expect(posted.status).toBe(201);
    await expect.poll(() => heard).toContainEqual({ event: 'log.event', data: posted.json });
    const entries = () =>
      live.messages.flatMap(({ type, entries }) => (type === 'log' ? (entries as object[]) : []));
    await expect.poll(entries).toContainEqual(posted.json);
    socket.disconnect();

    const id = await define([{ kind: 'wait', name: 'w', sec: 3_600 }]);
    const runId = await run(id);
    const stopped = await engineer.post(`/api/dci/pipeline/${id}/stop`, { reason: 'seen enough' });
    expect(stopped.json).toMatchObject({
      status: 'cancelled',
      cancelled: { by: 'eng1', reason: 'seen enough' },
    });
    const lines = (await engineer.get(`/api/dci/runs/${runId}/log`)).json['items'] as object[];
    await expect.poll(entries).toEqual(expect.arrayContaining(lines));
  });
});
