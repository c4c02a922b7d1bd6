import { afterEach, describe, expect, it } from 'vitest';
import { serveSim, type RunningSim } from './server.ts';
import { RetailCrmSim, type SimOptions } from './sim.ts';

const KEY = 'demo-retailcrm-key';
const BASE = 'https://demo.retailcrm.example';

const telephony = (more: Record<string, unknown> = {}) => ({
  makeCallUrl: 'https://pbx.example/retailcrm/make-call',
  inputEventSupported: true,
  outputEventSupported: true,
  hangupEventSupported: true,
  additionalCodes: [{ userId: 11, code: '101' }],
  ...more,
});
const moduleBody = (more: Record<string, unknown> = {}, parts: Record<string, unknown> = {}) => ({
  code: 'trunkline',
  integrationCode: 'trunkline',
  active: true,
  name: 'Trunkline',
  logo: 'https://pbx.example/logo.svg',
  baseUrl: 'https://pbx.example',
  clientId: 'client-1',
  integrations: { telephony: telephony(parts) },
  ...more,
});
const EVENT = { phone: '+375290000001', type: 'in', codes: ['101', '199'] };
const ROW = {
  date: '2026-01-31 10:00:00',
  type: 'in',
  phone: '+375290000001',
  code: '101',
  result: 'answered',
  duration: 5,
  externalId: '1.1',
};

class Account {
  now = 1_000_000;
  readonly sim: RetailCrmSim;
  constructor(options: SimOptions = {}) {
    this.sim = new RetailCrmSim({ now: () => this.now, ...options });
  }
  async get(
    path: string,
    key: string | null = KEY,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    return read(
      await this.sim.fetch(`${BASE}${path}`, key === null ? {} : { headers: { 'x-api-key': key } }),
    );
  }
  async post(
    path: string,
    fields: Record<string, unknown>,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(fields))
      form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    const body = form.toString();
    const headers = { 'x-api-key': KEY, 'content-type': 'application/x-www-form-urlencoded' };
    return read(await this.sim.fetch(`${BASE}${path}`, { method: 'POST', headers, body }));
  }
  register = (more = {}, parts = {}) =>
    this.post('/api/v5/integration-modules/trunkline/edit', { integrationModule: moduleBody(more, parts) });
  event = (event: unknown) => this.post('/api/v5/telephony/call/event', { event });
  upload = (calls: unknown) => this.post('/api/v5/telephony/calls/upload', { calls });
}

async function read(response: Response): Promise<{ status: number; body: Record<string, unknown> }> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const refused = (errorMsg: string, errors?: Record<string, string>) => ({
  body: { success: false, errorMsg, ...(errors !== undefined && { errors }) },
});

describe('who is let in', () => {
  it('knows its paths, its account and its key', async () => {
    const account = new Account({ hosts: ['demo.retailcrm.example'] });
    expect(await account.get('/api/v5/users', null)).toMatchObject({
      status: 403,
      ...refused('"apiKey" is missing.'),
    });
    expect(await account.get('/api/v5/users', 'x')).toMatchObject({
      status: 403,
      ...refused('Wrong "apiKey" value.'),
    });
    expect(await account.get('/telephony/call-event')).toMatchObject({
      status: 404,
      ...refused('API method not found'),
    });
    expect(await account.get(`/api/v5/users?apiKey=${KEY}`, null)).toMatchObject({ status: 200 });
    const elsewhere = await account.sim.fetch('https://other.retailcrm.example/api/v5/users');
    expect(await read(elsewhere)).toMatchObject({ status: 404, ...refused('Account does not exist.') });
    account.sim.keyRevoked = true;
    expect(await account.get('/api/v5/users')).toMatchObject({ status: 403 });
  });

  it.each([[503], [429]])('limits telephony to 40 a second and the rest to 10, with %i', async (status) => {
    const account = new Account({ answer429: status === 429 });
    for (let n = 0; n < 10; n += 1) expect((await account.get('/api/v5/users')).status).toBe(200);
    expect(await account.get('/api/v5/users')).toMatchObject({ status, ...refused('Rate limit exceeded') });
    const statuses = [];
    for (let n = 0; n < 41; n += 1)
      statuses.push((await account.get('/api/v5/telephony/manager?phone=1')).status);
    expect(statuses.filter((one) => one === 200)).toHaveLength(40);
    account.now += 1_000;
    expect((await account.get('/api/v5/users')).status).toBe(200);
  });
});

