import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seedPeople, USERS } from '../../test/worker/support/dialer';
import { newPlayedPbx, playPbx } from '../../test/worker/support/played-pbx';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import { openDb } from '../../worker/db';
import { auditLog, operators, operatorSettings, tenants } from '../../worker/db/schema';
import { MIGRATIONS } from './migrations';

const ACTOR = { userId: USERS.admin, address: '192.0.2.1' };
const db = openDb(env.DB);
let tenantCount = 0;
let bridge: SlotBridge | null = null;
const pbx = newPlayedPbx();

beforeAll(() => seedPeople());
afterEach(() => {
  bridge?.disconnect();
  bridge = null;
  pbx.accounts.clear();
});

/** A tenant with so many operators, one bridge, and its object. */
async function world(size: number, extensionOf = (n: number): string | null => String(7000 + n)) {
  const id = `9${String((tenantCount += 1)).padStart(3, '0')}`;
  const at = { createdAt: 1, updatedAt: 1 };
  await db.insert(tenants).values({ id, name: id, timeZone: 'UTC', country: 'BY', createdAt: 1 });
  for (let n = 0; n < size; n += 1)
    await db.insert(operators).values({
      tenantId: id,
      yandexUuid: `op-${String(n).padStart(3, '0')}`,
      login: `op${n}`,
      fullName: `Operator ${n}`,
      extension: extensionOf(n),
      queues: [],
      ...at,
    });
  bridge = await enrolled([], id);
  playPbx(bridge, pbx);
  const object = env.OPERATOR_ENROLMENT.getByName(id);
  const start = (include: 'missing' | 'all' = 'missing') =>
    object.start({ include, actor: ACTOR, now: Date.now() });
  const over = (run: string) =>
    soon(async () => {
      const now = await object.run(run);
      expect(now?.state).not.toBe('running');
      return now;
    });
  return { id, object, start, over };
}
const inTelephony = async (tenantId: string) =>
  (await db.select().from(operators).where(eq(operators.tenantId, tenantId)))
    .filter((row) => row.inTelephony)
    .map((row) => row.yandexUuid);
const rowsOf = async (tenantId: string) =>
  (await db.select().from(auditLog).where(eq(auditLog.tenantId, tenantId))).filter(
    ({ action }) => action === 'operator.telephony.add',
  );

describe('an enrolment', () => {
  it('puts everybody who can be into telephony, reports the others, and may be repeated', async () => {
    const { id, start, over, object } = await world(60, (n) => (n === 7 ? null : String(7000 + n)));
    const { run, joined } = await start();
    expect(joined).toBe(false);
    expect(await over(run.id)).toMatchObject({
      state: 'done',
      total: 60,
      counts: { added: 59, failed: 1, pending: 0 },
      by: USERS.admin,
      problem: null,
    });
    expect(await inTelephony(id)).toHaveLength(59);
    expect(pbx.accounts.size).toBe(59);
    const failed = await object.items({ id: run.id, result: 'failed', after: 0, limit: 10 });
    expect(failed).toMatchObject({
      items: [{ uuid: 'op-007', problem: { code: 'NO_EXTENSION' }, at: expect.any(Number) }],
      next: null,
    });
    const rows = await rowsOf(id);
    expect(rows).toHaveLength(59);
    expect(rows[0]).toMatchObject({
      actorId: USERS.admin,
      address: '192.0.2.1',
      before: { in_telephony: false },
      after: { in_telephony: true },
    });
    // Again: those who are left. Somebody gives the one an extension, and who failed is tried again.
    expect(await over((await start()).run.id)).toMatchObject({ total: 1, counts: { failed: 1 } });
    await db.update(operators).set({ extension: '7999' }).where(eq(operators.yandexUuid, 'op-007'));
    expect(await object.resume({ id: run.id, actor: ACTOR, now: Date.now() })).toMatchObject({
      ok: true,
      changed: true,
    });
    expect(await over(run.id)).toMatchObject({ state: 'done', counts: { added: 60, failed: 0 } });
    expect(await rowsOf(id)).toHaveLength(60);
    expect(await object.resume({ id: run.id, actor: ACTOR, now: Date.now() })).toEqual({
      ok: false,
      code: 'NOTHING_LEFT',
    });
    expect(await over((await start()).run.id)).toMatchObject({ state: 'done', total: 0 });
    expect((await object.runs()).map(({ total }) => total)).toEqual([0, 1, 60]);
  });

  it('makes accounts that telephony lost, and leaves no rows of what did not change', async () => {
    const { id, start, over } = await world(3);
    await over((await start()).run.id);
    pbx.accounts.clear();
    expect(await over((await start('all')).run.id)).toMatchObject({ counts: { already: 3 } });
    expect(pbx.accounts.size).toBe(3);
    expect(await rowsOf(id)).toHaveLength(3);
  });

  it('takes an account back whose record was deleted or changed while it was made', async () => {
    const { id, start, over, object } = await world(2);
    bridge?.replies.set('pbx.account.put', ({ extension }) => {
      pbx.accounts.set(String(extension), 'x');
      return { silent: true };
    });
    const { run } = await start();
    const held = [await bridge?.nth('pbx.account.put', 0), await bridge?.nth('pbx.account.put', 1)];
    await db.delete(operators).where(eq(operators.yandexUuid, 'op-000'));
    await db.update(operators).set({ login: 'other' }).where(eq(operators.yandexUuid, 'op-001'));
    for (const asked of held) if (asked) bridge?.answer(asked, { result: { already: false } });
    expect(await over(run.id)).toMatchObject({ counts: { gone: 1, failed: 1 } });
    const { items } = (await object.items({ id: run.id, result: null, after: 0, limit: 5 })) ?? { items: [] };
    expect(items.map(({ problem }) => problem?.code ?? null)).toEqual([null, 'CHANGED_MEANWHILE']);
    expect(pbx.accounts.size).toBe(0);
    expect(await inTelephony(id)).toEqual([]);
  });
});

