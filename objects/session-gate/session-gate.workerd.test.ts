import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { and, eq, isNull } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addTenant, addUser } from '../../test/worker/support/people';
import { openDb } from '../../worker/db';
import { sessions, users } from '../../worker/db/schema';
import { CallHub } from '../call-hub/object';
import { PhoneQueue } from '../phone-queue/object';
import { phoneQueueName } from '../lib/names';
import type { OpenSessionInput, SessionKind } from './contract';
import { Directory } from './directory';

const HOUR = 3_600_000;
const gate = () => env.SESSION_GATE.getByName(tenantId);
const db = () => openDb(env.DB);

/** A tenant, and so an object, of its own for every test. */
let tenantId: string;
let userId: string;
let admin: string;

/** A session as a sign-in writes it to D1; the gate has not heard of it yet. */
async function record(
  kind: SessionKind = 'browser',
  changes: Partial<OpenSessionInput> = {},
): Promise<OpenSessionInput> {
  const now = Date.now();
  const session: OpenSessionInput = {
    sid: crypto.randomUUID(),
    userId,
    kind,
    jti: crypto.randomUUID(),
    createdAt: now,
    expiresAt: kind === 'phone' ? null : now + 30 * 24 * HOUR,
    userAgent: 'test',
    address: null,
    ...changes,
  };
  const { sid: id, ...row } = session;
  await db()
    .insert(sessions)
    .values({ id, tenantId, ...row });
  return session;
}

async function signedIn(kind: SessionKind = 'browser'): Promise<OpenSessionInput> {
  const session = await record(kind);
  expect((await gate().open(session)).ok).toBe(true);
  return session;
}

const revokedAt = async (sid: string) =>
  (await db().query.sessions.findFirst({ where: eq(sessions.id, sid) }))?.revokedAt;
const check = (session: OpenSessionInput) => gate().check(session.sid, session.jti);

