import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CiptSim, type CiptAgent } from '../../../test/sim/cipt/cipt';
import { CiptTelephony, type CiptSettings } from './cipt';
import type { OperatorRow } from './telephony';

const KEY = 'key-of-the-tests';
let sim: CiptSim;
let agent: CiptAgent;
let heard: [string, number, boolean][];
let rests: number | null;

const olga = (change: Partial<OperatorRow> = {}): OperatorRow => ({
  tenantId: '0101',
  yandexUuid: 'olga',
  login: 'olga/p & co',
  fullName: 'Olga',
  userId: null,
  ccId: 'cc 1',
  agentId: 'a#7',
  extension: null,
  queues: ['support'],
  inTelephony: true,
  createdAt: 1,
  updatedAt: 1,
  ...change,
});

beforeAll(async () => {
  sim = await CiptSim.start(KEY);
});
afterAll(() => sim.stop());
beforeEach(() => {
  sim.agents.length = 0;
  sim.faults.length = 0;
  sim.requests.length = 0;
  heard = [];
  rests = null;
  agent = sim.add({
    ccId: 'cc 1',
    agentId: 'a#7',
    user: 'olga/p & co',
    password: 'p4ss',
    queues: ['support', 'VIP clients'],
  });
});

const telephony = (change: Partial<CiptSettings> = {}, timeoutMs = 4_000) =>
  new CiptTelephony({
    settings: {
      url: sim.url,
      key: KEY,
      header: 'X-API-KEY',
      keyExpiresAt: Date.parse('2030-01-01'),
      addPath: '/accounts/{user}/create',
      removePath: '/accounts/{user}/deactivate',
      ...change,
    },
    fetcher: (url, init) => fetch(url, init),
    line: {
      restsUntil: () => Promise.resolve(rests),
      heard: (...answer) => {
        heard.push(answer);
        return Promise.resolve();
      },
    },
    allowed: new Set([sim.url]),
    now: () => Date.parse('2026-03-02'),
    timeoutMs,
  });

describe('paths', () => {
  it('are the documented ones, every part encoded', async () => {
    const driver = telephony();
    expect(await driver.password(olga())).toEqual({ login: 'olga/p & co', password: 'p4ss' });
    await driver.connect(olga(), 'VIP clients', true);
    const status = { paused: true, priority: 4, reason: 'lunch', changed: ['paused'] } as const;
    await driver.setStatus(olga(), 'VIP clients', status);
    expect(await driver.standings(olga())).toEqual([
      { queue: 'support', connected: false, paused: false, priority: 0, reason: null },
      { queue: 'VIP clients', connected: true, paused: true, priority: 4, reason: null },
    ]);
    await driver.connect(olga(), 'VIP clients', false);
    const base = '/mod.cipt-call-center/api/callcenter/AGENT/cc%201/a%237';
    expect(sim.requests).toEqual([
      `GET /USER/olga%2Fp%20%26%20co/SHOWPASSWORD&REQUEST=%7B'REASON'%3A''%7D`,
      `POST ${base}/CONNECT/VIP%20clients`,
      `POST ${base}/changestatus/VIP%20clients/4/1`,
      `GET ${base}/SHOW/`,
      `POST ${base}/DISCONNECT/VIP%20clients`,
    ]);
    expect(heard.every(([, answered, failed]) => answered === 200 && !failed)).toBe(true);
  });

  it('of accounts are the tenant’s templates, and without them it says so', async () => {
    await telephony().remove(olga());
    expect(agent.active).toBe(false);
    await telephony().add(olga());
    expect(agent.active).toBe(true);
    await expect(telephony({ addPath: null }).add(olga())).rejects.toMatchObject({
      problem: 'unsupported',
      message: expect.stringContaining('not set'),
    });
  });

  it('never become others: dots alone and missing ids are refused before anything is sent', async () => {
    await expect(telephony().connect(olga(), '..', true)).rejects.toMatchObject({ code: 'BAD_NAME' });
    await expect(telephony().standings(olga({ ccId: null }))).rejects.toMatchObject({ code: 'NO_AGENT' });
    expect(sim.requests).toEqual([]);
  });
});

describe('refusals and failures', () => {
  it('a refusal keeps its status and code, and is no failure', async () => {
    await expect(telephony().connect(olga(), 'sales', true)).rejects.toMatchObject({
      problem: 'refused',
      status: 404,
      code: 'NO_QUEUE',
    });
    await expect(telephony({ key: 'wrong' }).standings(olga())).rejects.toMatchObject({
      problem: 'refused',
      status: 403,
      code: 'WRONG_KEY',
    });
    expect(heard).toEqual([
      ['CONNECT', 404, false],
      ['SHOW', 403, false],
    ]);
  });

  it.each([
    [{ status: 503, body: { message: 'down for repair' } }, 'unavailable', 503],
    [{ status: 200, raw: '<html>' }, 'unavailable', 200],
  ] as const)('%j is %s', async (fault, problem, status) => {
    sim.faults.push(fault);
    await expect(telephony().connect(olga(), 'support', true)).rejects.toMatchObject({ problem });
    expect(heard).toEqual([['CONNECT', status, status >= 500]]);
  });

  it('a broken connection is asked again for what is read, never for a change', async () => {
    sim.faults.push('cut');
    expect(await telephony().standings(olga())).toHaveLength(2);
    sim.faults.push('cut');
    await expect(telephony().connect(olga(), 'support', true)).rejects.toMatchObject({
      problem: 'unavailable',
    });
    expect(sim.requests.map((line) => line.split(' ')[0])).toEqual(['GET', 'GET', 'POST']);
    expect(agent.queues.get('support')?.connected).toBe(false);
  });

  it('an expired key and a resting line send nothing', async () => {
    await expect(telephony({ keyExpiresAt: 0 }).standings(olga())).rejects.toThrow('expired');
    rests = Date.parse('2026-03-03');
    await expect(telephony().standings(olga())).rejects.toThrow('left alone until 2026-03-03');
    expect(sim.requests).toEqual([]);
  });

  it('a private address that the deployment does not allow is never asked', async () => {
    const driver = new CiptTelephony({
      settings: {
        url: sim.url,
        key: KEY,
        header: 'X-API-KEY',
        keyExpiresAt: Infinity,
        addPath: null,
        removePath: null,
      },
      fetcher: (url, init) => fetch(url, init),
      line: { restsUntil: () => Promise.resolve(null), heard: () => Promise.resolve() },
      allowed: new Set(),
      now: Date.now,
    });
    await expect(driver.standings(olga())).rejects.toMatchObject({ problem: 'unavailable' });
    expect(sim.requests).toEqual([]);
  });
});

it('says a hang is a time-out', async () => {
  sim.faults.push('hang');
  await expect(telephony({}, 50).connect(olga(), 'support', true)).rejects.toMatchObject({
    problem: 'timeout',
  });
  expect(heard).toEqual([['CONNECT', 504, true]]);
});
