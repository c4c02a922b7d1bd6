/** Another tenant's things look exactly like things that do not exist, whoever asks for them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, newNumber, signIn, type Client, type Reply } from './support/client.ts';
import { enqueue, expectStatus, Handset, newDeviceId, phoneRow } from './support/handset.ts';
import { LiveFeed } from './support/live-feed.ts';
import { TestServer } from './support/server.ts';

/** Ids of real things in tenant 0101, by what they name. */
interface Things {
  call: string;
  note: string;
  phone: string;
  device: string;
  command: string;
  qr: string;
  session: string;
  bridge: string;
  user: string;
}

let server: TestServer;
let owner: Client;
let ownPhone: Handset;
let stranger: Client;
let strangersPhone: Handset;
let real: Things;

beforeAll(async () => {
  server = await TestServer.start();
  owner = await signIn(server.url, 'admin');
  stranger = await signIn(server.url, 'admin2');
  ownPhone = await Handset.signIn(owner);
  strangersPhone = await Handset.signIn(stranger);
  const started = await owner.post('/api/call/start', { number: newNumber(), via: 'phone' });
  const call = String(started.json['call_id']);
  const command = await enqueue(owner);
  await eventually(async () => (await owner.get(`/api/call/${call}`)).status === 200);
  const noted = await owner.post('/api/crm/note', { call_id: call, text: 'private' });
  const qr = expectStatus(200, await owner.post('/api/phone/qr/create/', {}));
  const made = expectStatus(201, await owner.post('/api/bridges', { name: 'Owner’s' }));
  const me = expectStatus(200, await owner.get('/api/auth/me'));
  const row = await phoneRow(owner, ownPhone.deviceId);
  const sessions = (await owner.get('/api/sessions')).json['items'] as { id: string }[] | undefined;
  real = {
    call,
    command,
    note: String(noted.json['id']),
    phone: String(row?.['id']),
    device: ownPhone.deviceId,
    qr: String(qr.json['token']),
    session: String(sessions?.[0]?.id),
    bridge: String((made.json['bridge'] as Record<string, unknown>)['id']),
    user: String((me.json['user'] as Record<string, unknown> | undefined)?.['id'] ?? me.json['user_id']),
  };
});
afterAll(() => server.stop());

/** An id of the same form that nothing has. */
const madeUp = (id: string): string =>
  id.replaceAll(/[0-9a-f]/gi, (digit, at: number) =>
    at < 2 || at % 3 !== 0 ? digit : digit === '7' ? '5' : '7',
  );

type Ask = (ids: Things) => Promise<Reply>;

const asks: Record<string, Ask> = {
  'GET /api/call/:id': (ids) => stranger.get(`/api/call/${ids.call}`),
  'GET /api/crm/notes/:call_id': (ids) => stranger.get(`/api/crm/notes/${ids.call}`),
  'POST /api/crm/note': (ids) => stranger.post('/api/crm/note', { call_id: ids.call, text: 'x' }),
  'PATCH /api/crm/note/:id': (ids) =>
    stranger.send('PATCH', `/api/crm/note/${ids.note}`, { body: { text: 'x' } }),
  'DELETE /api/crm/note/:id': (ids) => stranger.send('DELETE', `/api/crm/note/${ids.note}`),
  'GET /api/phones/:id': (ids) => stranger.get(`/api/phones/${ids.phone}`),
  'GET /api/phones/:id/telemetry': (ids) => stranger.get(`/api/phones/${ids.phone}/telemetry`),
  'GET /api/phones/:id/logs': (ids) => stranger.get(`/api/phones/${ids.phone}/logs`),
  'DELETE /api/phones/:id': (ids) => stranger.send('DELETE', `/api/phones/${ids.phone}`),
  'GET /api/phones/commands?device=': (ids) => stranger.get(`/api/phones/commands?device=${ids.phone}`),
  'GET /api/phones/commands?user=': (ids) => stranger.get(`/api/phones/commands?user=${ids.user}`),
  'POST /api/phones/commands/:id/cancel': (ids) =>
    stranger.post(`/api/phones/commands/${ids.command}/cancel`, {}),
  'POST /api/call/start on a phone': (ids) =>
    stranger.post('/api/call/start', { number: newNumber(), via: 'phone', device_id: ids.phone }),
  'POST /api/phone/calls/ on a phone': (ids) =>
    stranger.post('/api/phone/calls/', { phone: newNumber(), device_id: ids.phone }),
  'GET calls/pull of a phone': (ids) =>
    strangersPhone.client.get(`/api/phone/calls/pull/?device_id=${ids.device}`),
  'POST calls/update of a command': (ids) =>
    strangersPhone.client.post('/api/phone/calls/update/', {
      call_request_id: ids.command,
      call_status: 'busy',
    }),
  'GET qr/status of a code': (ids) =>
    stranger.get(`/api/phone/qr/status/?token=${encodeURIComponent(ids.qr)}`),
  'GET /api/bridges/:id': (ids) => stranger.get(`/api/bridges/${ids.bridge}`),
  'GET /api/bridges/:id/log': (ids) => stranger.get(`/api/bridges/${ids.bridge}/log`),
  'PATCH /api/bridges/:id': (ids) =>
    stranger.send('PATCH', `/api/bridges/${ids.bridge}`, { body: { name: 'mine' } }),
  'POST /api/bridges/:id/code': (ids) => stranger.post(`/api/bridges/${ids.bridge}/code`, {}),
  'DELETE /api/bridges/:id': (ids) => stranger.send('DELETE', `/api/bridges/${ids.bridge}`),
  'DELETE /api/sessions/:id': (ids) => stranger.send('DELETE', `/api/sessions/${ids.session}`),
};

