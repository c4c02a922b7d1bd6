/**
 * A session that is over is over everywhere at once, in what is open already too, and stays over whatever happens to
 * the server afterwards.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client, eventually, signIn } from './support/client.ts';
import { expectStatus, Handset, parked } from './support/handset.ts';
import { LiveFeed } from './support/live-feed.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

it('ends parked polls and live sockets that are open', async () => {
  const person = await signIn(server.url, 'op13');
  const stays = await signIn(server.url, 'op13');
  const stranger = await signIn(server.url, 'op12');
  const handset = await Handset.signIn(person);
  const feed = await LiveFeed.open(server.url, person.token ?? '');
  const others = await LiveFeed.open(server.url, stranger.token ?? '');
  const poll = handset.pull(25);
  await parked(stays, handset);

  expectStatus(200, await stays.post('/api/sessions/revoke-all', { keep_current: true }));
  expectStatus(401, await person.get('/api/auth/me'));
  expect(await poll.outcome).toMatchObject({ ok: true, status: 401 });
  expect(await handset.pull().outcome).toMatchObject({ ok: true, status: 401 });
  expectStatus(401, await person.as(null).post('/api/token/refresh/', { refresh: handset.refresh }));
  await eventually(async () => feed.closedWith !== null || feed.messages.some(({ type }) => type === 'bye'));
  expectStatus(200, await stays.get('/api/auth/me'));
  expectStatus(200, await stranger.get('/api/auth/me'));
  expect(others.closedWith).toBeNull();
  feed.close();
  others.close();
});

it('holds over a power cut right after the answer', { timeout: 120_000 }, async () => {
  const person = await signIn(server.url, 'sell1');
  const stays = await signIn(server.url, 'sell1');
  const handset = await Handset.signIn(person);
  expectStatus(204, await person.post('/api/auth/logout', {}));
  expectStatus(200, await stays.post('/api/sessions/revoke-all', { keep_current: true }));
  await server.kill();
  await server.start();
  expectStatus(401, await person.get('/api/auth/me'));
  expectStatus(401, await person.as(null).post('/api/token/refresh/', { refresh: handset.refresh }));
  expect(await handset.pull().outcome).toMatchObject({ ok: true, status: 401 });
  expectStatus(200, await stays.get('/api/auth/me'));
});

it('shows where a sign-in came from by the connection, not by what the client says', async () => {
  const nobody = new Client(server.url);
  const lies = ['x-forwarded-for', 'x-real-ip', 'cf-connecting-ip', 'x-trunkline-address'];
  const reply = await nobody.post(
    '/api/auth/login',
    { username: 'eng1', password: 'demo-eng1' },
    { headers: Object.fromEntries(lies.map((name) => [name, '192.0.2.66'])) },
  );
  const list = expectStatus(200, await nobody.as(String(reply.json['token'])).get('/api/sessions'));
  expect(list.json['items']).toMatchObject([{ current: true, address: '127.0.0.1' }]);
});

it('counts failed sign-ins over a restart', { timeout: 120_000 }, async () => {
  const nobody = new Client(server.url);
  const guess = () => nobody.post('/api/auth/login', { username: 'view1', password: 'no' });
  const statuses = [];
  for (let i = 0; i < 9; i += 1) statuses.push((await guess()).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429]);
  await server.kill();
  await server.start();
  expectStatus(200, await nobody.post('/api/auth/login', { username: 'boss', password: 'demo-boss' }));
  // The first delay, 5 s, ends; the one after the next failure is twice as long only if the six before still count.
  await eventually(async () => (await guess()).status === 401);
  const refused = expectStatus(429, await guess());
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(5);
  expect(refused.json).toMatchObject({ error: true, code: 'RATE_LIMITED' });
  expectStatus(429, await nobody.post('/api/auth/login', { username: 'view1', password: 'demo-view1' }));
});
