import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { FcmSim } from '../../../test/sim/fcm/fcm';
import {
  ONE,
  seedPeople,
  send,
  signInApi,
  signInPhone,
  USERS,
  type UserName,
} from '../../../test/worker/support/dialer';
import { openDb } from '../../db';
import { auditLog, tenantSecrets } from '../../db/schema';
import { phoneQueueName } from '../../../objects/lib/names';

beforeAll(seedPeople);
const db = openDb(env.DB);
const sessions = new Map<UserName, string>();
/** A request of the platform API as one of the people. */
async function as(user: UserName, method: string, path: string, sent: Parameters<typeof send>[2] = {}) {
  let token = sessions.get(user);
  if (token === undefined) sessions.set(user, (token = await signInApi(user)));
  return send(method, path, { ...sent, token });
}
const items = (answer: { json: Record<string, unknown> }) => answer.json.items as Record<string, unknown>[];
const error = (code: string) => expect.objectContaining({ error: true, code, message: expect.any(String) });

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
    for (const { access } of [gone])
      await send('GET', '/api/phone/calls/pull/?device_id=to-go', { token: access });
    const row = items(await as('op12', 'GET', '/api/phones?mine=1')).find(
      (phone) => phone.device_id === 'to-go',
    );
    expect((await as('admin', 'DELETE', `/api/phones/${String(row?.id)}`)).json).toEqual({
      ok: true,
      id: row?.id,
    });
    expect((await as('op12', 'GET', `/api/phones/${String(row?.id)}`)).status).toBe(404);
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
      cursor = `&cursor=${String(answer.json.next)}`;
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
    for (const bad of ['limit=0', 'limit=x', 'state=odd', 'cursor=!!', 'cursor=e30']) {
      expect((await as('boss', 'GET', `/api/phones/commands?${bad}`)).json).toEqual(error('INVALID_PARAMS'));
    }
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
    const rest = await as('op12', 'GET', `/api/phones/${id}/logs?limit=2&cursor=${String(first.json.next)}`);
    expect(items(rest).map((entry) => entry.payload)).toEqual(['a']);
    expect(rest.json.next).toBe(null);
  });
});

describe('statistics', () => {
  it('come from the hub, as JSON and CSV, for who may see them', async () => {
    const answer = await as('boss', 'GET', '/api/phones/stats?from=2026-11-01&to=2026-11-30&by=month');
    expect(answer.json).toMatchObject({
      from: '2026-11-01',
      to: '2026-11-30',
      by: 'month',
      time_zone: 'Europe/Moscow',
      rows: expect.any(Array),
    });
    const csv = await as('boss', 'GET', '/api/phones/stats?from=2026-11-01&to=2026-11-30', {
      headers: { accept: 'text/csv' },
    });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.text).toMatch(/^\ufeff?period,user,name,total,connected,/);
    for (const bad of [
      'from=2026-11-31',
      'from=2026-12-01&to=2026-11-01',
      'by=week',
      'from=2020-01-01&to=2026-01-01',
    ]) {
      expect((await as('boss', 'GET', `/api/phones/stats?${bad}`)).json).toEqual(error('INVALID_PARAMS'));
    }
    expect((await as('op12', 'GET', '/api/phones/stats')).json).toEqual(error('PERMISSION_DENIED'));
  });
});