describe('another tenant’s id', () => {
  it('is known to the test in every kind', () => {
    for (const [kind, id] of Object.entries(real))
      expect([kind, id.length > 3, id]).toEqual([kind, true, id]);
    for (const id of Object.values(real)) expect(madeUp(id)).not.toBe(id);
    expect(Object.values(real)).not.toContain('undefined');
  });

  it.each(Object.entries(asks))('%s: answers as for an id that does not exist', async (_, ask) => {
    const invented = Object.fromEntries(
      Object.entries(real).map(([kind, id]) => [kind, madeUp(id)]),
    ) as unknown as Things;
    const foreign = await ask(real);
    const unknown = await ask(invented);
    const plain = (reply: Reply, ids: Things): [number, string] => [
      reply.status,
      Object.values(ids as unknown as Record<string, string>).reduce(
        (text, id) => text.replaceAll(id, '(id)'),
        reply.text,
      ),
    ];
    expect(plain(foreign, real)).toEqual(plain(unknown, invented));
    expect(foreign.status).toBeLessThan(500);
  });

  it('changed nothing of the owner’s', async () => {
    const notes = expectStatus(200, await owner.get(`/api/crm/notes/${real.call}`));
    expect(notes.json['notes']).toMatchObject([{ text: 'private' }]);
    expect(await phoneRow(owner, ownPhone.deviceId)).toMatchObject({ id: real.phone });
    const commands = expectStatus(200, await owner.get('/api/phones/commands'));
    const mine = (commands.json['items'] as Record<string, unknown>[]).find(
      (item) => item['id'] === real.command,
    );
    expect(mine).toMatchObject({ state: 'queued', result: null });
    expectStatus(200, await owner.get('/api/auth/me'));
    const bridge = expectStatus(200, await owner.get(`/api/bridges/${real.bridge}`));
    expect(bridge.json).toMatchObject({ name: 'Owner’s', state: 'new' });
  });
});

describe('what a tenant sees', () => {
  it('holds nothing of the other, in lists, feed and live events', async () => {
    const feed = await LiveFeed.open(server.url, stranger.token ?? '');
    const mine = newNumber();
    const theirs = newNumber();
    expect((await owner.post('/api/call/start', { number: theirs, via: 'phone' })).status).toBeLessThan(300);
    expect((await stranger.post('/api/call/start', { number: mine, via: 'phone' })).status).toBeLessThan(300);
    await feed.waitForCall((call) => call['number'] === mine);
    expect(feed.calls.map((call) => call['number'])).not.toContain(theirs);
    feed.close();
    for (const path of [
      '/api/calls/feed?as=page&recent=200',
      '/api/phones',
      '/api/phones/commands',
      '/api/bridges?revoked=1',
    ]) {
      const reply = expectStatus(200, await stranger.get(path));
      for (const id of [real.call, real.phone, real.device, real.command, real.bridge, theirs])
        expect(reply.text).not.toContain(id);
    }
  });

  it('comes with the same device id in both, each its own', async () => {
    const deviceId = newDeviceId();
    const ours = await signIn(server.url, 'op13');
    const one = await Handset.signIn(ours, deviceId);
    const other = await Handset.signIn(await signIn(server.url, 'op21'), deviceId);
    const id = await enqueue(ours, { device_id: deviceId });
    expect((await other.poll()).id).toBeNull();
    expect((await one.poll()).id).toBe(id);
  });
});
