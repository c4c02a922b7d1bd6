import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ONE, seedPeople, send, signInApi, USERS } from '../../test/worker/support/dialer';
import { openDb } from '../db';
import { bridges, extensions } from '../db/schema';

beforeAll(seedPeople);

const sources = async (user: 'op12' | 'op13' | 'view1') =>
  send('GET', '/api/call/sources', { token: await signInApi(user) });

describe('GET /api/call/sources', () => {
  it('offers nothing where no bridge is enrolled', async () => {
    expect(await sources('op12')).toMatchObject({
      status: 200,
      json: { extension: null, any_slot: false, slots: [] },
    });
  });

  it('gives each user their own extension once there is a bridge', async () => {
    const db = openDb(env.DB);
    const createdAt = Date.now();
    await db.insert(bridges).values({
      id: crypto.randomUUID(),
      tenantId: ONE,
      number: 1,
      name: 'Office',
      publicKey: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
      enrolledAt: createdAt,
      createdAt,
      createdBy: USERS.op12,
    });
    await db.insert(extensions).values({
      id: crypto.randomUUID(),
      tenantId: ONE,
      number: '177',
      label: null,
      userId: USERS.op12,
      createdAt,
    });
    await env.SESSION_GATE.getByName(ONE).tenantChanged();
    expect((await sources('op12')).json).toEqual({
      extension: { number: '177', label: null },
      any_slot: false,
      slots: [],
    });
    expect((await sources('op13')).json).toMatchObject({ extension: null });
  });

  it('is for who may call', async () => {
    expect(await sources('view1')).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } });
  });
});
