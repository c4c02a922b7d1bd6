import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { and, eq } from 'drizzle-orm';
import { describe, expect, it, vi } from 'vitest';
import { sealText } from '../../worker/auth/secrets';
import { crmLinks, crmManagers } from '../../worker/db/schema';
import { crmSecretName } from '../lib/crm-secret';
import { MIGRATIONS } from './migrations';
import { db, popup, record, story, TestLink } from '../../test/worker/support/crm-link';

const connected = (): Promise<TestLink> => new TestLink().connect();
const kinds = (link: TestLink) => link.sim.popups.map((one) => one.type);

describe('telling a call', () => {
  it('tells popup, closing and hangup before the one row of the history, once each', async () => {
    const link = await connected();
    const intents = story(1);
    await link.stub.takeIntents(intents);
    await link.stub.takeIntents(intents);
    await link.alarm();
    expect(link.sim.popups.map(({ type, codes, hangupStatus }) => ({ type, codes, hangupStatus }))).toEqual([
      { type: 'in', codes: ['101', '102'], hangupStatus: null },
      { type: 'hangup', codes: ['101'], hangupStatus: 'cancel' },
      { type: 'hangup', codes: ['101', '102'], hangupStatus: 'answered' },
    ]);
    expect(link.sim.history.map(({ row }) => row)).toEqual([
      {
        date: '2026-01-31 10:00:00',
        type: 'in',
        phone: '+375290000001',
        code: '102',
        userId: 12,
        result: 'answered',
        duration: 60,
        durationWaiting: 10,
        externalId: '1760000000.1',
      },
    ]);
    const paths = link.sim.seen
      .filter(({ path }) => path.includes('/telephony/'))
      .map(({ path }) => path.split('/').at(-1));
    expect(paths).toEqual(['event', 'event', 'event', 'upload']);
    await link.stub.takeIntents(intents);
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
    expect(await link.stub.status()).toMatchObject({ waiting: 0, counters: { delivered: 4, duplicates: 0 } });
  });

  it('leaves out extensions without a manager, and the popup where none has one', async () => {
    const link = await connected();
    await link.stub.takeIntents([
      popup(1, { extensions: ['101', '999'] }),
      popup(2, { extensions: ['999'] }),
      record(2, { extension: '999' }),
    ]);
    await link.alarm();
    expect(link.sim.popups.map((one) => one.codes)).toEqual([['101']]);
    expect(link.sim.history.map(({ row }) => [row.code, row.userId])).toEqual([['999', undefined]]);
    expect(await link.stub.status()).toMatchObject({ counters: { skipped: 1 } });
  });

  it('forgets what is told to a link that is switched off or not there', async () => {
    const off = await new TestLink().connect({ enabled: false });
    const none = new TestLink();
    for (const link of [off, none]) {
      await link.stub.takeIntents(story(1));
      expect(await link.stub.status()).toMatchObject({ enabled: false, waiting: 0 });
      expect(await link.alarmAt()).toBeNull();
    }
  });

  it('drops popups that are too old where the link says so, never the record', async () => {
    const link = await connected();
    await db
      .update(crmLinks)
      .set({ options: { popupLifeSec: 60 } })
      .where(eq(crmLinks.tenantId, link.tenantId));
    await link.stub.configChanged();
    await link.stub.takeIntents([
      popup(1, { at: Date.now() - 61_000 }),
      record(1, { at: Date.now() - 61_000 }),
    ]);
    await link.alarm();
    expect(link.sim.popups).toEqual([]);
    expect(link.sim.history).toHaveLength(1);
  });
});

