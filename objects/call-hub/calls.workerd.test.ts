import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  all,
  BOSS,
  hubOf,
  OLGA,
  oleg,
  olga,
  PHONE,
  phoneEvent,
  phoneResult,
  seedTenant,
  TENANT,
} from '../../test/worker/support/call-hub';
import incoming from '../../test/sim/pbx/traces/incoming-answered.json';
import lost from '../../test/sim/pbx/traces/incoming-hangup-lost.json';
import type { CallHubApi } from './contract';
import { migrateObject } from '../lib/migrations';
import { CALL_HUB_MIGRATIONS } from './migrations';

beforeAll(seedTenant);

/** Posts of a trace that began long enough ago that its end is in the past. */
function posts(trace: typeof incoming | typeof lost, run: string) {
  const epoch = Math.floor(Date.now() / 1000) - 600;
  return trace.steps.map((step) => {
    const text = JSON.stringify(step.body)
      .replace(
        /"\{(-?\d+)\}\.(\d+)"/g,
        (_, seconds: string, seq: string) => `"${epoch + Number(seconds)}.${run}${seq}"`,
      )
      .replace(/"\[(-?\d+)\]"/g, (_, seconds: string) => {
        const wall = new Date((epoch + Number(seconds) + 3 * 3_600) * 1000).toISOString();
        return `"${wall.slice(0, 19).replace('T', ' ')}"`;
      })
      .replaceAll('"b1"', `"b1-${run}"`);
    const body = JSON.parse(text) as Record<string, unknown>;
    return { event: step.event, body: { Token: 'secret', ...body }, receivedAt: epoch * 1000 + step.after };
  });
}

/** One object per test: same tenant, so that names are found, under a storage of its own. */
async function feedOf(hub: DurableObjectStub<CallHubApi>, viewer = all) {
  return (await hub.feed({ viewer, recent: 200 })).calls;
}

describe('calls of the PBX', () => {
  it('are one call from the first event to the hangup, through evictions, with repeats', async () => {
    const hub = hubOf(TENANT);
    let last: string | undefined;
    const rank = ['queued', 'ringing', 'connected', 'ended'];
    for (const post of posts(incoming, '1')) {
      expect(await hub.ingestPbx(post)).toMatchObject({ ok: true });
      expect(await hub.ingestPbx(post)).toEqual({ ok: true, duplicate: true });
      await evictDurableObject(hub);
      const [call, ...rest] = await feedOf(hub);
      expect(rest).toEqual([]);
      expect(rank.indexOf(call?.status ?? '')).toBeGreaterThanOrEqual(rank.indexOf(last ?? 'queued'));
      last = call?.status;
    }
    const [call] = await feedOf(hub);
    expect(call).toMatchObject({
      source: 'pbx',
      direction: 'in',
      number: '+375290000000',
      extension: '102',
      status: 'ended',
      outcome: 'answered',
      trunk: '0002001',
    });
    expect(call?.duration).toBeGreaterThanOrEqual(40);
    expect(call?.duration).toBeLessThanOrEqual(41);
    const detail = await hub.call(call?.call_id ?? '', all);
    expect(detail?.states.map((entry) => [entry.state, entry.by])).toEqual([
      ['ringing', 'pbx'],
      ['connected', 'pbx'],
      ['ended', 'pbx'],
    ]);
  });

  it('are attributed once it is known whose extension it is, and seen by those it rang', async () => {
    const hub = hubOf(TENANT);
    const [first, second, third, ...rest] = posts(incoming, '2');
    if (!first || !second || !third) throw new Error('trace is too short');
    for (const post of [first, second, third]) await hub.ingestPbx(post);
    // Looking the extensions up is the alarm's work, not the intake's.
    await runDurableObjectAlarm(hub);
    const ringing = (await feedOf(hub, olga)).find((call) => call.status === 'ringing');
    expect(ringing).toMatchObject({ user: null, extension: null });
    for (const post of rest) await hub.ingestPbx(post);
    const mine = await feedOf(hub, oleg);
    expect(mine.find((call) => call.call_id === ringing?.call_id)).toMatchObject({
      user: { username: 'op13', name: 'Oleg Operator' },
      outcome: 'answered',
    });
    expect(await hub.call(ringing?.call_id ?? '', { userId: BOSS, scope: 'own' })).toBeNull();
  });

  it('whose hangup is lost are closed by the alarm', async () => {
    const hub = hubOf(TENANT);
    for (const post of posts(lost, '3')) await hub.ingestPbx(post);
    const before = (await feedOf(hub)).find((call) => call.status !== 'ended');
    expect(before).toMatchObject({ status: 'connected', extension: '101' });
    await runDurableObjectAlarm(hub);
    const after = await hub.call(before?.call_id ?? '', all);
    expect(after).toMatchObject({ status: 'ended', outcome: 'answered' });
    expect(after?.states.at(-1)).toMatchObject({ state: 'ended', by: 'timer' });
  });

  it('keep their raw events, without the token', async () => {
    const hub = hubOf(TENANT);
    await runInDurableObject(hub, (_, { storage }) => {
      const rows = storage.sql.exec<{ body: string }>('SELECT body FROM pbx_events').toArray();
      expect(rows.length).toBeGreaterThan(20);
      for (const row of rows) expect(row.body).not.toContain('secret');
    });
  });
});

