import { beforeAll, describe, expect, it } from 'vitest';
import { ask, db, TestProvider } from '../../test/worker/support/communications';
import { addUser } from '../../test/worker/support/people';
import { tenants } from '../db/schema';

let owner = '';
beforeAll(async () => {
  await db
    .insert(tenants)
    .values({ id: '0000', name: 'Platform', kind: 'platform', timeZone: 'UTC', createdAt: 1 })
    .onConflictDoNothing();
  await addUser('0000', 'root', 'owner');
  const body = { username: 'root@0000', password: 'pw-root' };
  owner = String((await ask('POST', '/api/auth/login', { body })).json['token']);
});

describe('the providers of a tenant that is disabled', () => {
  it('hear good-bye and are refused at once, and are greeted when it is back', async () => {
    const link = new TestProvider();
    const token = await link.activate();
    await link.alarm();
    const turn = (disabled: boolean) =>
      ask('PATCH', `/api/tenants/${link.tenantId}`, { token: owner, body: { disabled } });
    const refused = async () => {
      const { status } = await ask('GET', '/communications/v1/webhooks', { token });
      return status === 401;
    };
    expect(await refused()).toBe(false);
    link.asked.length = 0;
    link.news.length = 0;
    expect((await turn(true)).status).toBe(200);
    expect(await refused()).toBe(true);
    await link.alarm();
    expect(link.paths()).toEqual(['/disconnect']);
    // It is still installed: its accounts stay as they are.
    expect(link.news.map(({ kind }) => kind)).toEqual([]);
    expect(link.integrations.at(-1)).toMatchObject({ active: false });
    // Told again it changes nothing.
    await turn(true);
    await link.alarm();
    expect(link.paths()).toEqual(['/disconnect']);
    await turn(false);
    await link.alarm();
    expect(await refused()).toBe(false);
    expect(link.paths()).toEqual(['/disconnect', '/channels']);
    expect(link.integrations.at(-1)).toMatchObject({ active: true });
  });
});