describe('settings', () => {
  it('change in part, at once, and are audited', async () => {
    expect((await as('admin', 'GET', '/api/phones/settings')).json).toEqual({
      empty_hold_ms: 1_200,
      command_life_ms: 300_000,
      access_ttl_sec: 86_400,
      password_sign_in: true,
    });
    const changed = await as('admin', 'PATCH', '/api/phones/settings', {
      body: { command_life_ms: 60_000, access_ttl_sec: 600 },
    });
    expect(changed.json).toMatchObject({
      command_life_ms: 60_000,
      access_ttl_sec: 600,
      empty_hold_ms: 1_200,
    });
    const phone = await signInPhone('op12', 'set');
    const claims = JSON.parse(Buffer.from(phone.access.split('.')[1] ?? '', 'base64url').toString()) as {
      exp: number;
      iat: number;
    };
    expect(claims.exp - claims.iat).toBe(600);
    const made = await send('POST', '/api/phone/calls/', {
      token: phone.access,
      body: { phone: '+375290009999' },
    });
    const command = await env.PHONE_QUEUE.getByName(phoneQueueName(ONE, USERS.op12, 2)).command(
      String(made.json.id),
    );
    expect((command?.expiresAt ?? 0) - (command?.createdAt ?? 0)).toBe(60_000);
    for (const bad of [
      { empty_hold_ms: 500 },
      { command_life_ms: '60000' },
      { access_ttl_sec: 1 },
      { password_sign_in: 'no' },
    ]) {
      expect((await as('admin', 'PATCH', '/api/phones/settings', { body: bad })).json).toEqual(
        error('INVALID_PARAMS'),
      );
    }
    for (const user of ['op12', 'boss', 'view1'] as const) {
      expect((await as(user, 'GET', '/api/phones/settings')).json).toEqual(error('PERMISSION_DENIED'));
    }
    expect((await as('admin2', 'GET', '/api/phones/settings')).json).toMatchObject({
      command_life_ms: 300_000,
    });
    expect(await db.select().from(auditLog).where(eq(auditLog.action, 'phone.settings'))).toHaveLength(1);
  });
});

describe('builds', () => {
  const APK = { 'content-type': 'application/vnd.android.package-archive' };
  const file = (size: number) => {
    const bytes = new Uint8Array(size);
    bytes.set([0x50, 0x4b, 0x03, 0x04]);
    return bytes;
  };
  const upload = (
    user: UserName,
    query: string,
    bytes: Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = APK,
  ) =>
    as(user, 'POST', `/api/phones/builds?${query}`, {
      raw: bytes,
      headers: { 'content-length': String(bytes.length), ...headers },
    });

  it('are stored with their digest, offered to phones, and downloaded by a link', async () => {
    const { access: token } = await signInPhone('op12', 'app');
    expect(await send('GET', '/api/phone/app/latest/', { token })).toMatchObject({
      status: 404,
      json: { detail: expect.any(String) },
    });
    const bytes = file(300_000);
    const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    const made = await upload('admin', 'version_name=2.4.1&version_code=241', bytes);
    expect(made).toMatchObject({
      status: 201,
      json: {
        version_code: 241,
        sha256,
        size_bytes: 300_000,
        latest: true,
        uploaded_by: { username: 'admin' },
      },
    });
    await upload('admin', 'version_name=2.3&version_code=230', file(10));
    const latest = await send('GET', '/api/phone/app/latest/', { token });
    expect(latest.json).toMatchObject({
      version_name: '2.4.1',
      version_code: 241,
      sha256,
      size_bytes: 300_000,
    });
    const link = new URL(String(latest.json.download_url));
    const download = await send('GET', link.pathname + link.search);
    expect(download.status).toBe(200);
    expect(download.headers.get('content-length')).toBe('300000');
    expect((await send('GET', `/api/phone/app/download/?id=${String(made.json.id)}`, { token })).status).toBe(
      200,
    );
    expect((await send('HEAD', link.pathname + link.search)).text).toBe('');
    const stranger = await signInPhone('op21', 'app');
    expect(
      (await send('GET', `/api/phone/app/download/?id=${String(made.json.id)}`, { token: stranger.access }))
        .status,
    ).toBe(404);
    expect((await send('GET', '/api/phone/app/download/')).status).toBe(401);
    for (const sig of ['x', token, `${link.searchParams.get('sig') ?? ''}x`]) {
      expect((await send('GET', `/api/phone/app/download/?sig=${sig}`)).status).toBe(404);
    }
    expect((await send('GET', '/api/phone/app/latest/', { token: stranger.access })).status).toBe(404);
    expect(items(await as('admin', 'GET', '/api/phones/builds')).map((build) => build.latest)).toEqual([
      true,
      false,
    ]);
  });

  it('refuse what is no build, too large or there already, and keep nothing of it', async () => {
    const before = (await env.BLOBS.list()).objects.length;
    const refused = async (
      answer: Promise<{ status: number; json: Record<string, unknown> }>,
      status = 400,
    ) => expect(await answer).toMatchObject({ status, json: { error: true, code: 'INVALID_PARAMS' } });
    await refused(upload('admin', 'version_name=2.4.1&version_code=241', file(10)));
    await refused(upload('admin', 'version_name=x&version_code=0', file(10)));
    await refused(upload('admin', 'version_name=a"b&version_code=9', file(10)));
    await refused(upload('admin', 'version_code=9', file(10)));
    await refused(upload('admin', 'version_name=9&version_code=9', new Uint8Array(100)));
    await refused(upload('admin', 'version_name=9&version_code=9', new Uint8Array([0x50, 0x4b])));
    await refused(
      upload('admin', 'version_name=9&version_code=9', file(10), { 'content-type': 'text/plain' }),
    );
    await refused(
      upload('admin', 'version_name=9&version_code=9', file(10), { ...APK, 'content-length': '999999999' }),
      413,
    );
    expect((await upload('boss', 'version_name=9&version_code=9', file(10))).status).toBe(403);
    expect((await env.BLOBS.list()).objects.length).toBe(before);
  });

  it('are removed with their file', async () => {
    const [newest] = items(await as('admin', 'GET', '/api/phones/builds'));
    const id = String(newest?.id);
    expect((await as('admin2', 'DELETE', `/api/phones/builds/${id}`)).status).toBe(404);
    const before = (await env.BLOBS.list()).objects.length;
    expect((await as('admin', 'DELETE', `/api/phones/builds/${id}`)).json).toEqual({ ok: true, id });
    expect((await as('admin', 'DELETE', `/api/phones/builds/${id}`)).status).toBe(404);
    expect((await env.BLOBS.list()).objects.length).toBe(before - 1);
  });
});

