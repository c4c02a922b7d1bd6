import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { hubOf, LiveClient } from '../../test/worker/support/call-hub';
import { migrateObject } from '../lib/migrations';
import { MIGRATIONS } from './migrations';

/** Storage as the first version left it: rows written by its own SQL, not by today's code. */
const FIRST_VERSION = `
  INSERT INTO operators VALUES ('olga', '7001', '["support"]', 1);
  INSERT INTO standings VALUES ('olga', 'support', NULL,
    '{"connected":true,"paused":false,"priority":3,"reason":null,"at":1000,"device":"Not in use"}');
  INSERT INTO segments VALUES ('olga', 1000, 0, NULL, 'line', NULL, 'telephony', NULL);
  INSERT INTO answers VALUES ('pbx.queues', 200, 7, 1000);
  INSERT INTO meta VALUES ('settings', '{"bridgeId":null,"pbx":null,"pauseAfterMissed":2}');`;

it('serves what the first version stored, and tells of it from the next change on', async () => {
  const desk = env.OPERATOR_DESK.getByName('desk-of-old');
  await runInDurableObject(desk, async (_, { storage }) => {
    await storage.deleteAll();
    migrateObject(storage, MIGRATIONS.slice(0, 1));
    storage.sql.exec(FIRST_VERSION);
  });
  await evictDurableObject(desk);
  expect(await desk.operator('olga')).toMatchObject({
    name: '',
    userId: null,
    state: 'line',
    since: 1_000,
    missed: 1,
    queues: [{ queue: 'support', seen: { priority: 3 } }],
  });
  expect((await desk.answers()).counts).toMatchObject([{ endpoint: 'pbx.queues', count: 7 }]);
  const olga = await LiveClient.connect(hubOf('desk-of-old'), { userId: 'u-olga', scope: 'own' });
  // The row comes along when the operator opens the app: name and user are made up for.
  const operator = {
    uuid: 'olga',
    name: 'Olga P.',
    userId: 'u-olga',
    extension: '7001',
    queues: ['support'],
  };
  expect(await desk.mine(operator)).toMatchObject({
    view: { name: 'Olga P.', state: 'line', since: 1_000 },
    queues: [{ queue: 'support', members: [{ full_name: 'Olga P.', priority: 3 }] }],
  });
  await olga.until((messages) => messages.filter(({ type }) => type === 'event').length === 2);
});