describe('calls by phone', () => {
  const at = Date.UTC(2026, 0, 31, 22, 0);

  it('go from the queue to the result, whatever the order and the repeats', async () => {
    const events = [
      phoneEvent({ type: 'queued', at, contactId: '7' }),
      phoneEvent({ type: 'delivered', at: at + 1_000, deviceId: PHONE }),
      phoneEvent({
        type: 'result',
        at: at + 60_000,
        deviceId: PHONE,
        result: phoneResult({ endedAt: at + 50_000 }),
      }),
    ];
    const hubs = [hubOf('order-1'), hubOf('order-2'), hubOf('order-3')];
    const orders = [events, [...events].reverse(), [events[1], events[2], events[0], events[1]]];
    for (const [index, hub] of hubs.entries()) {
      for (const event of orders[index] ?? []) if (event) await hub.ingestPhone([event]);
      await hub.ingestPhone(events);
    }
    const [call, ...others] = await Promise.all(hubs.map((hub) => hub.call('c_phone1', all)));
    expect(call).toMatchObject({
      source: 'phone',
      status: 'ended',
      outcome: 'answered',
      duration: 30,
      start_time: new Date(at).toISOString(),
      end_time: new Date(at + 50_000).toISOString(),
      answer_time: new Date(at + 20_000).toISOString(),
      contact_id: '7',
    });
    for (const other of others) expect(other).toEqual(call);
  });

  it('carry the names of the user and the phone', async () => {
    const hub = hubOf(TENANT);
    await hub.ingestPhone([
      phoneEvent({ type: 'queued', at }),
      phoneEvent({ type: 'delivered', at: at + 1_000, deviceId: PHONE }),
    ]);
    expect(await hub.call('c_phone1', olga)).toMatchObject({
      status: 'ringing',
      user: { id: OLGA, username: 'op12', name: 'Olga Operator' },
      device: { id: PHONE, name: 'Simulator of op12', simulator: true },
    });
  });

  it('are taken while D1 is away, and named when it is back', async () => {
    const hub = hubOf(TENANT);
    await env.DB.exec('ALTER TABLE users RENAME TO users_away');
    await runInDurableObject(hub, (_, { storage }) => storage.sql.exec('DELETE FROM people'));
    await evictDurableObject(hub);
    await hub.ingestPhone([phoneEvent({ callId: 'c_away', type: 'queued', at })]);
    expect(await hub.call('c_away', olga)).toMatchObject({ status: 'queued', user: { id: OLGA, name: '' } });
    await env.DB.exec('ALTER TABLE users_away RENAME TO users');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    await runDurableObjectAlarm(hub);
    vi.useRealTimers();
    expect(await hub.call('c_away', olga)).toMatchObject({ user: { id: OLGA, name: 'Olga Operator' } });
  });

  it('whose phone never reports are over some day, and as it says when it does', async () => {
    const hub = hubOf('unreported');
    const began = Date.now() - 5 * 3_600_000;
    const event = { callId: 'c_silent', deviceId: PHONE };
    await hub.ingestPhone([phoneEvent({ ...event, type: 'queued', at: began })]);
    await hub.ingestPhone([phoneEvent({ callId: 'c_young', type: 'queued', at: Date.now() })]);
    await hub.ingestPhone([phoneEvent({ ...event, type: 'delivered', at: began + 1_000 })]);
    await runDurableObjectAlarm(hub);
    expect(await hub.call('c_silent', all)).toMatchObject({ status: 'ended', outcome: null, duration: null });
    expect(await hub.call('c_young', all)).toMatchObject({ status: 'queued' });
    await hub.ingestPhone([
      phoneEvent({ ...event, type: 'result', at: began + 9_000, result: phoneResult() }),
    ]);
    expect(await hub.call('c_silent', all)).toMatchObject({
      status: 'ended',
      outcome: 'answered',
      duration: 30,
    });
  });

  it('that expire never rang, and a definite result outweighs an unknown one', async () => {
    const hub = hubOf('weights');
    await hub.ingestPhone([
      phoneEvent({ callId: 'c_expired', type: 'queued', at }),
      phoneEvent({ callId: 'c_expired', type: 'expired', at: at + 300_000 }),
      phoneEvent({ callId: 'c_busy', type: 'queued', at }),
      phoneEvent({
        callId: 'c_busy',
        type: 'result',
        at: at + 2,
        result: phoneResult({ status: 'busy', durationSec: 0 }),
      }),
      phoneEvent({
        callId: 'c_busy',
        type: 'result',
        at: at + 3,
        result: phoneResult({ status: 'unknown', durationSec: null }),
      }),
    ]);
    expect(await hub.call('c_expired', all)).toMatchObject({
      status: 'ended',
      outcome: 'failed',
      duration: 0,
    });
    expect(await hub.call('c_busy', all)).toMatchObject({ status: 'ended', outcome: 'busy', duration: 0 });
  });

  it('are counted once, on the tenant’s own day, under the result that stands', async () => {
    const hub = hubOf(TENANT);
    const count = (callId: string, status: 'connected' | 'no_answer', order: number, durationSec: number) =>
      phoneEvent({ callId, type: 'result', at: at + order, result: phoneResult({ status, durationSec }) });
    const first = count('c_s1', 'no_answer', 1, 0);
    await hub.ingestPhone([
      phoneEvent({ callId: 'c_s1', type: 'queued', at }),
      first,
      first,
      count('c_s1', 'connected', 2, 40),
      phoneEvent({ callId: 'c_s2', type: 'queued', at }),
      count('c_s2', 'no_answer', 1, 0),
    ]);
    await evictDurableObject(hub);
    // 22:00 UTC on 31 January is already February in Moscow.
    const stats = await hub.phoneStats({ from: '2026-02-01', to: '2026-02-01', by: 'month' });
    expect(stats.time_zone).toBe('Europe/Moscow');
    expect(stats.rows).toEqual([
      {
        period: '2026-02',
        user: { id: OLGA, username: 'op12', name: 'Olga Operator' },
        total: 2,
        connected: 1,
        connect_rate: 0.5,
        talk_seconds: 40,
        average_talk_seconds: 40,
        by_status: { connected: 1, no_answer: 1 },
        by_direction: { outgoing: 2 },
        by_method: { call_log: 2 },
        by_source: { crm_ui: 2 },
      },
    ]);
    expect((await hub.phoneStats({ from: '2026-01-01', to: '2026-01-31', by: 'day' })).rows).toEqual([]);
  });
});

