import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FcmSim } from '../../../test/sim/fcm/fcm';
import {
  as,
  error,
  items,
  ONE,
  seedPeople,
  send,
  signInPhone,
  USERS,
  type UserName,
} from '../../../test/worker/support/dialer';
import { openDb } from '../../db';
import { auditLog, tenantSecrets, users } from '../../db/schema';
import { phoneQueueName } from '../../../objects/lib/names';

beforeAll(seedPeople);
const db = openDb(env.DB);

/** Has one of the user's phones report a call of its own, and waits until the hub has heard of it. */
async function reportCall(user: UserName, said: Record<string, unknown>): Promise<void> {
  const { access: token } = await signInPhone(user, 'stats');
  const body = {
    call_request_id: crypto.randomUUID(),
    action_source: 'manual',
    phone: '+375290000000',
    ...said,
  };
  expect((await send('POST', '/api/phone/calls/update/', { token, body })).status).toBe(200);
  await runDurableObjectAlarm(env.PHONE_QUEUE.getByName(phoneQueueName(ONE, USERS[user], 2)));
}

describe('statistics', () => {
  it('add up what phones reported, as JSON and CSV, for who may see them', async () => {
    const started = {
      call_started_at: new Date(Date.now() - 3_600_000).toISOString(),
      direction: 'outgoing',
      resolve_method: 'observer',
    };
    await reportCall('op12', { ...started, call_status: 'connected', call_duration_seconds: 30 });
    await reportCall('op12', { ...started, call_status: 'connected', call_duration_seconds: 60 });
    await reportCall('op12', { ...started, call_status: 'busy' });
    await db.update(users).set({ displayName: '=cmd|calc' }).where(eq(users.id, USERS.op12));
    await env.CALL_HUB.getByName(ONE).userChanged(USERS.op12);
    const day = new Date(Date.now() + 3 * 3_600_000).toISOString().slice(0, 10);
    const from = new Date(Date.parse(day) - 30 * 86_400_000).toISOString().slice(0, 10);
    const stats = (more = '') => `/api/phones/stats?from=${from}&to=${day}${more}`;
    const answer = await vi.waitFor(async () => {
      const found = await as('boss', 'GET', stats('&by=month'));
      expect(found.json).toMatchObject({ rows: [{ total: 3 }] });
      return found;
    });
    expect(answer.json).toMatchObject({
      from,
      to: day,
      by: 'month',
      time_zone: 'Europe/Moscow',
      rows: [
        {
          user: { username: 'op12' },
          total: 3,
          connected: 2,
          talk_sec: 90,
          avg_talk_sec: 45,
          by_status: { connected: 2, busy: 1 },
          by_direction: { outgoing: 3 },
          by_method: { observer: 3 },
          by_source: { manual: 3 },
        },
      ],
    });
    const csv = await as('boss', 'GET', stats(), { headers: { accept: 'text/csv' } });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head = '', row = ''] = csv.text.replace('\ufeff', '').split('\r\n');
    expect(head).toMatch(/^period,user,name,total,connected,/);
    expect(row).toMatch(/,op12,'=cmd\|calc,3,2,/);
    expect(row.split(',')).toHaveLength(head.split(',').length);
    expect((await as('boss', 'GET', stats(`&user=${USERS.op13}`))).json.rows).toEqual([]);
    expect((await as('admin2', 'GET', stats())).json.rows).toEqual([]);
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
    const rest = await send('GET', link.pathname + link.search, { headers: { range: 'bytes=299990-' } });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, 'bytes 299990-299999/300000']);
    expect(rest.text).toHaveLength(10);
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

  it('can be fetched by a link each, older ones too, in their own tenant only', async () => {
    const [, older] = items(await as('admin', 'GET', '/api/phones/builds'));
    const path = `/api/phones/builds/${String(older?.id)}/link`;
    const { json } = await as('admin', 'GET', path);
    const { pathname, search } = new URL(String(json.url));
    const fetched = await send('GET', pathname + search);
    expect([fetched.status, fetched.headers.get('etag')]).toEqual([200, `"${String(older?.sha256)}"`]);
    expect((await as('admin2', 'GET', path)).status).toBe(404);
    expect((await as('op12', 'GET', path)).status).toBe(403);
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
