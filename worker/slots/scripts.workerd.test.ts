import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, error, items, seedPeople, USERS } from '../../test/worker/support/dialer';
import { openDb } from '../db';
import { auditLog, slotScripts } from '../db/schema';

beforeAll(seedPeople);

const script = (change: Record<string, unknown> = {}) => ({
  name: 'open_dialer',
  title: 'Open the dialer',
  params: [{ name: 'number', type: 'phone' }],
  steps: [{ do: 'intent', action: 'android.intent.action.DIAL', data: 'tel:{{number}}' }],
  ...change,
});
const create = (body: unknown, user: 'admin' | 'admin2' | 'boss' | 'view1' = 'admin') =>
  as(user, 'POST', '/api/gacs/scripts', { body });
const names = async (user: 'admin' | 'admin2' = 'admin') =>
  items(await as(user, 'GET', '/api/gacs/scripts')).map(({ name }) => name);

describe('/api/gacs/scripts', () => {
  it('has the shipped ones, which can be run and copied, not changed', async () => {
    expect(await names()).toEqual(['gsm_call', 'telegram_call', 'whatsapp_call']);
    const shipped = (await as('view1', 'GET', '/api/gacs/scripts/gsm_call')).json;
    expect(shipped).toMatchObject({ shipped: true, needs_shell: false, updated_at: null, updated_by: null });
    for (const [method, path, body] of [
      ['POST', '/api/gacs/scripts', script({ name: 'gsm_call' })],
      ['PUT', '/api/gacs/scripts/gsm_call', script({ name: 'gsm_call' })],
      ['DELETE', '/api/gacs/scripts/gsm_call', undefined],
    ] as const) {
      const answer = await as('admin', method, path, body === undefined ? {} : { body });
      expect([method, answer.status, Object.keys(answer.json.details as object)]).toEqual([
        method,
        400,
        ['name'],
      ]);
    }
    const { params, steps } = shipped;
    expect((await create({ name: 'gsm_call_copy', title: 'Copy', params, steps })).status).toBe(201);
  });

  it('stores, replaces and deletes, audited', async () => {
    const made = await create(script());
    expect([made.status, made.json]).toMatchObject([
      201,
      {
        name: 'open_dialer',
        shipped: false,
        updated_by: { username: 'admin' },
        params: [{ required: true }],
      },
    ]);
    expect((await create(script())).json.details).toEqual({ name: ['a script has this name already'] });
    const steps = [{ do: 'wait', ms: 5 }];
    const changed = await as('admin', 'PUT', '/api/gacs/scripts/open_dialer', {
      body: script({ steps, title: 'B' }),
    });
    expect(changed.json).toMatchObject({ title: 'B', steps });
    const renamed = await as('admin', 'PUT', '/api/gacs/scripts/open_dialer', {
      body: script({ name: 'other' }),
    });
    expect(renamed.json.details).toEqual({ name: ['is not the one in the path'] });
    expect((await as('admin', 'DELETE', '/api/gacs/scripts/open_dialer')).status).toBe(204);
    for (const method of ['GET', 'DELETE'] as const)
      expect((await as('admin', method, '/api/gacs/scripts/open_dialer')).json).toEqual(error('NOT_FOUND'));
    const put = await as('admin', 'PUT', '/api/gacs/scripts/open_dialer', { body: script() });
    expect(put.json).toEqual(error('NOT_FOUND'));
    const log = await openDb(env.DB).select().from(auditLog).where(eq(auditLog.target, 'open_dialer'));
    expect(log.map(({ action, actorId }) => [action, actorId])).toEqual(
      expect.arrayContaining(['create', 'change', 'delete'].map((what) => [`script.${what}`, USERS.admin])),
    );
  });

  it('names what is wrong, by field and step', async () => {
    const answer = await create(
      script({
        name: 'bad',
        steps: [
          { do: 'wait', ms: 5 },
          { do: 'text', text: '{{nobody}}' },
        ],
      }),
    );
    expect([answer.status, answer.json]).toEqual([400, error('INVALID_PARAMS')]);
    expect(answer.json.details).toEqual({ 'steps.1.text': ['there is no parameter "nobody"'] });
    const shape = await create(script({ name: 'bad', steps: [{ do: 'wait', ms: -1 }] }));
    expect(Object.keys(shape.json.details as object)).toEqual(['steps.0.ms']);
    expect(await names()).not.toContain('bad');
  });

  it('checks without storing', async () => {
    const path = '/api/gacs/scripts/check';
    expect((await as('admin', 'POST', path, { body: script() })).json).toEqual({ ok: true, problems: {} });
    const bad = await as('admin', 'POST', path, { body: { name: 'X' } });
    expect([bad.status, bad.json.ok]).toEqual([200, false]);
    expect(Object.keys(bad.json.problems as object).toSorted()).toEqual(['name', 'params', 'steps']);
    expect(await names()).not.toContain('open_dialer');
  });

  it('belongs to its tenant, and to those who may', async () => {
    await create(script({ name: 'mine' }));
    expect(await names('admin2')).not.toContain('mine');
    expect((await as('admin2', 'GET', '/api/gacs/scripts/mine')).json).toEqual(error('NOT_FOUND'));
    expect((await as('admin2', 'DELETE', '/api/gacs/scripts/mine')).json).toEqual(error('NOT_FOUND'));
    expect((await create(script({ name: 'mine', title: 'theirs' }), 'admin2')).status).toBe(201);
    expect((await as('admin', 'GET', '/api/gacs/scripts/mine')).json).toMatchObject({
      title: 'Open the dialer',
    });
    expect((await create(script({ name: 'no' }), 'view1')).json).toEqual(error('PERMISSION_DENIED'));
  });

  it('leaves out what is not valid any more, instead of running it', async () => {
    await openDb(env.DB)
      .insert(slotScripts)
      .values({
        tenantId: '0101',
        name: 'old',
        script: { name: 'old', steps: 'tap' },
        updatedAt: 1,
        updatedBy: USERS.admin,
      });
    expect(await names()).not.toContain('old');
    expect((await as('admin', 'DELETE', '/api/gacs/scripts/old')).status).toBe(204);
  });
});
