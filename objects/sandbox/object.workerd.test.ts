import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { CONTENT } from '../../test/worker/support/communications';
import type { Exchange } from '../provider-link/contract';
import { sandboxName } from './contract';
import { MIGRATIONS } from './migrations';

const TIE = {
  configurationId: 'conf-1',
  appVersion: '1.0.0',
  configurationVersion: '1.0.0',
  key: 'sealed',
  content: CONTENT,
};
const EXCHANGE: Exchange = {
  direction: 'out',
  kind: 'send_message',
  deliveries: ['msg_1'],
  attempt: 1,
  error: null,
  request: { method: 'POST', url: 'https://bridge.example/send', headers: {}, body: 'x'.repeat(20_000) },
  answer: { status: 200, body: '{}', ms: 3 },
};

async function opened(appCode: string) {
  const sandbox = env.SANDBOX.getByName(sandboxName(appCode, '1.0.0'));
  const result = await sandbox.open({ appCode, tie: TIE, origin: 'https://pbx.example.com' });
  if (!result.ok) throw new Error(result.code);
  const { tenantId } = result.value.view;
  expect(await sandbox.addToken({ tenantId, id: 'jti-1', hint: 'abcd' })).toMatchObject({ ok: true });
  return { sandbox, tenantId };
}

const alarmOf = (sandbox: DurableObjectStub) =>
  runInDurableObject(sandbox, async (instance) =>
    (instance as unknown as { alarm(): Promise<void> }).alarm(),
  );

describe('a sandbox', () => {
  it('answers after an eviction as before: who is let in, what went over the wire, how far a run is', async () => {
    const { sandbox, tenantId } = await opened('evicted-post');
    await sandbox.note(tenantId, EXCHANGE);
    await sandbox.note('sandbox-of-another-opening', EXCHANGE);
    const started = await sandbox.startRun('dev-company');
    if (!started.ok) throw new Error(started.code);
    await evictDurableObject(sandbox);
    expect(await sandbox.linkConfig(tenantId)).toEqual({ tie: TIE, tokens: ['jti-1'] });
    expect(await sandbox.linkConfig('sandbox-of-another-opening')).toEqual({ tie: null, tokens: [] });
    const events = await sandbox.events({ limit: 10 });
    if (!events.ok) throw new Error(events.code);
    const noted = events.value.items.filter(({ kind }) => kind === 'send_message');
    expect(noted).toHaveLength(1);
    expect(noted[0]?.request.body?.length).toBeLessThan(10_000);
    expect(await sandbox.run(started.value.id)).toMatchObject({ state: 'running' });
    expect(await sandbox.startRun('dev-company')).toEqual({ ok: false, code: 'run_in_progress' });
    const alarmAt = await runInDurableObject(sandbox, (_, { storage }) => storage.getAlarm());
    expect(alarmAt).not.toBeNull();
  });

  it('keeps the newest events alone', async () => {
    const { sandbox, tenantId } = await opened('busy-post');
    await runInDurableObject(sandbox, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
         INSERT INTO events (at, kind, event) SELECT i, 'old', '{"deliveries":[]}' FROM n`,
      );
    });
    await sandbox.note(tenantId, EXCHANGE);
    const count = await runInDurableObject(sandbox, (_, { storage }) =>
      storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM events').one(),
    );
    expect(count.n).toBe(1_000);
  });

  it('is removed when nobody used it for a month', async () => {
    const { sandbox, tenantId } = await opened('forgotten-post');
    await runInDurableObject(sandbox, (_, { storage }) => {
      storage.sql.exec("UPDATE timers SET at = 1 WHERE name = 'expire'");
    });
    await alarmOf(sandbox);
    expect(await sandbox.linkConfig(tenantId)).toEqual({ tie: null, tokens: [] });
    expect(await sandbox.mayAct()).toEqual({ ok: false, code: 'closing' });
    await runInDurableObject(sandbox, (_, { storage }) => {
      storage.sql.exec("UPDATE state SET value = json_set(value, '$.closedAt', 1) WHERE name = 'opening'");
      storage.sql.exec('UPDATE timers SET at = 1');
    });
    await evictDurableObject(sandbox);
    await alarmOf(sandbox);
    expect(await sandbox.view()).toBeNull();
  });

  it('lets a provider in so often a day', async () => {
    const { sandbox, tenantId } = await opened('loud-post');
    expect(await sandbox.admit({ tenantId, cost: 1_999 })).toEqual({ ok: true });
    await evictDurableObject(sandbox);
    expect(await sandbox.admit({ tenantId, cost: 10 })).toMatchObject({ ok: false });
  });

  it('of a real tenant there is none: its link and inbox are never erased', async () => {
    const link = env.PROVIDER_LINK.getByName('0101:chat-post');
    const inbox = env.INBOX.getByName('0101');
    for (const stub of [link, inbox])
      await runInDurableObject(stub as DurableObjectStub, async (instance) => {
        await expect((instance as unknown as { erase(): Promise<void> }).erase()).rejects.toThrow(
          'real tenant',
        );
      });
  });

  it('brings storage of an older step to the newest with what it holds', async () => {
    const sandbox = env.SANDBOX.getByName('old');
    await runInDurableObject(sandbox, async (_, { storage }) => {
      await storage.deleteAll();
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      for (const { id, name, sql } of MIGRATIONS.slice(0, 1)) {
        storage.sql.exec(sql);
        storage.sql.exec('INSERT INTO object_migrations VALUES (?, ?)', id, name);
      }
      const opening = { state: 'open', appCode: 'old-post', tenantId: 'sandbox-old', openedAt: 1, usedAt: 1 };
      storage.sql.exec(
        "INSERT INTO state VALUES ('opening', ?)",
        JSON.stringify({ ...opening, closedAt: null, tie: TIE, origin: 'https://pbx.example.com' }),
      );
    });
    await evictDurableObject(sandbox);
    expect(await sandbox.linkConfig('sandbox-old')).toEqual({ tie: TIE, tokens: [] });
  });
});
