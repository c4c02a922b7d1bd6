import { env } from 'cloudflare:workers';
import { and, eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, ONE, seedPeople, text, TWO, USERS, type UserName } from '../../test/worker/support/dialer';
import { openDb } from '../db';
import { auditLog } from '../db/schema';

beforeAll(seedPeople);

let last = 0;
const number = () => `+37529${String((last += 1)).padStart(7, '0')}`;

async function add(user: UserName = 'boss', more: Record<string, unknown> = {}) {
  const answer = await as(user, 'POST', '/api/crm/leads', { body: { number: number(), ...more } });
  return { ...answer, id: answer.status === 201 ? text(answer.json.id) : '' };
}
const items = (json: Record<string, unknown>) => json.items as Record<string, unknown>[];
const audited = (action: string, target: string) =>
  openDb(env.DB)
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.tenantId, ONE), eq(auditLog.action, action), eq(auditLog.target, target)));

describe('/api/crm/leads', () => {
  it('adds, shows, changes and lists a lead, with an audit row and a history of each change', async () => {
    const made = await add('op12', {
      number: '8029 777 66 55',
      name: ' Ann ',
      extra: { City: 'Minsk' },
      email: null,
    });
    expect(made).toMatchObject({
      status: 201,
      json: {
        number: '+375297776655',
        name: 'Ann',
        status: 'new',
        assigned_seller: { id: USERS.op12, username: 'op12', name: 'OP12' },
        created_by: { username: 'op12' },
        next_action: null,
        extra: { City: 'Minsk' },
        deleted_at: null,
      },
    });
    const path = `/api/crm/leads/${made.id}`;
    expect((await as('op12', 'GET', path)).json).toEqual(made.json);
    const body = {
      status: 'callback',
      name: '',
      next_action: { at: '2030-01-02T12:00:00+03:00', text: 'Offer' },
    };
    expect((await as('op12', 'PATCH', path, { body })).json).toMatchObject({
      name: null,
      status: 'callback',
      next_action: { at: '2030-01-02T09:00:00.000Z', text: 'Offer' },
    });
    expect(
      items((await as('op12', 'GET', '/api/crm/leads?status=callback&assigned_seller=me')).json),
    ).toMatchObject([{ id: made.id }]);
    const history = items((await as('op12', 'GET', `${path}/history`)).json);
    expect(history).toMatchObject([
      {
        kind: 'changed',
        by: { username: 'op12' },
        before: { name: 'Ann', status: 'new', next_action_at: null },
        after: { name: null, status: 'callback', next_action_at: '2030-01-02T09:00:00.000Z' },
      },
      { kind: 'created' },
    ]);
    expect(await audited('lead.create', made.id)).toHaveLength(1);
    expect(await audited('lead.update', made.id)).toMatchObject([
      { actorId: USERS.op12, before: { status: 'new' }, after: { status: 'callback' } },
    ]);
    await as('op12', 'PATCH', path, { body: { status: 'callback' } });
    expect(await audited('lead.update', made.id)).toHaveLength(1);
  });

  it.each([
    [{ number: '12' }, 'number'],
    [{ email: 'no mail' }, 'email'],
    [{ status: 'unknown' }, 'status'],
    [{ status: 'Not A Key' }, 'status'],
    [{ assigned_seller: 'nobody' }, 'assigned_seller'],
    [{ assigned_seller: USERS.op21 }, 'assigned_seller'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone'],
    [{ next_action: { at: 'tomorrow' } }, 'next_action.at'],
    [{ extra: { a: 'x'.repeat(501) } }, 'extra.a'],
    [{ colour: 'red' }, '_'],
  ])('refuses %j, naming the field', async (body, field) => {
    const refused = await add('boss', body);
    expect(refused).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    expect(Object.keys(refused.json.details as object)).toEqual([field]);
  });

  it('reports a duplicate, or merges it as asked', async () => {
    const first = await add('boss', { name: 'Ann', assigned_seller: 'op13' });
    const body = { number: text(first.json.number), name: 'Other', company: 'Firm' };
    expect((await as('boss', 'POST', '/api/crm/leads', { body })).json).toMatchObject({
      code: 'INVALID_PARAMS',
      details: { number: ['taken'], lead: [first.id], assigned_seller: ['OP13'] },
    });
    const hidden = await as('op12', 'POST', '/api/crm/leads', {
      body: { ...body, on_duplicate: 'overwrite' },
    });
    expect(hidden.json.details).toEqual({ number: ['taken'], assigned_seller: ['OP13'] });
    const merged = await as('op13', 'POST', '/api/crm/leads', { body: { ...body, on_duplicate: 'fill' } });
    expect(merged).toMatchObject({ status: 200, json: { id: first.id, name: 'Ann', company: 'Firm' } });
    expect(await audited('lead.merge', first.id)).toHaveLength(1);
  });

  it('shows a seller their own and free leads only, and lets them take and give back', async () => {
    const free = await add('boss', { name: 'Free' });
    const other = await add('boss', { assigned_seller: 'op13' });
    const path = (id: string) => `/api/crm/leads/${id}`;
    const foreign = await as('op12', 'GET', path(other.id));
    const made = await as('op12', 'GET', path('l_000000000000000000'));
    expect([foreign.status, foreign.json]).toEqual([404, made.json]);
    expect((await as('view1', 'GET', path(other.id))).status).toBe(200);
    expect((await as('view1', 'PATCH', path(other.id), { body: { name: 'x' } })).status).toBe(403);
    const give = (to: string | null) => as('op12', 'PATCH', path(free.id), { body: { assigned_seller: to } });
    expect((await give('op13')).status).toBe(403);
    expect((await give('op12')).json).toMatchObject({ assigned_seller: { username: 'op12' } });
    expect((await give(null)).json).toMatchObject({ assigned_seller: null });
    expect(items((await as('op12', 'GET', '/api/crm/leads?assigned_seller=op13')).json)).toEqual([]);
    expect(items((await as('op12', 'GET', '/api/crm/leads?assigned_seller=none&q=free')).json)).toMatchObject(
      [{ id: free.id }],
    );
    const lookup = (user: UserName) =>
      as(user, 'GET', `/api/crm/leads/lookup?number=${encodeURIComponent(text(other.json.number))}`);
    expect((await lookup('op12')).json).toMatchObject({ lead: null, held_by: { username: 'op13' } });
    expect((await lookup('op13')).json).toMatchObject({ lead: { id: other.id }, held_by: null });
    expect((await as('op12', 'GET', '/api/crm/leads/lookup?number=101')).json).toEqual({
      number: null,
      lead: null,
      held_by: null,
    });
  });

  it('deletes softly and restores', async () => {
    const { id } = await add('boss', { name: 'Gone Girl' });
    const path = `/api/crm/leads/${id}`;
    expect((await as('op12', 'DELETE', path)).status).toBe(403);
    expect((await as('boss', 'DELETE', path)).status).toBe(204);
    expect((await as('op12', 'GET', path)).status).toBe(404);
    expect((await as('boss', 'DELETE', path)).status).toBe(404);
    expect(items((await as('boss', 'GET', '/api/crm/leads?deleted=1')).json)[0]).toMatchObject({ id });
    expect((await as('op12', 'GET', '/api/crm/leads?deleted=1')).status).toBe(403);
    expect((await as('boss', 'POST', `${path}/restore`)).json).toMatchObject({ id, deleted_at: null });
    expect(await audited('lead.delete', id)).toMatchObject([{ before: { name: 'Gone Girl' }, after: null }]);
    expect(await audited('lead.restore', id)).toMatchObject([{ before: null, after: { name: 'Gone Girl' } }]);
  });

  it('changes many at once', async () => {
    const ids = [(await add()).id, (await add()).id];
    const bulk = (body: Record<string, unknown>) =>
      as('boss', 'POST', '/api/crm/leads/bulk', { body: { ids, ...body } });
    expect((await bulk({ status: 'won', assigned_seller: 'op13' })).json).toEqual({ changed: ids });
    expect((await bulk({ status: 'won' })).json).toEqual({ changed: [] });
    expect((await bulk({})).status).toBe(400);
    expect((await bulk({ status: 'nope' })).status).toBe(400);
    expect((await bulk({ delete: true, status: 'won' })).status).toBe(400);
    expect((await bulk({ delete: true })).json).toEqual({ changed: ids });
  });

  it('keeps tenants apart', async () => {
    const { id, json } = await add();
    for (const [method, path, body] of [
      ['GET', `/api/crm/leads/${id}`],
      ['PATCH', `/api/crm/leads/${id}`, { name: 'x' }],
      ['DELETE', `/api/crm/leads/${id}`],
      ['POST', `/api/crm/leads/${id}/restore`],
      ['GET', `/api/crm/leads/${id}/history`],
    ] as const) {
      expect((await as('admin2', method, path, { body })).status).toBe(404);
    }
    const found = await as(
      'admin2',
      'GET',
      `/api/crm/leads/lookup?number=${encodeURIComponent(text(json.number))}`,
    );
    expect(found.json).toMatchObject({ lead: null, held_by: null });
    const listed = await as('admin2', 'GET', '/api/crm/leads');
    expect(listed.json).toEqual({ items: [], next: null });
    expect(TWO).not.toBe(ONE);
  });

  it('answers a query it cannot follow with what is wrong', async () => {
    for (const [query, field] of [
      ['cursor=x', 'cursor'],
      ['status=nope', 'status'],
      ['q=a&sort=next_action', 'sort'],
      ['limit=0', 'limit'],
    ]) {
      const refused = await as('boss', 'GET', `/api/crm/leads?${query}`);
      expect([refused.status, Object.keys(refused.json.details as object)]).toEqual([400, [field]]);
    }
  });
});

describe('/api/crm/statuses', () => {
  const keys = async () => items((await as('op12', 'GET', '/api/crm/statuses')).json).map(({ key }) => key);

  it('adds, orders, hides and deletes them', async () => {
    const before = await keys();
    const body = { key: 'offer', name: 'Offer sent' };
    expect((await as('op12', 'POST', '/api/crm/statuses', { body })).status).toBe(403);
    expect((await as('boss', 'POST', '/api/crm/statuses', { body })).status).toBe(201);
    expect((await as('boss', 'POST', '/api/crm/statuses', { body })).json).toMatchObject({
      details: { key: ['is taken'] },
    });
    const path = '/api/crm/statuses/offer';
    await as('boss', 'PATCH', path, { body: { position: 1, color: 'amber' } });
    expect(await keys()).toEqual([before[0], 'offer', ...before.slice(1)]);
    const { id } = await add('boss', { status: 'offer' });
    expect((await as('boss', 'DELETE', path)).status).toBe(400);
    expect((await as('boss', 'PATCH', path, { body: { hidden: true } })).status).toBe(200);
    expect((await add('boss', { status: 'offer' })).status).toBe(400);
    await as('boss', 'PATCH', `/api/crm/leads/${id}`, { body: { status: 'new' } });
    expect((await as('boss', 'DELETE', path)).status).toBe(204);
    expect(await keys()).toEqual(before);
    expect((await as('boss', 'DELETE', path)).status).toBe(404);
    expect((await as('boss', 'PATCH', path, { body: { name: 'x' } })).status).toBe(404);
    expect((await audited('lead.status.update', 'offer')).map(({ after }) => after)).toContainEqual({
      hidden: true,
    });
  });

  it('counts what one sees, and never lets the last go', async () => {
    const mine = await add('op12', { status: 'lost' });
    await add('boss', { status: 'lost', assigned_seller: 'op13' });
    const count = async (user: UserName) =>
      items((await as(user, 'GET', '/api/crm/statuses')).json).find(({ key }) => key === 'lost')?.leads;
    expect([await count('op12'), await count('boss')]).toEqual([1, 2]);
    await as('boss', 'DELETE', `/api/crm/leads/${mine.id}`);
    expect([await count('op12'), await count('boss')]).toEqual([0, 1]);
    for (const key of (await keys()).slice(1)) {
      await as('boss', 'PATCH', `/api/crm/statuses/${String(key)}`, { body: { hidden: true } });
    }
    expect((await as('boss', 'PATCH', '/api/crm/statuses/new', { body: { hidden: true } })).status).toBe(400);
    for (const key of (await keys()).slice(1)) {
      await as('boss', 'PATCH', `/api/crm/statuses/${String(key)}`, { body: { hidden: false } });
    }
  });
});
