import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { hubOf, phoneEvent, phoneResult } from '../../test/worker/support/call-hub';
import { ONE, seedPeople, send, signInApi, TWO, USERS } from '../../test/worker/support/dialer';

beforeAll(async () => {
  await seedPeople();
  const call = (
    callId: string,
    at: number,
    user: keyof typeof USERS,
    outcome: 'connected' | 'missed' | null,
  ) => {
    const userId = USERS[user];
    const about = { callId, userId, creatorId: userId, phone: `+37529000000${at % 10}` };
    const begun = phoneEvent({ ...about, type: 'queued', at });
    if (outcome === null) return [begun];
    const result = phoneResult({ status: outcome });
    return [begun, phoneEvent({ ...about, type: 'result', at: at + 30_000, result })];
  };
  await hubOf(ONE).ingestPhone([
    ...call('c_1', START + 1, 'op12', 'connected'),
    ...call('c_2', START + 2, 'op13', 'missed'),
    ...call('c_3', START + 3, 'op12', null),
  ]);
  await hubOf(TWO).ingestPhone(call('c_9', START + 1, 'op21', 'connected'));
});

/** The newest whole hour: all of it is on one day of any zone. */
const START = Math.floor((Date.now() - 600_000) / 3_600_000) * 3_600_000;

const ids = async (query: string, user: keyof typeof USERS = 'boss'): Promise<unknown> => {
  const { json } = await send('GET', `/api/calls?${query}`, { token: await signInApi(user) });
  return (json.calls as { call_id: string }[]).map(({ call_id }) => call_id);
};

describe('GET /api/calls', () => {
  it('lists what fits, page by page', async () => {
    expect(await ids('')).toEqual(['c_3', 'c_2', 'c_1']);
    const token = await signInApi('boss');
    const first = await send('GET', '/api/calls?limit=2', { token });
    expect(first.json).toMatchObject({ next: expect.stringMatching(/_c_2$/) as unknown });
    expect(await ids(`limit=2&cursor=${String(first.json.next)}`)).toEqual(['c_1']);
  });

  it.each([
    ['status=ended', ['c_2', 'c_1']],
    ['status=queued', ['c_3']],
    ['outcome=answered', ['c_1']],
    ['outcome=none', []],
    ['user=op12', ['c_3', 'c_1']],
    [`user=${USERS.op13}`, ['c_2']],
    ['user=nobody', []],
    ['number=%2B375290000002', ['c_2']],
    ['number=8%20(029)%20000-00-02', ['c_2']],
    ['number=0003', ['c_3']],
    ['direction=out&source=phone', ['c_3', 'c_2', 'c_1']],
    ['direction=in', []],
    ['slot=3', []],
    [`from=${new Date(START + 2).toISOString()}`, ['c_3', 'c_2']],
    [`to=${new Date(START + 2).toISOString()}`, ['c_1']],
  ])('filters by %s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('shows an operator his own, and nobody another tenant’s', async () => {
    expect(await ids('', 'op12')).toEqual(['c_3', 'c_1']);
    expect(await ids('user=op13', 'op12')).toEqual([]);
    expect(await ids('', 'op21')).toEqual(['c_9']);
    expect(await ids('user=op12', 'op21')).toEqual([]);
  });

  it.each(['limit=0', 'limit=201', 'cursor=abc', 'status=gone', 'from=yesterday', 'number=abc', 'slot=x'])(
    'refuses %s',
    async (query) => {
      const answer = await send('GET', `/api/calls?${query}`, { token: await signInApi('boss') });
      expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    },
  );

  it('is a file for a spreadsheet where CSV is asked for', async () => {
    const token = await signInApi('boss');
    const answer = await send('GET', '/api/calls?outcome=answered', {
      token,
      headers: { accept: 'text/csv' },
    });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toContain('calls.csv');
    const lines = answer.text.replace('\ufeff', '').split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^call_id,start_time,/);
    // A number's plus could start a formula.
    expect(lines[1]).toMatch(/^c_1,.*,'\+375290000001,op12,/);
    const other = await send('GET', '/api/calls?format=csv', { token: await signInApi('op21') });
    expect(other.text).toContain('c_9');
    expect(other.text).not.toContain('c_1,');
  });
});

describe('GET /api/dashboard', () => {
  it('counts the tenant’s own day, and shows it by hour', async () => {
    const token = await signInApi('boss');
    const { json } = await send('GET', '/api/dashboard', { token });
    expect(json).toMatchObject({
      active_calls: 1,
      active_slots: 0,
      today_calls: 3,
      failed_calls: 0,
      answered_calls: 1,
      missed_calls: 0,
      talk_seconds: 30,
    });
    const day = await send('GET', `/api/dashboard/day?day=${String(json.day)}`, { token });
    expect(day.json).toMatchObject({ day: json.day, time_zone: json.time_zone });
    const kinds = day.json.kinds as { outcome: string; calls: number }[];
    expect(kinds.map(({ outcome, calls }) => `${outcome} ${calls}`).sort()).toEqual([
      'answered 1',
      'live 1',
      'no_answer 1',
    ]);
    expect((await send('GET', '/api/dashboard/day?day=2001-01-01', { token })).json.kinds).toEqual([]);
  });

  it('is not for operators', async () => {
    const token = await signInApi('op12');
    expect(await send('GET', '/api/dashboard', { token })).toMatchObject({ status: 403 });
  });
});

describe('GET /metrics', () => {
  const scrape = (token?: string, query = '') => send('GET', `/metrics${query}`, { ...(token && { token }) });

  it('opens to the operator’s token alone', async () => {
    const wrong = { status: 401, json: { code: 'AUTH_FAIL' } };
    expect(await scrape()).toMatchObject(wrong);
    expect(await scrape('guess')).toMatchObject(wrong);
    expect(await scrape(await signInApi('admin'))).toMatchObject(wrong);
  });

  it('tells of every tenant from its counters', async () => {
    const { status, text, headers } = await scrape(env.METRICS_TOKEN);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('version=0.0.4');
    expect(text).toContain(`trunkline_tenant_up{tenant="${ONE}"} 1`);
    expect(text).toContain(`trunkline_calls_active{tenant="${ONE}"} 1`);
    expect(text).toContain(`trunkline_calls_today{tenant="${ONE}"} 3`);
    expect(text).toContain(
      `trunkline_calls_ended_total{tenant="${ONE}",source="phone",direction="out",outcome="answered"} 1`,
    );
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) trunkline_\w+ .+|trunkline_\w+(\{(\w+="[^"]*",?)*\})? -?[\d.e-]+)$/,
      );
    const one = await scrape(env.METRICS_TOKEN, `?tenant=${TWO}`);
    expect(one.text).toContain(`tenant="${TWO}"`);
    expect(one.text).not.toContain(`tenant="${ONE}"`);
  });
});