let turn = 0;
beforeEach(async () => {
  turn += 1;
  tenantId = String(1_000 + turn);
  vi.useFakeTimers({ toFake: ['Date'] });
  await addTenant(tenantId);
  userId = await addUser(tenantId, 'op12');
  admin = await addUser(tenantId, 'admin', 'admin');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('check', () => {
  it('says who it is, in which tenant and with which permissions', async () => {
    const session = await signedIn();
    expect(await check(session)).toEqual({
      ok: true,
      identity: {
        sid: session.sid,
        kind: 'browser',
        userId,
        username: 'op12',
        displayName: `op12 of ${tenantId}`,
        roleId: 'role_operator',
        role: 'operator',
        permissions: { WORKSPACE: ['view', 'call'], COMMUNICATIONS: ['read', 'write'] },
        tenant: {
          id: tenantId,
          name: `Tenant ${tenantId}`,
          kind: 'customer',
          timeZone: 'Europe/Moscow',
          country: 'RU',
          phoneShards: 16,
          phoneAccessTtlSec: 86_400,
          bridges: [],
        },
        expiresAt: session.expiresAt,
      },
    });
  });

  it('loads a session it never heard of from D1, and asks D1 no more', async () => {
    const session = await record();
    expect((await check(session)).ok).toBe(true);
    await db().delete(sessions).where(eq(sessions.id, session.sid));
    await db().update(users).set({ displayName: 'changed' }).where(eq(users.id, userId));
    await evictDurableObject(gate());
    expect(await check(session)).toMatchObject({
      ok: true,
      identity: { displayName: `op12 of ${tenantId}` },
    });
  });

  it('knows no session of another tenant', async () => {
    const session = await signedIn();
    const unknown = { ok: false, reason: 'unknown' };
    await addTenant('0202');
    expect(await env.SESSION_GATE.getByName('0202').check(session.sid, session.jti)).toEqual(unknown);
    expect(await gate().check(crypto.randomUUID(), 'x')).toEqual(unknown);
  });

  it('writes the time of use at most every five minutes', async () => {
    const session = await signedIn();
    const lastUsed = async () => (await gate().sessionsOf(userId))[0]?.lastUsedAt;
    const opened = await lastUsed();
    vi.setSystemTime(Date.now() + 299_000);
    await check(session);
    expect(await lastUsed()).toBe(opened);
    vi.setSystemTime(Date.now() + 1_000);
    await check(session);
    expect(await lastUsed()).toBe((opened ?? 0) + 300_000);
  });

  it('ends a browser session after 12 idle hours, and after 30 days however busy', async () => {
    const idle = await signedIn();
    vi.setSystemTime(Date.now() + 12 * HOUR);
    expect(await check(idle)).toEqual({ ok: false, reason: 'idle' });
    const busy = await signedIn();
    for (let hours = 0; hours < 30 * 24; hours += 11) {
      expect((await check(busy)).ok).toBe(true);
      vi.setSystemTime(Date.now() + 11 * HOUR);
    }
    expect(await check(busy)).toEqual({ ok: false, reason: 'expired' });
  });

  it('follows a change it was never told of within an hour', async () => {
    const session = await signedIn();
    await db().update(users).set({ disabledAt: 1 }).where(eq(users.id, userId));
    expect((await check(session)).ok).toBe(true);
    vi.setSystemTime(Date.now() + HOUR);
    expect((await check(session)).ok).toBe(false);
  });
});

describe('rotate', () => {
  it('puts one token in the place of another', async () => {
    const session = await signedIn('api');
    expect((await gate().rotate(session.sid, session.jti, 'new')).ok).toBe(true);
    expect(await check(session)).toEqual({ ok: false, reason: 'replaced' });
    expect((await gate().check(session.sid, 'new')).ok).toBe(true);
    expect(await gate().rotate(session.sid, session.jti, 'newer')).toEqual({ ok: false, reason: 'replaced' });
  });

  it('lets exactly one of many win', async () => {
    const session = await record('api');
    const tried = await Promise.all(
      Array.from({ length: 8 }, (_, index) => gate().rotate(session.sid, session.jti, `new${index}`)),
    );
    expect(tried.filter((result) => result.ok)).toHaveLength(1);
    const winner = tried.findIndex((result) => result.ok);
    expect((await gate().check(session.sid, `new${winner}`)).ok).toBe(true);
  });
});

describe('revocation', () => {
  it('holds at once, in D1, for the live sockets, and over an eviction', async () => {
    const drop = vi.spyOn(CallHub.prototype, 'dropSession');
    const session = await signedIn();
    const other = await signedIn();
    expect(await gate().revokeSession({ sid: session.sid, by: userId })).toEqual({
      ok: true,
      revoked: 1,
      pending: 0,
    });
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
    expect(drop).toHaveBeenCalledExactlyOnceWith(session.sid);
    expect(await revokedAt(session.sid)).toBe(Date.now());
    await evictDurableObject(gate());
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
    expect((await check(other)).ok).toBe(true);
    expect((await gate().revokeSession({ sid: session.sid, by: userId })).revoked).toBe(0);
  });

  it('of a phone reaches the shard that parks its polls', async () => {
    const reached: string[] = [];
    vi.spyOn(PhoneQueue.prototype, 'revokeSession').mockImplementation(function (
      this: PhoneQueue,
      sid: string,
    ) {
      reached.push(`${Reflect.get<object, 'ctx'>(this, 'ctx').id.name} ${sid}`);
      return Promise.resolve();
    });
    const session = await signedIn('phone');
    await gate().revokeSession({ sid: session.sid, by: admin });
    expect(reached).toEqual([`${phoneQueueName(tenantId, userId, 16)} ${session.sid}`]);
  });

  it('is refused for somebody else’s session', async () => {
    const session = await signedIn();
    expect((await gate().revokeSession({ sid: session.sid, by: admin, userId: admin })).revoked).toBe(0);
    expect((await check(session)).ok).toBe(true);
  });

  it('of a session the gate never heard of', async () => {
    const session = await record();
    expect((await gate().revokeSession({ sid: session.sid, by: admin })).revoked).toBe(1);
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('of a user ends all but the one they keep, also one still being opened', async () => {
    const keep = await signedIn();
    const all = [await signedIn(), await signedIn('api'), await signedIn('phone')];
    const late = await record();
    vi.setSystemTime(Date.now() + 1);
    expect((await gate().revokeUser({ userId, by: userId, exceptSid: keep.sid })).revoked).toBe(3);
    for (const session of all) expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
    expect(await gate().open(late)).toEqual({ ok: false, reason: 'revoked' });
    expect((await check(keep)).ok).toBe(true);
    expect((await check(await signedIn())).ok).toBe(true);
  });

  it('is told again until each target has acknowledged', async () => {
    const drop = vi.spyOn(CallHub.prototype, 'dropSession').mockRejectedValue(new Error('away'));
    const session = await signedIn();
    expect(await gate().revokeSession({ sid: session.sid, by: userId })).toEqual({
      ok: true,
      revoked: 1,
      pending: 1,
    });
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
    expect(await revokedAt(session.sid)).toBe(Date.now());

    vi.setSystemTime(Date.now() + 60_000);
    expect(await runDurableObjectAlarm(gate())).toBe(true);
    expect(drop).toHaveBeenCalledTimes(2);
    await evictDurableObject(gate());
    drop.mockResolvedValue();
    vi.setSystemTime(Date.now() + 60_000);
    expect(await runDurableObjectAlarm(gate())).toBe(true);
    expect(drop).toHaveBeenCalledTimes(3);
    expect(drop).toHaveBeenLastCalledWith(session.sid);
    // Everybody knows: nothing is left to wake up for.
    expect(await runDurableObjectAlarm(gate())).toBe(false);
  });
});

describe('userChanged', () => {
  const set = (changes: Partial<typeof users.$inferInsert>) =>
    db().update(users).set(changes).where(eq(users.id, userId));

  it('ends everything of a disabled user and bars their phones until they are enabled', async () => {
    const bar = vi.spyOn(PhoneQueue.prototype, 'revokeUser').mockResolvedValue();
    const admit = vi.spyOn(PhoneQueue.prototype, 'restoreUser').mockResolvedValue();
    const drop = vi.spyOn(CallHub.prototype, 'dropUser').mockResolvedValue();
    const session = await signedIn('phone');
    await set({ disabledAt: 1 });
    expect(await gate().userChanged({ userId, by: admin })).toEqual({ ok: true, revoked: 1, pending: 0 });
    expect(bar).toHaveBeenCalledWith(userId, Date.now());
    expect(drop).toHaveBeenCalledWith(userId);
    expect((await check(session)).ok).toBe(false);
    expect(await gate().open(await record())).toEqual({ ok: false, reason: 'disabled' });

    await set({ disabledAt: null });
    await gate().userChanged({ userId, by: admin });
    expect(admit).toHaveBeenCalledWith(userId);
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
    vi.setSystemTime(Date.now() + 1);
    expect((await check(await signedIn())).ok).toBe(true);
  });

  it('never lets an older notice undo a newer one', async () => {
    const bar = vi.spyOn(PhoneQueue.prototype, 'revokeUser').mockRejectedValue(new Error('away'));
    const admit = vi.spyOn(PhoneQueue.prototype, 'restoreUser').mockResolvedValue();
    await signedIn();
    await set({ disabledAt: 1 });
    await gate().userChanged({ userId, by: admin });
    await set({ disabledAt: null });
    await gate().userChanged({ userId, by: admin });
    expect(admit).toHaveBeenCalledTimes(1);
    bar.mockClear();
    vi.setSystemTime(Date.now() + 60_000);
    await runDurableObjectAlarm(gate());
    expect(bar).not.toHaveBeenCalled();
  });

  it('signs out who got another role, and takes a new name over without', async () => {
    const session = await signedIn();
    await set({ displayName: 'Olga' });
    await gate().userChanged({ userId, by: admin });
    expect(await check(session)).toMatchObject({ ok: true, identity: { displayName: 'Olga' } });
    await set({ roleId: 'role_viewer' });
    expect((await gate().userChanged({ userId, by: admin })).revoked).toBe(1);
    expect(await check(session)).toEqual({ ok: false, reason: 'revoked' });
  });
});

it('forgets what has long been dead, and marks it in D1 first', async () => {
  const idle = await signedIn('phone');
  vi.setSystemTime(Date.now() + 98 * 24 * HOUR);
  await signedIn();
  const rows = await runInDurableObject(gate(), (_, state) =>
    state.storage.sql.exec('SELECT 1 FROM sessions WHERE sid = ?', idle.sid).toArray(),
  );
  expect(rows).toHaveLength(0);
  vi.setSystemTime(Date.now() + 1_000);
  await runDurableObjectAlarm(gate());
  expect(await revokedAt(idle.sid)).not.toBeNull();
  expect(await check(idle)).toEqual({ ok: false, reason: 'revoked' });
});

it('tells everybody about more sessions than one round takes', async () => {
  const drop = vi.spyOn(CallHub.prototype, 'dropSession').mockResolvedValue();
  const all: OpenSessionInput[] = [];
  for (let i = 0; i < 60; i += 1) all.push(await signedIn('api'));
  const { revoked, pending } = await gate().revokeUser({ userId, by: userId });
  expect(revoked).toBe(60);
  expect(pending).toBeGreaterThan(0);
  for (let rounds = 0; rounds < 10 && (await runDurableObjectAlarm(gate())); rounds += 1);
  expect(new Set(drop.mock.calls.map(([sid]) => sid))).toEqual(new Set(all.map(({ sid }) => sid)));
  expect(await db().$count(sessions, and(eq(sessions.userId, userId), isNull(sessions.revokedAt)))).toBe(0);
});

describe('records of sessions in D1', () => {
  const DAY = 24 * HOUR;
  const kept = async () =>
    (await db().query.sessions.findMany({ where: eq(sessions.tenantId, tenantId) })).map(({ id }) => id);

  it('go ninety days after the session was over, those of others and of the living stay', async () => {
    const now = Date.now();
    const over = await record('browser', { createdAt: now - 200 * DAY, expiresAt: now - 91 * DAY });
    const ended = await record('phone', { createdAt: now - 200 * DAY });
    await db()
      .update(sessions)
      .set({ revokedAt: now - 91 * DAY })
      .where(eq(sessions.id, ended.sid));
    const recent = await record('api', { createdAt: now - 40 * DAY, expiresAt: now - 10 * DAY });
    const phone = await record('phone', { createdAt: now - 400 * DAY });
    const living = await signedIn();
    await vi.waitFor(async () => expect(await kept()).not.toContain(over.sid));
    expect((await kept()).toSorted()).toEqual([recent.sid, phone.sid, living.sid].toSorted());
    expect(await check(over)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('that could not be deleted keep nobody from signing in', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const prune = vi.spyOn(Directory.prototype, 'prune').mockRejectedValue(new Error('D1 is away'));
    await signedIn();
    expect(prune).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(warned).toHaveBeenCalled());
  });
});
