/** The unmodified socket.io-client against the running server: default options, and WebSocket alone. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from './support/client.ts';
import { Handset } from './support/handset.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server?.stop());
afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));

/** What a client did and heard. */
interface Heard {
  socket: Socket;
  events: { name: string; payload: unknown }[];
  disconnects: string[];
  errors: (Error & { data?: unknown })[];
}

function open(options: Partial<ManagerOptions & SocketOptions>): Heard {
  const socket = io(server.url, { forceNew: true, reconnection: false, ...options });
  sockets.push(socket);
  const heard: Heard = { socket, events: [], disconnects: [], errors: [] };
  socket.onAny((name: string, payload: unknown) => heard.events.push({ name, payload }));
  socket.on('disconnect', (reason) => heard.disconnects.push(reason));
  socket.on('connect_error', (error) => heard.errors.push(error));
  return heard;
}

const connected = async (heard: Heard): Promise<Heard> => {
  await expect.poll(() => heard.socket.connected || heard.errors.length > 0).toBe(true);
  expect(heard.errors).toEqual([]);
  return heard;
};

const post = (uniqueid: string, event = 'start') =>
  fetch(`${server.url}/asterisk/${event}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      Token: '100200300400',
      UniqueId: uniqueid,
      Phone: '375290000000',
      CallType: 0,
      Trunk: '0002001',
    }),
  });

let calls = 0;
/** A call of the tenant, and its number among the ones of this file. */
async function ring(): Promise<void> {
  calls += 1;
  expect((await post(`${Math.floor(Date.now() / 1_000)}.${5_000 + calls}`)).status).toBe(200);
}

describe.each([
  ['default options', {}],
  ['WebSocket alone', { transports: ['websocket'] }],
  ['polling alone', { transports: ['polling'] }],
] as [string, Partial<ManagerOptions>][])('%s', (_, transport) => {
  it('connects by auth.token, subscribes, and hears a call as the contract has it', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(
      open({
        ...transport,
        auth: { token: boss.token },
      }),
    );
    await ring();
    // Nothing before it is asked for.
    expect(await heard.socket.emitWithAck('subscribe:calls')).toEqual({ ok: true });
    expect(heard.events).toEqual([]);
    await ring();
    await expect.poll(() => heard.events.length).toBeGreaterThan(0);
    expect(heard.events[0]).toMatchObject({
      name: 'call.update',
      payload: {
        event: 'call.update',
        data: {
          call_id: expect.stringMatching(/^c_/) as string,
          slot: null,
          state: 'RING',
          number: '+375290000000',
        },
      },
    });
  });

  it('is closed at once when its session is signed out, told by a code, and stays away', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(
      open({
        ...transport,
        reconnection: true,
        auth: { token: boss.token },
      }),
    );
    expect((await boss.post('/api/auth/logout', {})).status).toBe(204);
    await expect.poll(() => heard.disconnects).toEqual(['io server disconnect']);
    expect(heard.events).toEqual([
      { name: 'session.ended', payload: { code: 4401, reason: 'session_ended' } },
    ]);
    expect(heard.socket.active).toBe(false);
  });
});

describe('the socket', () => {
  it('begins with polls and moves to a WebSocket by itself, missing nothing on the way', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(open({ auth: { token: boss.token } }));
    heard.socket.emit('subscribe:calls');
    const { engine } = heard.socket.io;
    for (let i = 0; i < 5; i += 1) await ring();
    await expect.poll(() => engine.transport.name).toBe('websocket');
    await expect.poll(() => heard.events.length).toBeGreaterThanOrEqual(5);
  });

  it('takes the Authorization header as well', async () => {
    const boss = await signIn(server.url, 'boss');
    const extraHeaders = { Authorization: `Bearer ${boss.token}` };
    const heard = await connected(open({ extraHeaders }));
    expect(await heard.socket.emitWithAck('subscribe:calls')).toEqual({ ok: true });
  });

  it.each([
    ['no token', {}],
    ['a made up token', { auth: { token: 'nonsense' } }],
    ['a token that is no text', { auth: { token: 7 } }],
  ])('refuses %s with words and a code', async (_, options) => {
    const heard = open(options);
    await expect.poll(() => heard.errors.length).toBe(1);
    expect(heard.errors[0]).toMatchObject({ data: { error: true, code: 'AUTH_FAIL' } });
    expect(heard.socket.connected).toBe(false);
  });

  it('refuses another namespace', async () => {
    const boss = await signIn(server.url, 'boss');
    const socket = io(`${server.url}/admin`, {
      forceNew: true,
      reconnection: false,
      auth: { token: boss.token },
    });
    sockets.push(socket);
    const error = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
    expect(error.message).toBe('Invalid namespace');
  });

  it('tells of operators: everybody’s to who may see them, of oneself else', async () => {
    const [boss, op12] = [await signIn(server.url, 'boss'), await signIn(server.url, 'op12')];
    const [all, own] = [
      await connected(open({ auth: { token: boss.token } })),
      await connected(open({ auth: { token: op12.token } })),
    ];
    for (const { socket } of [all, own])
      expect(await socket.emitWithAck('subscribe:operators')).toEqual({ ok: true });
    const { user } = (await op12.get('/api/auth/me')).json as { user: { id: string } };
    const operator = (uuid: string, userId: string | null) => ({
      yandex_uuid: uuid,
      login: uuid,
      full_name: `Operator ${uuid}`,
      user_id: userId,
    });
    const made = await boss.post('/callcenter_operators/v1/operators/add_bulk/', {
      operators: [operator('io-1', null), operator('io-2', user.id)],
    });
    expect(made.status, made.text).toBe(200);
    const told = ({ events }: Heard) =>
      events
        .filter(({ name }) => name === 'operator.update')
        .map(({ payload }) => (payload as { data: { yandex_uuid: string } }).data.yandex_uuid);
    await expect.poll(() => told(all)).toEqual(['io-1', 'io-2']);
    await expect.poll(() => told(own)).toEqual(['io-2']);
  });

  it('shows slots only to who may see them, and says so', async () => {
    const op12 = await signIn(server.url, 'op12');
    const heard = await connected(open({ auth: { token: op12.token } }));
    expect(await heard.socket.emitWithAck('subscribe:slots')).toMatchObject({ code: 'PERMISSION_DENIED' });
    heard.socket.emit('subscribe:slots');
    await expect.poll(() => heard.events.map(({ name }) => name)).toEqual(['subscribe.error']);
    expect(await heard.socket.emitWithAck('subscribe:everything')).toMatchObject({ code: 'INVALID_PARAMS' });
  });

  it('tells an operator of own calls only, and another tenant of none', async () => {
    const people = await Promise.all(['op12', 'op13', 'admin2'].map((name) => signIn(server.url, name)));
    const heard = await Promise.all(
      people.map(async ({ token }) => {
        const one = await connected(open({ auth: { token } }));
        await one.socket.emitWithAck('subscribe:calls');
        return one;
      }),
    );
    const [own] = people as [Client, Client, Client];
    await Handset.signIn(own);
    const started = await own.post('/api/call/start', { number: '+375290000001', via: 'phone' });
    expect(started.status).toBe(200);
    await expect.poll(() => heard[0]?.events.length).toBeGreaterThan(0);
    expect(heard[0]?.events[0]?.payload).toMatchObject({ data: { call_id: started.json.call_id } });
    expect([heard[1]?.events, heard[2]?.events]).toEqual([[], []]);
  });

  it('stops telling what is unsubscribed', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(open({ auth: { token: boss.token } }));
    await heard.socket.emitWithAck('subscribe:calls');
    await ring();
    await expect.poll(() => heard.events.length).toBe(1);
    await heard.socket.emitWithAck('unsubscribe:calls');
    await ring();
    await heard.socket.emitWithAck('subscribe:calls');
    await ring();
    await expect.poll(() => heard.events.length).toBe(2);
  });

  it('survives a message nobody knows, and ends over garbage', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(open({ transports: ['websocket'], auth: { token: boss.token } }));
    heard.socket.emit('hello', { bytes: new Uint8Array([1, 2, 3]) });
    expect(await heard.socket.emitWithAck('subscribe:calls')).toEqual({ ok: true });
    heard.socket.io.engine.write('9 not a packet');
    await expect.poll(() => heard.disconnects.length).toBe(1);
  });

  it('comes back after the server was killed, and hears on', async () => {
    const boss = await signIn(server.url, 'boss');
    const heard = await connected(
      open({
        auth: { token: boss.token },
        reconnection: true,
        reconnectionDelay: 100,
        reconnectionDelayMax: 500,
      }),
    );
    await heard.socket.emitWithAck('subscribe:calls');
    await server.kill();
    await server.start();
    await expect.poll(() => heard.socket.connected, { timeout: 20_000 }).toBe(true);
    await heard.socket.emitWithAck('subscribe:calls');
    await ring();
    await expect.poll(() => heard.events.length).toBeGreaterThan(0);
  });
});

it.each([
  ['/socket.io/?transport=polling', 5],
  ['/socket.io/?EIO=3&transport=polling', 5],
  ['/socket.io/?EIO=4&transport=pigeon', 0],
  ['/socket.io/?EIO=4&transport=polling&sid=made-up', 1],
  ['/socket.io/?EIO=4&transport=websocket', 3],
])('%s answers 400 and Engine.IO’s code %i', async (path, code) => {
  const answer = await fetch(`${server.url}${path}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code });
});
