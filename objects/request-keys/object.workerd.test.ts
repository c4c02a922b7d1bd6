import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from './migrations';

const ANSWER = { status: 201, body: 'sealed', contentType: 'application/json' };
const HOUR = 3_600_000;

/** As if everything had happened so long ago. */
const age = (stub: ReturnType<typeof env.REQUEST_KEYS.getByName>, ms: number): Promise<void> =>
  runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec('UPDATE keys SET at = at - ?', ms);
  });

describe('keys of requests', () => {
  it('keep what was answered for a day, also through an eviction, and then forget it', async () => {
    const keys = env.REQUEST_KEYS.getByName('0101:one');
    expect(await keys.claim({ key: 'k', hash: 'h' })).toEqual({ kind: 'run' });
    await keys.settle({ key: 'k', hash: 'h', answer: ANSWER });
    await evictDurableObject(keys);
    expect(await keys.claim({ key: 'k', hash: 'h' })).toEqual({ kind: 'answered', answer: ANSWER });
    expect(await keys.claim({ key: 'k', hash: 'other' })).toEqual({ kind: 'reused' });
    await age(keys, 23 * HOUR);
    expect(await keys.claim({ key: 'k', hash: 'h' })).toMatchObject({ kind: 'answered' });
    await age(keys, 2 * HOUR);
    await runDurableObjectAlarm(keys);
    const left = await runInDurableObject(keys, (_, { storage }) =>
      storage.sql.exec('SELECT key FROM keys').toArray(),
    );
    expect(left).toEqual([]);
    expect(await keys.claim({ key: 'k', hash: 'other' })).toEqual({ kind: 'run' });
  });

  it('are given up when their request never ended, and its late answer counts for nobody else', async () => {
    const keys = env.REQUEST_KEYS.getByName('0101:two');
    await keys.claim({ key: 'k', hash: 'first' });
    expect(await keys.claim({ key: 'k', hash: 'first' })).toEqual({ kind: 'in_flight' });
    await age(keys, 61_000);
    expect(await keys.claim({ key: 'k', hash: 'second' })).toEqual({ kind: 'run' });
    await keys.settle({ key: 'k', hash: 'first', answer: ANSWER });
    expect(await keys.claim({ key: 'k', hash: 'second' })).toEqual({ kind: 'in_flight' });
  });

  it('of an older step of storage are kept', async () => {
    const keys = env.REQUEST_KEYS.getByName('0101:old');
    await runInDurableObject(keys, async (_, { storage }) => {
      await storage.deleteAll();
      const [first] = MIGRATIONS;
      if (first === undefined) throw new Error('no migrations');
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(first.sql);
      storage.sql.exec('INSERT INTO object_migrations VALUES (1, ?)', first.name);
      storage.sql.exec('INSERT INTO keys VALUES (?, ?, ?, ?)', 'k', 'h', Date.now(), JSON.stringify(ANSWER));
    });
    await evictDurableObject(keys);
    expect(await keys.claim({ key: 'k', hash: 'h' })).toEqual({ kind: 'answered', answer: ANSWER });
  });
});
