import { describe, expect, it, vi } from 'vitest';
import { EnrolmentApi, type Enrolment } from './api.ts';
import { act } from './commands.ts';
import { main } from './main.ts';
import { readOptions, USAGE } from './options.ts';

const TOKEN = { TRUNKLINE_TOKEN: 't' };

it('says how it is used', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  expect(await main(['enrol', '--help'], {})).toBe(0);
  expect(said).toHaveBeenCalledWith(USAGE);
  said.mockRestore();
});

describe('readOptions', () => {
  it('reads what to do, where and as whom', () => {
    expect(readOptions(['enrol', '--tenant', '0101'], TOKEN)).toEqual({
      command: 'enrol',
      tenant: '0101',
      url: 'http://127.0.0.1:8787',
      credentials: { token: 't' },
      all: false,
      report: null,
      wait: true,
    });
    const args = ['status', '--tenant', '0101', '--url', 'https://calls.example/x', '--username', 'boss'];
    expect(readOptions(args, { TRUNKLINE_PASSWORD: 'p' })).toMatchObject({
      url: 'https://calls.example',
      credentials: { username: 'boss', password: 'p' },
    });
  });

  it.each([
    [[], TOKEN],
    [['enrol'], TOKEN],
    [['enrol', '--tenant', '101'], TOKEN],
    [['sing', '--tenant', '0101'], TOKEN],
    [['enrol', 'stop', '--tenant', '0101'], TOKEN],
    [['enrol', '--tenant', '0101'], {}],
    [['enrol', '--tenant', '0101', '--username', 'boss'], TOKEN],
    [['enrol', '--tenant', '0101', '--username', 'boss@0101'], { TRUNKLINE_PASSWORD: 'p' }],
    // A token in the clear.
    [['enrol', '--tenant', '0101', '--url', 'http://calls.example'], TOKEN],
    [['enrol', '--tenant', '0101', '--url', 'ftp://127.0.0.1'], TOKEN],
  ])('refuses %j', (args, environment) => {
    expect(() => readOptions(args, environment)).toThrow();
  });
});

const run = (change: Partial<Enrolment> & { counts?: Enrolment['counts'] } = {}): Enrolment => ({
  id: 'r1',
  state: 'running',
  started_at: '2026-03-02T08:00:00.000Z',
  total: 2,
  counts: { pending: 2, added: 0, already: 0, failed: 0, gone: 0 },
  problem: null,
  waits_until: null,
  ...change,
});
const DONE = run({ state: 'done', counts: { pending: 0, added: 2, already: 0, failed: 0, gone: 0 } });
const FAILED = run({ state: 'done', counts: { pending: 0, added: 1, already: 0, failed: 1, gone: 0 } });

type Answer = [status: number, body: unknown] | 'cut';

/** A deployment that answers `GET /enrolments/r1` by turns, and the rest as it should. */
function deployment(shown: Answer[], more: Record<string, Answer[]> = {}) {
  const asked: string[] = [];
  const said: string[] = [];
  const files = new Map<string, string>();
  let clock = 0;
  const answers: Record<string, Answer[]> = {
    'GET /api/auth/me': [[200, { tenant: { id: '0101', name: 'Demo' } }]],
    'POST /enrolments': [[200, { enrolment: run(), joined: false }]],
    'GET /enrolments/r1': shown,
    ...more,
  };
  const fetcher = (url: string, init: RequestInit): Promise<Response> => {
    const path = url.replace('http://127.0.0.1:8787', '').replace('/callcenter_operators/v1/admin', '');
    const key = `${init.method ?? ''} ${path}`;
    asked.push(key);
    const list = answers[key] ?? [];
    const answer = list.length > 1 ? list.shift() : list[0];
    if (answer === undefined) throw new Error(`nobody expects ${key}`);
    if (answer === 'cut') return Promise.reject(new TypeError('fetch failed', { cause: new Error('reset') }));
    const [status, body] = answer;
    return Promise.resolve(
      typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
    );
  };
  const sleep = (ms: number): Promise<void> => {
    clock += ms;
    return Promise.resolve();
  };
  const go = (args: string[], environment: Record<string, string> = TOKEN) => {
    const { credentials, ...options } = readOptions(args, environment);
    const known =
      'password' in credentials ? { ...credentials, password: credentials.password ?? '' } : credentials;
    const api = new EnrolmentApi(
      { ...options, credentials: known },
      { fetch: fetcher, sleep, now: () => clock, away: (why) => said.push(`away: ${why}`) },
    );
    return act(options, api, {
      say: (line) => said.push(line),
      progress: (line) => said.push(line),
      save: (file, text) => files.set(file, text),
      sleep,
    });
  };
  return { go, asked, said, files };
}
const ENROL = ['enrol', '--tenant', '0101'];
const REPORT = 'GET /enrolments/r1/report';

