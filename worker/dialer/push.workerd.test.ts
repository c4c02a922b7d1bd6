import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, expect, it, vi } from 'vitest';
import { FcmSim } from '../../test/sim/fcm/fcm';
import {
  as,
  error,
  items,
  ONE,
  seedPeople,
  send,
  signInPhone,
  USERS,
} from '../../test/worker/support/dialer';
import { phoneQueueName } from '../../objects/lib/names';

beforeAll(seedPeople);

it('wakes the phone a command was queued for, from the click to FCM, and shows how it went', async () => {
  const sim = await FcmSim.create();
  sim.phones.add('token-of-op12');
  const outbox = env.OUTBOX.getByName(`${ONE}:push`);
  await runInDurableObject(outbox, (instance) => {
    (instance as unknown as { fetcher: FcmSim['fetch'] }).fetcher = sim.fetch;
  });
  await as('admin', 'PUT', '/api/phones/push', { body: { service_account: sim.keyFile } });
  const { access: token } = await signInPhone('op12', 'sleeper', { fcm_token: 'token-of-op12' });

  expect((await send('POST', '/api/phone/calls/', { token, body: { phone: '+375290000000' } })).status).toBe(
    200,
  );
  await runDurableObjectAlarm(env.PHONE_QUEUE.getByName(phoneQueueName(ONE, USERS.op12, 2)));
  await vi.waitFor(async () => {
    await runDurableObjectAlarm(outbox);
    expect(sim.received).toHaveLength(1);
  });
  expect(sim.received[0]).toMatchObject({
    token: 'token-of-op12',
    priority: 'HIGH',
    data: { type: 'CALL_COMMAND_AVAILABLE', reason: expect.any(String) },
  });
  // A token of another project can't be delivered to, ever.
  sim.faults.push({ status: 403, errorCode: 'SENDER_ID_MISMATCH' });
  await send('POST', '/api/phone/calls/', { token, body: { phone: '+375290000001' } });
  await runDurableObjectAlarm(env.PHONE_QUEUE.getByName(phoneQueueName(ONE, USERS.op12, 2)));
  await vi.waitFor(async () => {
    await runDurableObjectAlarm(outbox);
    const [letter] = items(await as('admin', 'GET', '/api/phones/push/dead'));
    expect(letter).toMatchObject({ attempts: 1, error: 'FCM answered 403 SENDER_ID_MISMATCH' });
  });
  expect((await as('admin', 'GET', '/api/phones/push')).json).toMatchObject({ health: { dead: 1 } });
  expect((await as('admin2', 'GET', '/api/phones/push/dead')).json).toEqual({ items: [], next: null });
  expect((await as('boss', 'GET', '/api/phones/push/dead')).json).toEqual(error('PERMISSION_DENIED'));
  expect((await as('admin', 'POST', '/api/phones/push/replay')).json).toEqual({ replayed: 1 });
  await runDurableObjectAlarm(outbox);
  expect(sim.received).toHaveLength(2);
  const shown = await as('admin', 'GET', '/api/phones/push');
  expect(shown.json).toMatchObject({ health: { delivered: 2, waiting: 0, dead: 0 } });
});