describe('push', () => {
  it('takes a service account, shows it masked and stores it sealed', async () => {
    const sim = await FcmSim.create();
    expect((await as('admin', 'GET', '/api/phones/push')).json).toMatchObject({
      configured: false,
      project_id: null,
      health: { breaker: 'closed', waiting: 0 },
    });
    const put = await as('admin', 'PUT', '/api/phones/push', { body: { service_account: sim.keyFile } });
    expect(put.json).toMatchObject({
      configured: true,
      project_id: 'demo-project',
      client_email: 'tr***@demo-project.iam.gserviceaccount.example',
    });
    expect(put.text).not.toContain('PRIVATE');
    const [row] = await db.select().from(tenantSecrets);
    expect(JSON.stringify(row)).not.toContain('PRIVATE');
    expect((await as('admin2', 'GET', '/api/phones/push')).json).toMatchObject({ configured: false });
    const { private_key: _, ...withoutKey } = JSON.parse(sim.keyFile) as Record<string, unknown>;
    for (const service_account of [
      'x',
      '{}',
      JSON.stringify(withoutKey),
      sim.keyFile.replace('oauth2.googleapis.com', 'thief.example'),
    ]) {
      const bad = await as('admin', 'PUT', '/api/phones/push', { body: { service_account } });
      expect(bad.json).toEqual(error('INVALID_PARAMS'));
      expect(bad.text).not.toContain('BEGIN');
    }
    expect((await as('admin', 'POST', '/api/phones/push/replay')).json).toEqual({ replayed: 0 });
    expect((await as('boss', 'GET', '/api/phones/push')).status).toBe(403);
    expect((await as('admin', 'DELETE', '/api/phones/push')).json).toMatchObject({ configured: false });
    expect(await db.select().from(tenantSecrets)).toEqual([]);
  });
});
