import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  as,
  error,
  items,
  ONE,
  seedPeople,
  send,
  signInPhone,
  text,
  USERS,
  type UserName,
} from '../../../test/worker/support/dialer';
import { openDb } from '../../db';
import { auditLog } from '../../db/schema';

beforeAll(seedPeople);
const db = openDb(env.DB);

describe('phones', () => {
  it('shows each user their own, and everybody’s to who may see them', async () => {
    const phone = await signInPhone('op12', 'list-12', { device_name: 'Pixel 8', fcm_token: 'tok' });
    await signInPhone('op13', 'list-13', { device_name: 'Simulator: x' });
    await signInPhone('op21', 'list-21');
    await send('POST', '/api/phone/devices/heartbeat/', {
      token: phone.access,
      body: {
        device_id: 'list-12',
        app_version: '2.4.1',
        queue_stuck: true,
        stuck_count: 2,
        oldest_stuck_age_sec: 60,
        stuck_by_type: { call_update: 2 },
      },
    });
    const own = await as('op12', 'GET', '/api/phones');
    expect(own.status).toBe(200);
    expect(items(own)).toEqual([
      {
        id: expect.any(String),
        device_id: 'list-12',
        name: 'Pixel 8',
        simulator: false,
        state: 'recent',
        push: true,
        user: { id: USERS.op12, username: 'op12', display_name: 'OP12' },
        app_version: '2.4.1',
        last_seen_at: expect.stringMatching(/Z$/),
        last_poll_code: null,
        last_poll_at: null,
        encryption_enabled: null,
        queue_stuck: true,
        stuck_count: 2,
        oldest_stuck_age_sec: 60,
        stuck_by_type: { call_update: 2 },
        alerts: [
          {
            kind: 'queue_stuck',
            since: expect.any(String),
            count: 2,
            oldest_age_sec: 60,
            by_type: { call_update: 2 },
          },
        ],
        pending_commands: 0,
        registered_at: expect.any(String),
      },
    ]);
    expect(JSON.stringify(own.json)).not.toContain('tok');
    const everybody = await as('boss', 'GET', '/api/phones');
    expect(items(everybody).map((row) => [row.device_id, row.simulator])).toEqual([
      ['list-12', false],
      ['list-13', true],
    ]);
    expect(items(await as('boss', 'GET', '/api/phones?mine=1'))).toEqual([]);
    expect(items(await as('admin2', 'GET', '/api/phones')).map((row) => row.device_id)).toEqual(['list-21']);
    expect((await as('boss', 'GET', '/api/phones?mine=yes')).json).toEqual(error('INVALID_PARAMS'));
    expect((await send('GET', '/api/phones')).json).toEqual(error('AUTH_FAIL'));
  });

  it('makes another user’s and another tenant’s phone look like a made-up one', async () => {
    const id = String(items(await as('op12', 'GET', '/api/phones'))[0]?.id);
    const made = await as('op13', 'GET', '/api/phones/made-up');
    expect(made).toMatchObject({ status: 404, json: error('NOT_FOUND') });
    for (const user of ['op13', 'op21', 'admin2'] as const) {
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['GET', '/telemetry'],
        ['GET', '/logs'],
      ] as const) {
        const answer = await as(user, method, `/api/phones/${id}${path}`);
        expect([answer.status, answer.json]).toEqual([404, made.json]);
      }
    }
    for (const user of ['op12', 'boss', 'admin'] as const)
      expect((await as(user, 'GET', `/api/phones/${id}`)).status).toBe(200);
    expect((await as('boss', 'DELETE', `/api/phones/${id}`)).json).toEqual(error('PERMISSION_DENIED'));
  });

  it('removes a phone with its session, and takes it back when it signs in anew', async () => {
    const gone = await signInPhone('op12', 'to-go');
    const other = await signInPhone('op12', 'to-stay');
    const row = items(await as('op12', 'GET', '/api/phones?mine=1')).find(
      (phone) => phone.device_id === 'to-go',
    );
    expect((await as('admin', 'DELETE', `/api/phones/${String(row?.id)}`)).json).toEqual({
      ok: true,
      id: row?.id,
    });
    expect((await as('op12', 'GET', `/api/phones/${String(row?.id)}`)).status).toBe(404);
    expect((await as('admin', 'DELETE', `/api/phones/${String(row?.id)}`)).status).toBe(200);
    expect((await send('GET', '/api/phone/user/info/', { token: gone.access })).status).toBe(401);
    expect((await send('POST', '/api/token/refresh/', { body: { refresh: gone.refresh } })).status).toBe(401);
    expect((await send('GET', '/api/phone/user/info/', { token: other.access })).status).toBe(200);
    expect(
      (await send('GET', '/api/phone/calls/pull/?device_id=to-go', { token: other.access })).status,
    ).toBe(403);
    await signInPhone('op12', 'to-go');
    const names = items(await as('op12', 'GET', '/api/phones')).map((phone) => phone.device_id);
    expect(names).toContain('to-go');
    const [noted] = await db.select().from(auditLog).where(eq(auditLog.action, 'phone.remove'));
    expect(noted).toMatchObject({ tenantId: ONE, actorId: USERS.admin, target: row?.id });
  });
});