describe('a telephony that is away', () => {
  it('is waited for, asked again by an alarm, and loses nobody', async () => {
    const { start, over, object } = await world(5);
    bridge?.disconnect();
    const { run } = await start();
    const waiting = await soon(async () => {
      const now = await object.run(run.id);
      expect(now?.waitsUntil).not.toBeNull();
      return now;
    });
    expect(waiting).toMatchObject({
      state: 'running',
      counts: { pending: 5 },
      problem: { code: 'TELEPHONY_UNAVAILABLE' },
    });
    // Starting again joins it; a person who is told that telephony is back need not wait.
    expect(await start()).toMatchObject({ joined: true, run: { id: run.id } });
    await bridge?.connect();
    expect(await object.resume({ id: run.id, actor: ACTOR, now: Date.now() })).toMatchObject({ ok: true });
    expect(await over(run.id)).toMatchObject({ state: 'done', counts: { added: 5 } });
  });

  it('that can’t make accounts halts it with the reason, until it can', async () => {
    const { id, start, over, object } = await world(2);
    const settings = (driver: 'cipt' | 'asterisk') =>
      db
        .insert(operatorSettings)
        .values({ tenantId: id, settings: { driver }, updatedAt: 1 })
        .onConflictDoUpdate({ target: operatorSettings.tenantId, set: { settings: { driver } } });
    await settings('cipt');
    const { run } = await start();
    expect(await over(run.id)).toMatchObject({
      state: 'halted',
      counts: { pending: 2 },
      problem: { code: 'NOT_SUPPORTED', message: expect.stringContaining('not set up') },
    });
    await settings('asterisk');
    await object.resume({ id: run.id, actor: ACTOR, now: Date.now() });
    expect(await over(run.id)).toMatchObject({ state: 'done', counts: { added: 2 } });
  });
});

describe('a person', () => {
  it('stops it and goes on later; another one can’t go on beside it', async () => {
    const { start, over, object } = await world(3);
    bridge?.disconnect();
    const first = (await start()).run.id;
    expect(await object.stop({ id: first, now: Date.now() })).toMatchObject({
      ok: true,
      changed: true,
      run: { state: 'stopped', waitsUntil: null },
    });
    expect(await object.stop({ id: first, now: Date.now() })).toMatchObject({ ok: true, changed: false });
    const second = (await start()).run.id;
    expect(second).not.toBe(first);
    expect(await object.resume({ id: first, actor: ACTOR, now: Date.now() })).toEqual({
      ok: false,
      code: 'ANOTHER_RUNS',
    });
    await object.stop({ id: second, now: Date.now() });
    await bridge?.connect();
    await object.resume({ id: first, actor: ACTOR, now: Date.now() });
    expect(await over(first)).toMatchObject({ state: 'done', counts: { added: 3 } });
    expect(await object.stop({ id: first, now: Date.now() })).toMatchObject({
      changed: false,
      run: { state: 'done' },
    });
    expect(await object.stop({ id: 'none', now: Date.now() })).toEqual({ ok: false, code: 'NOT_FOUND' });
  });
});

describe('the object', () => {
  it('goes on where it was after its life ended in the middle of a turn', async () => {
    const { start, over, object } = await world(10);
    bridge?.disconnect();
    const { run } = await start();
    await soon(async () => expect((await object.run(run.id))?.problem).not.toBeNull());
    // As a turn leaves it that took its timer and never ended.
    await runInDurableObject(object, async (_, { storage }) => {
      storage.sql.exec('DELETE FROM timers');
      storage.sql.exec('UPDATE runs SET wake_at = 1');
      await storage.deleteAlarm();
    });
    await bridge?.connect();
    await evictDurableObject(object);
    expect(await over(run.id)).toMatchObject({ state: 'done', counts: { added: 10 } });
    // An alarm too many finds nothing to do.
    await runDurableObjectAlarm(object);
    expect(await object.run(run.id)).toMatchObject({ counts: { added: 10 } });
  });

  it('reads storage of every earlier step', async () => {
    const object = env.OPERATOR_ENROLMENT.getByName('migrated');
    await object.runs();
    await runInDurableObject(object, (_, { storage }) => {
      // The storage as step 1 left it, with a run that was halted.
      for (const table of ['runs', 'items', 'timers', 'meta', 'object_migrations'])
        storage.sql.exec(`DROP TABLE ${table}`);
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(MIGRATIONS[0]?.sql ?? '');
      storage.sql.exec("INSERT INTO object_migrations VALUES (1, 'runs')");
      storage.sql.exec(
        `INSERT INTO runs VALUES (1, 'old', 'missing', 'u1', NULL, 5, 9, 'halted', 10, 9, '{"code":"X","message":"x"}')`,
      );
      storage.sql.exec(
        "INSERT INTO items VALUES (1, 1, 'op-1', 'op1', 'Operator', NULL, 'pending', NULL, 0, NULL)",
      );
    });
    await evictDurableObject(object);
    expect(await object.run('old')).toMatchObject({
      state: 'halted',
      total: 1,
      counts: { pending: 1 },
      problem: { code: 'X' },
    });
  });
});