describe('notes', () => {
  it('are counted on the call, changed and deleted by who wrote them, seen by who sees the call', async () => {
    const hub = hubOf('noted');
    await hub.ingestPhone([phoneEvent({ callId: 'c_n', type: 'queued', at: 1_000 })]);
    const added = await hub.addNote({ callId: 'c_n', viewer: olga, text: 'Call on Monday', now: 5_000 });
    if (!added.ok) throw new Error(added.code);
    expect(await hub.call('c_n', olga)).toMatchObject({ note_count: 1 });
    expect(await hub.addNote({ callId: 'c_n', viewer: oleg, text: 'x', now: 1 })).toEqual({
      ok: false,
      code: 'not_found',
    });
    expect(await hub.notes('c_n', oleg)).toBeNull();
    const noteId = added.note.id;
    expect(await hub.changeNote({ noteId, viewer: all, text: 'y', now: 6_000 })).toEqual({
      ok: false,
      code: 'not_yours',
    });
    expect(await hub.changeNote({ noteId, viewer: olga, text: 'On Tuesday', now: 6_000 })).toMatchObject({
      ok: true,
    });
    expect(await hub.notes('c_n', all)).toMatchObject([
      { text: 'On Tuesday', edited: '1970-01-01T00:00:06.000Z' },
    ]);
    expect(await hub.deleteNote({ noteId, viewer: olga, now: 7_000 })).toMatchObject({
      ok: true,
      before: expect.any(String),
    });
    expect(await hub.call('c_n', olga)).toMatchObject({ note_count: 0 });
  });
});

