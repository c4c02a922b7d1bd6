import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { migrateObject } from '../lib/migrations';
import { SESSION_GATE_MIGRATIONS } from './migrations';

const gate = () => env.SESSION_GATE.getByName('0909');

/** Storage as the first version left it: rows written by its own SQL, not by today's code. */
const FIRST_VERSION = `
  INSERT INTO sessions VALUES ('s1', 'u1', 'phone', 'j1', 1000, 2000, NULL, NULL, 'agent', NULL);
  INSERT INTO sessions VALUES ('s2', 'u1', 'phone', 'j2', 1000, 2000, NULL, 3000, NULL, NULL);
  INSERT INTO roles VALUES ('role_x', 'operator', '{"WORKSPACE":["view"]}');
  INSERT INTO users VALUES ('u1', 'op1', 'Op One', 'role_x', 0, 9000000000000, 0);
  INSERT INTO tenant VALUES (1, '{"id":"0909","name":"Old","kind":"customer","timeZone":"UTC","country":"US","phoneShards":4,"phoneAccessTtlSec":60}', 0, 9000000000000);`;

it('serves what the first version stored', async () => {
  await runInDurableObject(gate(), async (_, { storage }) => {
    await storage.deleteAll();
    migrateObject(storage, SESSION_GATE_MIGRATIONS.slice(0, 1));
    storage.sql.exec(FIRST_VERSION);
    storage.sql.exec('UPDATE sessions SET last_used_at = ?', Date.now());
  });
  await evictDurableObject(gate());
  expect(await gate().check('s1', null)).toMatchObject({
    ok: true,
    identity: {
      username: 'op1',
      permissions: { WORKSPACE: ['view'] },
      tenant: { name: 'Old', phoneShards: 4, bridges: [] },
    },
  });
  expect(await gate().check('s2', null)).toEqual({ ok: false, reason: 'revoked' });
});

it('refuses storage of a version it does not know', async () => {
  await runInDurableObject(env.SESSION_GATE.getByName('0910'), (_, { storage }) => {
    storage.sql.exec(
      `INSERT INTO object_migrations VALUES (${SESSION_GATE_MIGRATIONS.length + 1}, 'from the future')`,
    );
    expect(() => migrateObject(storage, SESSION_GATE_MIGRATIONS)).toThrow('object storage is at step');
  });
});