describe('forms', () => {
  it('takes a JSON body for no form, and no nested structure', async () => {
    const account = new Account();
    const post = async (body: string, type: string) =>
      read(
        await account.sim.fetch(`${BASE}/api/v5/telephony/call/event`, {
          method: 'POST',
          headers: { 'x-api-key': KEY, 'content-type': type },
          body,
        }),
      );
    expect(await post(JSON.stringify({ event: EVENT }), 'application/json')).toMatchObject({
      status: 400,
      ...refused("Parameter 'event' is missing"),
    });
    const form = 'application/x-www-form-urlencoded';
    expect(await post('event[type]=in', form)).toMatchObject(
      refused('Input value "event" contains a non-scalar value'),
    );
    expect(await post('event=%7B', form)).toMatchObject(refused('Errors in the input parameters'));
  });
});

describe('the module', () => {
  it('is created once, updated after that, and shown as stored', async () => {
    const account = new Account();
    expect(await account.get('/api/v5/integration-modules/trunkline')).toMatchObject({
      status: 404,
      ...refused('Not found'),
    });
    expect(await account.register()).toMatchObject({ status: 201, body: { success: true } });
    const parts = {
      additionalCodes: [
        { userId: '12', code: '102' },
        { userId: 99, code: '109' },
      ],
    };
    expect(await account.register({}, parts)).toMatchObject({
      status: 200,
      body: { info: { notExistUsersIds: [99] } },
    });
    expect(await account.get('/api/v5/integration-modules/trunkline')).toMatchObject({
      body: { integrationModule: { code: 'trunkline', clientId: 'client-1' } },
    });
    expect(account.sim.module?.telephony.additionalCodes).toEqual([{ userId: 12, code: '102' }]);
  });

  it.each([
    [{ logo: 'https://pbx.example/logo.png' }, {}, { logo: 'Logo image must be svg' }],
    [{ baseUrl: '' }, {}, { baseUrl: 'This value should not be blank.' }],
    [{ name: ' ' }, {}, { name: 'This value should not be blank.' }],
    [{ integrationCode: 'other' }, {}, { code: 'Code prefix must match integrationCode' }],
    [{ configuration: {} }, {}, { configuration: 'This form should not contain extra fields.' }],
    [{}, { popup: true }, { 'integrations.telephony.popup': 'This form should not contain extra fields.' }],
    [
      {},
      { makeCallUrl: 'http://pbx.example/' },
      { 'integrations.telephony.makeCallUrl': 'This value is not a valid URL.' },
    ],
    [{ actions: { activity: 'https://pbx.example/' } }, {}, { actions: 'Invalid choice' }],
  ])('refuses %j %j', async (more, parts, errors) => {
    expect(await new Account().register(more, parts)).toMatchObject({
      status: 400,
      ...refused('Errors in the entity format', errors),
    });
  });

  it('refuses one user or one code twice', async () => {
    const additionalCodes = [
      { userId: 11, code: '101' },
      { userId: 11, code: '101' },
    ];
    const answer = await new Account().register({}, { additionalCodes });
    expect(answer).toMatchObject({ status: 400 });
    expect(Object.keys(answer.body.errors as object)).toEqual([
      'integrations.telephony.additionalCodes[1].userId',
      'integrations.telephony.additionalCodes[1].code',
    ]);
  });
});