describe('storage', () => {
  it('of the first version is read by this one', async () => {
    const hub = hubOf('old-storage');
    const record = {
      callId: 'c_old',
      source: 'phone',
      direction: 'out',
      number: '+375290000000',
      startAt: 1_000,
      userId: OLGA,
      extension: null,
      deviceId: null,
      trunk: null,
      contactId: null,
      companyId: null,
      noteCount: 1,
      audience: [OLGA],
      marks: { queued: { at: 1_000, by: 'user:x' } },
      ending: null,
    };
    const fact = { k: 'start', at: 1_000, u: '1.1', phone: '375290000001', trunk: '0002001' };
    await runInDurableObject(hub, async (_, { storage }) => {
      await storage.deleteAll();
      migrateObject(storage, CALL_HUB_MIGRATIONS.slice(0, 1));
      storage.sql.exec(
        "INSERT INTO calls VALUES ('c_old', 'queued', 1000, ?, ?)",
        OLGA,
        JSON.stringify(record),
      );
      storage.sql.exec("INSERT INTO call_viewers VALUES (?, 'c_old')", OLGA);
      storage.sql.exec("INSERT INTO feed VALUES (7, 1000, 'c_old', '{}')");
      storage.sql.exec(
        "INSERT INTO pbx_groups VALUES ('c_pbx', 1, ?, 1, ?)",
        Date.now(),
        JSON.stringify([fact]),
      );
      storage.sql.exec("INSERT INTO notes VALUES ('n1', 'c_old', ?, 'old', 1000, NULL)", OLGA);
    });
    await evictDurableObject(hub);
    const page = await hub.feed({ viewer: olga });
    expect(page.calls).toMatchObject([
      { call_id: 'c_old', status: 'queued', note_count: 1, recording_count: 0, slot: null },
    ]);
    expect(page.cursor).toMatch(/:7$/);
    await hub.ingestPhone([phoneEvent({ callId: 'c_old', type: 'cancelled', at: 2_000 })]);
    expect(await hub.call('c_old', olga)).toMatchObject({ status: 'ended', outcome: 'cancelled' });
    await runDurableObjectAlarm(hub);
    expect(await hub.call('c_pbx', all)).toMatchObject({ number: '+375290000001', status: 'ended' });
  });
});