describe('when the CRM is not well', () => {
  it('counts a record that it had committed before the line broke as delivered', async () => {
    const link = await connected();
    link.sim.faults.push({ kind: 'cut_after_commit', path: '/upload' });
    await link.stub.takeIntents([record(1)]);
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ waiting: 1, counters: { failed: 1 } });
    await link.hurry();
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
    expect(await link.stub.status()).toMatchObject({ waiting: 0, counters: { delivered: 1, duplicates: 1 } });
  });

  it('holds a call’s record back until its popup is through, and no other call', async () => {
    const link = await connected();
    link.fetcher = async (url, init) => {
      const body = new URLSearchParams(typeof init.body === 'string' ? init.body : '');
      if (body.get('event')?.includes('1760000000.1"') === true)
        return new Response('<html>', { status: 502 });
      return link.sim.fetch(url, init);
    };
    await link.stub.takeIntents([...story(1), ...story(2)]);
    await link.alarm();
    expect(link.sim.history.map((one) => one.externalId)).toEqual(['1760000000.2']);
    link.fetcher = link.sim.fetch;
    await link.hurry();
    await link.alarm();
    expect(link.sim.history.map((one) => one.externalId)).toEqual(['1760000000.2', '1760000000.1']);
  });

  it.each([
    ['an error page', { kind: 'status', status: 500, times: 50 }],
    ['a refusal in a 200', { kind: 'success_false', times: 50 }],
    ['a broken line', { kind: 'cut', times: 50 }],
  ] as const)(
    'opens the breaker after %s five times, and asks with one when it has rested',
    async (_, fault) => {
      const link = await connected();
      const before = link.sim.seen.length;
      link.sim.faults.push(fault);
      await link.stub.takeIntents(Array.from({ length: 12 }, (__, n) => popup(n)));
      await link.alarm();
      const asked = link.sim.seen.length - before;
      expect(asked).toBeGreaterThanOrEqual(5);
      expect(asked).toBeLessThan(12);
      const status = await link.stub.status();
      expect(status).toMatchObject({ breaker: 'open', waiting: 12 });
      expect(status.nextTryAt).toBeGreaterThanOrEqual(status.breakerUntil ?? Infinity);
      link.sim.faults.length = 0;
      await link.stub.resume();
      await link.alarm();
      expect(link.sim.popups).toHaveLength(12);
      const { items } = await link.stub.logs({ limit: 50, eventType: 'breaker_open' });
      expect(items).toHaveLength(1);
    },
  );

  it('gives up an answer that does not come, and tries again', async () => {
    const link = await connected();
    link.sim.faults.push({ kind: 'hang' });
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() =>
      AbortSignal.abort(new DOMException('late', 'TimeoutError')),
    );
    await link.stub.takeIntents([record(1)]);
    await link.alarm();
    vi.restoreAllMocks();
    expect(await link.stub.status()).toMatchObject({ waiting: 1, lastError: 'No answer within 3000 ms.' });
    await link.hurry();
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
  });

  it('slows down where the CRM says so, without taking it for ill', async () => {
    const link = await connected();
    link.fetcher = async () =>
      Response.json({ success: false, errorMsg: 'Rate limit exceeded' }, { status: 503 });
    await link.stub.takeIntents(Array.from({ length: 9 }, (_, n) => record(n)));
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ breaker: 'closed', waiting: 9, dead: 0 });
  });

  it('holds everything when the key is refused, says why, and goes on with a new key', async () => {
    const link = await connected();
    link.sim.keyRevoked = true;
    await link.stub.takeIntents([...story(1), ...story(2)]);
    await link.alarm();
    const status = await link.stub.status();
    expect(status.held).toMatchObject({ httpStatus: 403, reason: '403: Wrong "apiKey" value.' });
    expect(status).toMatchObject({ waiting: 8, dead: 0, nextTryAt: null });
    const asked = link.sim.seen.length;
    await link.stub.takeIntents(story(3));
    expect(await link.alarmAt()).toBeNull();
    expect(link.sim.seen).toHaveLength(asked);
    link.sim.keyRevoked = false;
    link.sim.apiKey = 'a-new-key-of-ours';
    const secret = sealText(env, link.tenantId, crmSecretName('retailcrm'), link.sim.apiKey);
    await db
      .update(crmLinks)
      .set({ secret })
      .where(and(eq(crmLinks.tenantId, link.tenantId), eq(crmLinks.family, 'retailcrm')));
    await link.stub.configChanged();
    await link.alarm();
    expect(link.sim.history).toHaveLength(3);
    expect((await link.stub.status()).held).toBeNull();
  });

  it('lifts the hold when the key it has passes a test again', async () => {
    const link = await connected();
    link.sim.keyRevoked = true;
    await link.stub.takeIntents([record(1)]);
    await link.alarm();
    expect(await link.stub.tryOut()).toMatchObject({ ok: false, status: 403 });
    link.sim.keyRevoked = false;
    expect(await link.stub.tryOut()).toMatchObject({ ok: true, value: { details: '4 users' } });
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
  });

  it('keeps what the CRM refuses for a person to replay, and goes on with the call', async () => {
    const link = await connected();
    for (const module of link.sim.modules.values()) module.active = false;
    await link.stub.takeIntents([...story(1), ...story(2)]);
    await link.alarm();
    const first = await link.stub.deadLetters({ limit: 3 });
    expect(first.items).toHaveLength(3);
    expect(first.items[0]).toMatchObject({
      kind: 'record',
      error: '400: Telephony not enabled or not supports calls upload',
      attempts: 1,
    });
    const rest = await link.stub.deadLetters({ limit: 10, cursor: first.next });
    expect(rest.items).toHaveLength(5);
    for (const module of link.sim.modules.values()) module.active = true;
    expect(await link.stub.replay(['c_1/1', 'c_1/4', 'made-up'])).toEqual({ replayed: 2 });
    await link.alarm();
    expect(kinds(link)).toEqual(['in']);
    expect(link.sim.history.map((one) => one.externalId)).toEqual(['1760000000.1']);
    expect(await link.stub.discard(['c_1/2'])).toEqual({ discarded: 1 });
    await link.stub.takeIntents(story(1));
    expect(await link.stub.status()).toMatchObject({ waiting: 0, dead: 5 });
    expect(await link.stub.replay()).toEqual({ replayed: 5 });
    await link.alarm();
    expect(link.sim.history).toHaveLength(2);
  });

  it('sends no more than the CRM allows in a second', async () => {
    const link = await connected();
    await link.stub.takeIntents(Array.from({ length: 90 }, (_, n) => popup(n)));
    await link.alarm();
    expect(link.sim.popups).toHaveLength(90);
    expect(link.sim.seen.filter(({ status }) => status === 503)).toEqual([]);
  });
});