describe('popups', () => {
  it('needs a module that does telephony', async () => {
    const account = new Account();
    expect(await account.event(EVENT)).toMatchObject({ status: 400, ...refused('Telephony not enabled') });
    await account.register({}, { inputEventSupported: false });
    expect(await account.event(EVENT)).toMatchObject(refused('Telephony not enabled'));
    expect(await account.event({ ...EVENT, type: 'hangup', hangupStatus: 'no answered' })).toMatchObject({
      status: 200,
    });
    await account.register({ active: false });
    expect(await account.event(EVENT)).toMatchObject(refused('Telephony not enabled'));
  });

  it('tells which codes and users it does not know', async () => {
    const account = new Account();
    await account.register();
    expect(await account.event({ ...EVENT, userIds: [11, 77] })).toMatchObject({
      status: 200,
      body: { success: true, notExistCodes: ['199'], notExistUsers: [77] },
    });
    expect(account.sim.popups).toHaveLength(1);
  });

  it.each([
    [{ type: 'missed' }, 'type'],
    [{ phone: '' }, 'phone'],
    [{ codes: [] }, 'codes'],
    [{ codes: [101] }, 'codes'],
    [{ userIds: ['11'] }, 'userIds'],
    [{ hangupStatus: 'answered' }, 'hangupStatus'],
    [{ type: 'hangup', hangupStatus: 'no answer' }, 'hangupStatus'],
    [{ clientId: 'x' }, 'clientId'],
  ])('refuses %j', async (change, field) => {
    const account = new Account();
    await account.register();
    const answer = await account.event({ ...EVENT, ...change });
    expect(answer).toMatchObject({ status: 400, ...refused('Errors in the entity format') });
    expect(Object.keys(answer.body.errors as object)).toEqual([field]);
  });
});

describe('history', () => {
  it('keeps the first row of an external id and calls a second one a duplicate', async () => {
    const account = new Account();
    expect(await account.upload([ROW])).toMatchObject(
      refused('Telephony not enabled or not supports calls upload'),
    );
    await account.register();
    expect(await account.upload([ROW])).toMatchObject({
      body: { processedCallsCount: 1, duplicateCalls: [] },
    });
    expect(await account.upload([{ ...ROW, duration: 9 }])).toMatchObject({
      body: { processedCallsCount: 0, duplicateCalls: ['1.1'] },
    });
    expect(account.sim.history.map((one) => one.row.duration)).toEqual([5]);
  });

  it.each([
    [{ result: 'missed' }, 'result'],
    [{ result: 'no answered' }, 'result'],
    [{ type: 'hangup' }, 'type'],
    [{ date: '2026-01-31T10:00:00' }, 'date'],
    [{ date: '2026-02-31 10:00:00' }, 'date'],
    [{ duration: -1 }, 'duration'],
    [{ duration: undefined }, 'duration'],
    [{ durationWaiting: 1.5 }, 'durationWaiting'],
    [{ phone: '' }, 'phone'],
    [{ recordUrl: '/a.wav' }, 'recordUrl'],
    [{ code: 101 }, 'code'],
    [{ userId: '11' }, 'userId'],
  ])('refuses %j', async (change, field) => {
    const account = new Account();
    await account.register();
    const answer = await account.upload([{ ...ROW, ...change }]);
    expect(answer).toMatchObject({ status: 400 });
    expect(Object.keys(answer.body.errors as object)).toEqual([`calls[0].${field}`]);
    expect(account.sim.history).toEqual([]);
  });

  it('takes 50 rows, not 51, and asks for a manager where told to', async () => {
    const account = new Account({ requireManager: true });
    await account.register();
    const rows = (n: number) => Array.from({ length: n }, (_, at) => ({ ...ROW, externalId: String(at) }));
    expect((await account.upload(rows(51))).status).toBe(400);
    expect(await account.upload(rows(50))).toMatchObject({ body: { processedCallsCount: 50 } });
    expect((await account.upload([{ ...ROW, code: undefined }])).status).toBe(400);
  });
});