describe('commands', () => {
  const call = async (user: UserName, n: number) => {
    const { access } = await signInPhone(user, 'cmd');
    const made = await send('POST', '/api/phone/calls/', {
      token: access,
      body: { phone: `+37529000${1_000 + n}` },
    });
    return String(made.json.id);
  };

  it('pages through everybody’s, newest first, over all objects', async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) made.push(await call(n % 2 === 0 ? 'op12' : 'op13', n));
    await call('op21', 99);
    const seen: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page += 1) {
      const answer = await as('boss', 'GET', `/api/phones/commands?limit=3${cursor}`);
      expect(items(answer).length).toBeLessThanOrEqual(3);
      seen.push(...items(answer).map((command) => command.id));
      if (answer.json.next === null) break;
      cursor = `&cursor=${text(answer.json.next)}`;
    }
    expect(seen).toEqual([...made].reverse());
    const own = items(await as('op13', 'GET', '/api/phones/commands'));
    expect(own.map((command) => command.id)).toEqual([made[5], made[3], made[1]]);
    expect(own[0]).toMatchObject({
      user: { username: 'op13' },
      created_by: { username: 'op13' },
      state: 'queued',
      phone: '+375290001005',
      result: null,
    });
    const ofUser = await as('boss', 'GET', `/api/phones/commands?user=${USERS.op12}&state=queued`);
    expect(items(ofUser)).toHaveLength(4);
    expect(items(await as('op13', 'GET', `/api/phones/commands?user=${USERS.op12}`))).toEqual([]);
    expect(items(await as('admin2', 'GET', `/api/phones/commands?user=${USERS.op12}`))).toEqual([]);
    for (const bad of ['limit=0', 'limit=x', 'state=odd', 'cursor=!!', 'cursor=e30', 'cursor=W1siMCIsMV1d']) {
      expect((await as('boss', 'GET', `/api/phones/commands?${bad}`)).json).toEqual(error('INVALID_PARAMS'));
    }
    const odd = Buffer.from('[[0,"garbage"],[1,"-5"],[99,null]]').toString('base64url');
    expect((await as('boss', 'GET', `/api/phones/commands?cursor=${odd}`)).status).toBeLessThan(500);
    expect((await as('boss', 'GET', '/api/phones/commands?device=made-up')).json).toEqual(error('NOT_FOUND'));
  });

  it('cancels one’s own, or anyone’s with phone.manage, while it waits', async () => {
    const [mine, other] = [await call('op12', 50), await call('op13', 51)];
    const cancel = (user: UserName, id: string) => as(user, 'POST', `/api/phones/commands/${id}/cancel`);
    for (const user of ['op13', 'boss', 'admin2'] as const)
      expect((await cancel(user, mine)).status).toBe(404);
    expect((await cancel('op12', mine)).json).toEqual({ id: mine, state: 'cancelled' });
    expect((await cancel('op12', mine)).status).toBe(200);
    expect((await cancel('admin', other)).status).toBe(200);
    const listed = items(await as('boss', 'GET', '/api/phones/commands?state=cancelled'));
    expect(
      listed.map((command) => [command.id, (command.cancelled_by as { username: string }).username]),
    ).toEqual([
      [other, 'admin'],
      [mine, 'op12'],
    ]);
    const done = await call('op12', 52);
    const { access: token } = await signInPhone('op12', 'cmd');
    await send('POST', '/api/phone/calls/update/', {
      token,
      body: { call_request_id: done, call_status: 'busy' },
    });
    expect((await cancel('op12', done)).json).toEqual(error('INVALID_PARAMS'));
    expect((await cancel('op12', 'x')).json).toEqual(error('INVALID_PARAMS'));
    expect((await cancel('op12', crypto.randomUUID())).json).toEqual(error('NOT_FOUND'));
  });
});

describe('telemetry and logs', () => {
  it('come back as series and pages', async () => {
    const { access: token } = await signInPhone('op12', 'tele');
    const at = (minutes: number) =>
      new Date(Date.parse('2026-11-15T10:00:00Z') + minutes * 60_000).toISOString();
    const measured = [0, 1, 20].map((minutes) => ({
      ts: at(minutes),
      type: 'latency',
      http_code: minutes === 1 ? 500 : 200,
      value_ms: 100 + minutes,
    }));
    await send('POST', '/api/phone/telemetry/', {
      token,
      body: { device_id: 'tele', items: [...measured, { ts: at(2), type: 'boot' }] },
    });
    const id = String(
      items(await as('op12', 'GET', '/api/phones')).find((phone) => phone.device_id === 'tele')?.id,
    );
    const answer = await as(
      'op12',
      'GET',
      `/api/phones/${id}/telemetry?from=${at(0)}&to=${at(60)}&bucket=600`,
    );
    expect(answer.json).toMatchObject({
      bucket_sec: 600,
      series: [
        {
          type: 'latency',
          total: 3,
          errors: 1,
          points: [
            { at: at(0), count: 2, errors: 1, max_ms: 101 },
            { at: at(20), count: 1 },
          ],
        },
        { type: 'boot', total: 1 },
      ],
    });
    for (const bad of [
      `from=${at(5)}&to=${at(0)}`,
      'from=yesterday',
      'bucket=1',
      `from=2026-10-20T00:00:00Z&to=${at(0)}&bucket=60`,
    ]) {
      expect((await as('op12', 'GET', `/api/phones/${id}/telemetry?${bad}`)).json).toEqual(
        error('INVALID_PARAMS'),
      );
    }
    for (const payload of ['a', 'b', 'c'])
      await send('POST', '/api/phone/logs/', { token, body: { device_id: 'tele', payload } });
    const first = await as('op12', 'GET', `/api/phones/${id}/logs?limit=2`);
    expect(items(first).map((entry) => entry.payload)).toEqual(['c', 'b']);
    const rest = await as('op12', 'GET', `/api/phones/${id}/logs?limit=2&cursor=${text(first.json.next)}`);
    expect(items(rest).map((entry) => entry.payload)).toEqual(['a']);
    expect(rest.json.next).toBe(null);
  });
});