describe('through a death of the object', () => {
  it('keeps what waits through an eviction', async () => {
    const link = await connected();
    link.sim.keyRevoked = true;
    await link.stub.takeIntents(story(1));
    await link.alarm();
    await evictDurableObject(link.stub);
    await link.behind();
    expect(await link.stub.status()).toMatchObject({ waiting: 4, held: { httpStatus: 403 } });
    link.sim.keyRevoked = false;
    await link.stub.resume();
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)('tells a record once that died %s the CRM took it', async (when) => {
    const link = await connected();
    await link.stub.takeIntents(story(1));
    await runInDurableObject(link.stub, (_, state) => {
      link.fetcher = async (url, init) => {
        if (when === 'after') await link.sim.fetch(url, init);
        state.abort('the runtime died');
        return new Promise(() => undefined);
      };
    });
    await expect(link.alarm()).rejects.toThrow('the runtime died');
    link.fetcher = link.sim.fetch;
    await link.behind();
    expect(await link.stub.status()).toMatchObject({ waiting: 4 });
    expect(await link.alarmAt()).not.toBeNull();
    await link.hurry();
    await link.alarm();
    expect(link.sim.history).toHaveLength(1);
    expect(kinds(link).filter((type) => type === 'in')).toHaveLength(when === 'after' ? 2 : 1);
  });

  it('goes on with what the first step of its storage wrote', async () => {
    const link = await connected();
    await runInDurableObject(link.stub, async (_, { storage }) => {
      await storage.deleteAll();
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(MIGRATIONS[0]?.sql ?? '');
      storage.sql.exec("INSERT INTO object_migrations (id, name) VALUES (1, 'deliveries')");
      storage.sql.exec(
        "INSERT INTO state (name, value) VALUES ('name', ?)",
        JSON.stringify(`${link.tenantId}:retailcrm`),
      );
      storage.sql.exec(
        'INSERT INTO deliveries (id, key, intent, created_at, next_at, head) VALUES (?, ?, ?, 1, 1, 1)',
        'c_7/4',
        'c_7',
        JSON.stringify(record(7)),
      );
    });
    await evictDurableObject(link.stub);
    await link.behind();
    await link.stub.configChanged();
    await link.alarm();
    expect(link.sim.history.map((one) => one.externalId)).toEqual(['1760000000.7']);
  });
});

describe('the log', () => {
  it('holds every attempt with its time and answer, by any filter, and no secret', async () => {
    const link = await connected();
    link.sim.faults.push({ kind: 'status', status: 502 });
    await link.stub.takeIntents(story(1));
    await link.alarm();
    await link.hurry();
    await link.alarm();
    const all = await link.stub.logs({ limit: 200 });
    const told = all.items.filter((entry) => entry.callId === '1760000000.1');
    expect(told.map((entry) => [entry.eventType, entry.status, entry.attempt]).toReversed()).toEqual([
      ['call_event:in', 'error', 1],
      ['call_event:in', 'success', 2],
      ['call_event:hangup', 'success', 1],
      ['call_event:hangup', 'success', 1],
      ['calls_upload', 'success', 1],
    ]);
    expect(told.every((entry) => (entry.durationMs ?? -1) >= 0 && entry.httpStatus !== null)).toBe(true);
    expect((await link.stub.logs({ limit: 9, callId: '1760000000.1', status: 'error' })).items).toHaveLength(
      1,
    );
    expect(
      (await link.stub.logs({ limit: 9, phone: '+375290000001', eventType: 'calls_upload' })).items,
    ).toHaveLength(1);
    const first = await link.stub.logs({ limit: 2 });
    const next = await link.stub.logs({ limit: 2, before: first.next ?? 0 });
    expect(next.items[0]?.id).toBeLessThan(first.items[1]?.id ?? 0);
    const text = JSON.stringify(all);
    expect(text).toContain('register_module');
    for (const secret of [link.sim.apiKey, `client-${link.tenantId}`, 'eyJhbGciOiJIUzI1NiJ9'])
      expect(text).not.toContain(secret);
    const { successes, errors } = await link.stub.digest();
    expect([successes.length, errors.length]).toEqual([5, 1]);
  });
});

describe('extensions', () => {
  it('tells the CRM again what it did not know, by itself', async () => {
    const link = await connected();
    await db
      .insert(crmManagers)
      .values({ tenantId: link.tenantId, family: 'retailcrm', userId: '13', extension: '103' });
    await link.stub.configChanged();
    await runInDurableObject(link.stub, (_, { storage }) => {
      storage.sql.exec("DELETE FROM state WHERE name = 'sync'");
    });
    await evictDurableObject(link.stub);
    await link.behind();
    expect(await link.stub.drift()).toMatchObject({
      ok: true,
      value: { missing: [{ userId: '13', code: '103' }] },
    });
    await link.stub.takeIntents([popup(1, { extensions: ['103'] })]);
    await link.alarm();
    expect(link.sim.popups.map((one) => one.codes)).toEqual([['103']]);
    expect(link.sim.module?.telephony.additionalCodes).toContainEqual({ userId: 13, code: '103' });
    expect(await link.stub.status()).toMatchObject({ sync: { state: 'ok' }, unknownCodes: [] });
    expect(await link.stub.drift()).toMatchObject({
      ok: true,
      value: { missing: [], extra: [], different: [], active: true },
    });
    expect(link.sim.module?.clientId).toBe(`client-${link.tenantId}`);
  });

  it('pushes them again when the CRM was not there', async () => {
    const link = await connected();
    link.sim.faults.push({ kind: 'status', status: 502 });
    expect(await link.stub.sync()).toMatchObject({ ok: false, status: 502 });
    expect(await link.stub.status()).toMatchObject({ sync: { state: 'pending' } });
    expect(await link.alarmAt()).toBeGreaterThan(Date.now());
    await runInDurableObject(link.stub, async (_, { storage }) => {
      const [row] = storage.sql
        .exec<{ value: string }>("SELECT value FROM state WHERE name = 'sync'")
        .toArray();
      const due = { ...(JSON.parse(row?.value ?? '{}') as object), nextAt: 1 };
      storage.sql.exec("UPDATE state SET value = ? WHERE name = 'sync'", JSON.stringify(due));
      await storage.setAlarm(Date.now());
    });
    await evictDurableObject(link.stub);
    await link.behind();
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ sync: { state: 'ok' } });
  });

  it('lists the people of the CRM with the codes it has for them', async () => {
    const link = await connected();
    const answer = await link.stub.users();
    expect(answer).toMatchObject({ ok: true });
    expect(answer.ok && answer.value.map((user) => [user.id, user.crmCode])).toEqual([
      ['11', '101'],
      ['12', '102'],
      ['13', null],
    ]);
  });
});