describe('users and managers', () => {
  it('pages by the sizes it knows', async () => {
    const account = new Account();
    expect((await account.get('/api/v5/users?limit=30')).status).toBe(400);
    const { body } = await account.get('/api/v5/users?limit=20&filter%5Bactive%5D=1');
    expect(body).toMatchObject({ pagination: { totalCount: 3, totalPageCount: 1 } });
    expect((body.users as { id: number }[]).map((user) => user.id)).toEqual([11, 12, 13]);
  });

  it('names the responsible manager only while he is free, unless told not to look', async () => {
    const account = new Account();
    await account.register();
    const ask = async (query: string) => (await account.get(`/api/v5/telephony/manager?${query}`)).body;
    expect(await ask('phone=375290000001&details=1')).toMatchObject({
      manager: { id: 11, code: '101' },
      customer: { firstName: 'Olga' },
    });
    expect(await ask('phone=375290000002')).not.toHaveProperty('manager');
    expect(await ask('phone=375290000002&ignoreStatus=1')).toMatchObject({ manager: { id: 13 } });
    expect(await ask('phone=375290000009')).not.toHaveProperty('manager');
  });
});

describe('faults', () => {
  it('fails as told, as often as told, and commits before it cuts', async () => {
    const account = new Account();
    await account.register();
    account.sim.faults.push(
      { kind: 'status', status: 502, times: 2, path: '/telephony' },
      { kind: 'success_false' },
    );
    expect((await account.get('/api/v5/users')).body).toMatchObject({ success: false });
    for (let n = 0; n < 2; n += 1) {
      const answer = await account.sim.fetch(`${BASE}/api/v5/telephony/manager?phone=1`, {
        headers: { 'x-api-key': KEY },
      });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html']);
    }
    account.sim.faults.push({ kind: 'cut_after_commit' }, { kind: 'hang' });
    await expect(account.upload([ROW])).rejects.toThrow('connection lost');
    expect(account.sim.history).toHaveLength(1);
    const giveUp = new AbortController();
    const hanging = account.sim.fetch(`${BASE}/api/v5/users`, { signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    await expect(hanging).rejects.toThrow('enough');
    expect(await account.upload([ROW])).toMatchObject({ body: { duplicateCalls: ['1.1'] } });
  });
});

describe('on a port', () => {
  let running: RunningSim | undefined;
  let other: RunningSim | undefined;
  afterEach(async () => {
    await running?.close();
    await other?.close();
  });

  it('answers its page and its API, clicks the module’s URLs and breaks connections', async () => {
    const calls: string[] = [];
    const pbx = new RetailCrmSim();
    pbx.handle = async (request) => {
      calls.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
      return new Response('OK');
    };
    other = await serveSim(pbx);
    const sim = new RetailCrmSim({ loopback: true });
    running = await serveSim(sim);
    const { url } = running;
    expect(await (await fetch(url)).text()).toContain('RetailCRM stand-in');
    const registered = await fetch(`${url}/api/v5/integration-modules/trunkline/edit`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        integrationModule: JSON.stringify(
          moduleBody({ accountUrl: `${other.url}/account` }, { makeCallUrl: `${other.url}/make-call` }),
        ),
      }),
    });
    expect(registered.status).toBe(201);
    const post = async (path: string, body: unknown) =>
      (await fetch(`${url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
    expect(
      await post('click', { code: '101', phone: '+375290000001', userId: 11, method: 'POST' }),
    ).toMatchObject({
      status: 200,
      text: 'OK',
    });
    expect(await post('account', {})).toMatchObject({ status: 200 });
    expect(calls).toEqual([
      'POST /make-call clientId=client-1&code=101&phone=%2B375290000001&userId=11',
      'POST /account clientId=client-1',
    ]);
    await post('faults', { kind: 'cut' });
    await expect(fetch(`${url}/api/v5/users`)).rejects.toThrow();
    await post('key', { revoked: true });
    expect(await (await fetch(`${url}/_sim/state`)).json()).toMatchObject({ keyRevoked: true });
  });
});