describe('enrol', () => {
  it('watches until it is over, over broken connections and a restart of the deployment', async () => {
    const half = run({ counts: { pending: 1, added: 1, already: 0, failed: 0, gone: 0 } });
    const { go, said } = deployment([
      [200, half],
      'cut',
      [503, 'starting'],
      [429, { code: 'RATE_LIMITED', message: 'slowly' }],
      [200, DONE],
    ]);
    expect(await go(ENROL)).toBe(0);
    expect(said).toEqual([
      '2 operators to put into telephony',
      '1 of 2 (50 %), 0 failed',
      'away: reset',
      '2 of 2 (100 %), 0 failed',
      'done: 2 added, 0 failed',
    ]);
  });

  it('lists who could not be, writes the report and ends with 1', async () => {
    const item = {
      yandex_uuid: 'oleg-1',
      full_name: 'Oleg',
      problem: { code: 'NO_EXTENSION', message: 'none' },
    };
    const { go, said, files } = deployment([[200, FAILED]], {
      [`${REPORT}?result=failed&limit=20`]: [[200, { items: [item] }]],
      [REPORT]: [[200, '\ufeffyandex_uuid,…\r\n']],
    });
    expect(await go([...ENROL, '--report', 'out.csv'])).toBe(1);
    expect(said).toContain('failed: oleg-1 (Oleg): NO_EXTENSION none');
    expect(files.get('out.csv')).toBe('\ufeffyandex_uuid,…\r\n');
  });

  it('says why it was halted, and ends with 3', async () => {
    const halted = run({ state: 'halted', problem: { code: 'NOT_SUPPORTED', message: 'no path is set' } });
    const { go, said } = deployment([[200, halted]]);
    expect(await go(ENROL)).toBe(3);
    expect(said.slice(-2)).toEqual(['halted: 0 added, 0 failed, 2 left', 'why: no path is set']);
  });

  it('refuses the token of another tenant before it changes anything', async () => {
    const { go, asked } = deployment([], {
      'GET /api/auth/me': [[200, { tenant: { id: '0202', name: 'Other' } }]],
    });
    await expect(go(ENROL)).rejects.toThrow('good for tenant 0202 (Other), not for 0101');
    expect(asked).toEqual(['GET /api/auth/me']);
  });

  it('gives up on a deployment that stays away, and on one that says no', async () => {
    await expect(deployment(['cut']).go(ENROL)).rejects.toMatchObject({ name: 'Unreachable' });
    const no: Answer = [403, { code: 'PERMISSION_DENIED', message: 'Your role does not allow it.' }];
    await expect(deployment([], { 'POST /enrolments': [no] }).go(ENROL)).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('403 Your role does not allow it.') as string,
    });
  });

  it('signs in by name and password, and again when its session ended', async () => {
    const { go, asked } = deployment(
      [
        [401, {}],
        [200, DONE],
      ],
      {
        'POST /api/auth/login': [[200, { token: 'x' }]],
      },
    );
    expect(await go([...ENROL, '--username', 'boss'], { TRUNKLINE_PASSWORD: 'p' })).toBe(0);
    expect(asked.filter((key) => key === 'POST /api/auth/login')).toHaveLength(2);
    const wrong = deployment([], { 'POST /api/auth/login': [[401, { message: 'Wrong.' }]] });
    await expect(
      wrong.go([...ENROL, '--username', 'boss'], { TRUNKLINE_PASSWORD: 'p' }),
    ).rejects.toMatchObject({
      name: 'Refusal',
    });
  });
});

it('status and stop are of the newest', async () => {
  const list = { 'GET /enrolments': [[200, { enrolments: [run()] }]] satisfies Answer[] };
  const status = deployment([], list);
  expect(await status.go(['status', '--tenant', '0101'])).toBe(0);
  expect(status.said).toEqual(['0 of 2 (0 %), 0 failed']);
  const stopped = run({ state: 'stopped' });
  const stop = deployment([], { ...list, 'POST /enrolments/r1/stop': [[200, stopped]] });
  expect(await stop.go(['stop', '--tenant', '0101'])).toBe(0);
  expect(stop.said).toEqual(['stopped: 0 added, 0 failed, 2 left']);
  const none = deployment([], { 'GET /enrolments': [[200, { enrolments: [] }]] });
  expect(await none.go(['status', '--tenant', '0101'])).toBe(0);
  expect(none.said).toEqual(['no enrolment was started yet']);
});
