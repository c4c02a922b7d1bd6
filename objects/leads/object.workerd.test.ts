import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { migrateObject } from '../lib/migrations';
import type { LeadQuery, LeadViewer, NewLead } from './contract';
import { LEADS_MIGRATIONS } from './migrations';

const boss: LeadViewer = { userId: 'boss', scope: 'all', manages: true };
const olga: LeadViewer = { userId: 'olga', scope: 'own', manages: false };
const ivan: LeadViewer = { userId: 'ivan', scope: 'own', manages: false };
const NOW = 1_800_000_000_000;
const DAY = 24 * 3_600_000;

let tenant = 7_000;
const leads = () => env.LEADS.getByName(String(tenant));
beforeEach(() => {
  tenant += 1;
});

let last = 0;
const number = () => `+37529${String((last += 1)).padStart(7, '0')}`;

async function add(lead: Partial<NewLead> = {}, viewer = boss, now = NOW) {
  const result = await leads().add({
    lead: { number: number(), ...lead },
    onDuplicate: 'refuse',
    viewer,
    now,
  });
  if (!result.ok) throw new Error(result.code);
  return result.lead;
}
async function find(query: Partial<LeadQuery> = {}) {
  const result = await leads().list({ viewer: boss, sort: 'created', limit: 50, ...query });
  if (!result.ok) throw new Error(result.code);
  return result;
}
const names = async (query: Partial<LeadQuery> = {}) => (await find(query)).leads.map(({ name }) => name);

describe('a lead', () => {
  it('begins with the first status and nobody, and keeps what was said of it', async () => {
    const lead = await add({ name: 'Ann', extra: { City: 'Minsk' }, nextAt: NOW + DAY, nextText: 'Call' });
    expect(lead).toMatchObject({ status: 'new', owner: null, createdBy: 'boss', updatedAt: NOW });
    expect(await leads().lead(lead.id, boss)).toEqual(lead);
    expect(await leads().lead('l_none', boss)).toBe(null);
  });

  it('belongs to whoever makes it and may not give it away', async () => {
    expect((await add({}, olga)).owner).toBe('olga');
    expect((await add({ owner: null }, olga)).owner).toBe(null);
    const lead = { number: number(), owner: 'ivan' };
    expect(await leads().add({ lead, onDuplicate: 'refuse', viewer: olga, now: NOW })).toEqual({
      ok: false,
      code: 'not_yours',
    });
  });

  it('is seen by its seller and by those who see all; taken and given back by anybody it may be', async () => {
    const lead = await add({ owner: 'ivan' });
    expect(await leads().lead(lead.id, olga)).toBe(null);
    expect(await leads().change({ id: lead.id, change: { name: 'x' }, viewer: olga, now: NOW })).toEqual({
      ok: false,
      code: 'not_found',
    });
    const change = (owner: string | null, viewer: LeadViewer) =>
      leads().change({ id: lead.id, change: { owner }, viewer, now: NOW });
    expect(await change('olga', ivan)).toEqual({ ok: false, code: 'not_yours' });
    expect(await change(null, ivan)).toMatchObject({
      ok: true,
      before: { owner: 'ivan' },
      after: { owner: null },
    });
    expect(await change('olga', olga)).toMatchObject({ ok: true });
    expect(await leads().lead(lead.id, ivan)).toBe(null);
    expect(await change('ivan', boss)).toMatchObject({ ok: true });
  });

  it('has a history, newest first, which begins with its making', async () => {
    const lead = await add({ name: 'Ann' });
    await leads().change({
      id: lead.id,
      change: { name: 'Anna', email: 'a@b.example' },
      viewer: boss,
      now: NOW + 1,
    });
    await leads().change({ id: lead.id, change: { name: 'Anna' }, viewer: boss, now: NOW + 2 });
    await leads().change({ id: lead.id, change: { status: 'won' }, viewer: olga, now: NOW + 3 });
    const all = await leads().history({ id: lead.id, viewer: boss, limit: 10 });
    expect(all?.items).toMatchObject([
      { kind: 'changed', by: 'olga', at: NOW + 3, before: { status: 'new' }, after: { status: 'won' } },
      { kind: 'changed', by: 'boss', before: { name: 'Ann', email: null }, after: { name: 'Anna' } },
      { kind: 'created', by: 'boss', at: NOW },
    ]);
    const first = await leads().history({ id: lead.id, viewer: boss, limit: 2 });
    expect(first?.items).toHaveLength(2);
    const next = first?.next ?? undefined;
    expect(
      (await leads().history({ id: lead.id, viewer: boss, limit: 2, cursor: next }))?.items,
    ).toMatchObject([{ kind: 'created' }]);
    expect(await leads().history({ id: 'l_none', viewer: boss, limit: 2 })).toBe(null);
  });

  it('is deleted softly, out of every list, and restored as it was', async () => {
    const lead = await add({ name: 'Ann Gone', status: 'callback' });
    const input = { id: lead.id, viewer: boss, now: NOW + 5 };
    expect(await leads().remove(input)).toMatchObject({ ok: true, lead: { deletedAt: NOW + 5 } });
    expect(await leads().remove(input)).toEqual({ ok: false, code: 'not_found' });
    expect([await names(), await names({ text: 'gone' }), await names({ status: 'callback' })]).toEqual([
      [],
      [],
      [],
    ]);
    expect(await names({ deleted: true })).toEqual(['Ann Gone']);
    expect(await leads().lookup(lead.number, boss)).toEqual({ lead: null, heldBy: null });
    expect(await leads().lead(lead.id, olga)).toBe(null);
    expect(await leads().restore(input)).toMatchObject({
      ok: true,
      lead: { deletedAt: null, status: 'callback' },
    });
    expect(await leads().restore(input)).toMatchObject({ ok: true });
    expect([await names(), await names({ text: 'gone' })]).toEqual([['Ann Gone'], ['Ann Gone']]);
    const history = await leads().history({ id: lead.id, viewer: boss, limit: 9 });
    expect(history?.items.map(({ kind }) => kind)).toEqual(['restored', 'deleted', 'created']);
  });

  it('is not restored beside another of its number', async () => {
    const lead = await add();
    await leads().remove({ id: lead.id, viewer: boss, now: NOW });
    const second = await add({ number: lead.number });
    expect(await leads().restore({ id: lead.id, viewer: boss, now: NOW })).toEqual({
      ok: false,
      code: 'duplicate',
      leadId: second.id,
      owner: null,
    });
  });

  it('is forgotten thirty days after it was deleted, and not before', async () => {
    const [early, late] = [await add(), await add()];
    const now = Date.now();
    await leads().remove({ id: early.id, viewer: boss, now: now - 31 * DAY });
    await leads().remove({ id: late.id, viewer: boss, now: now - 29 * DAY });
    expect(await runDurableObjectAlarm(leads())).toBe(true);
    expect((await find({ deleted: true })).leads.map(({ id }) => id)).toEqual([late.id]);
    const alarm = await runInDurableObject(leads(), (_, state) => state.storage.getAlarm());
    expect(alarm).toBe(now + DAY);
  });
});

describe('a duplicate', () => {
  it('is refused, naming the lead to who sees it and its seller to everybody', async () => {
    const lead = await add({ owner: 'ivan' });
    const again = (viewer: LeadViewer) =>
      leads().add({ lead: { number: lead.number }, onDuplicate: 'fill', viewer, now: NOW });
    expect(await again(olga)).toEqual({ ok: false, code: 'duplicate', leadId: null, owner: 'ivan' });
    expect(await leads().lookup(lead.number, olga)).toEqual({ lead: null, heldBy: 'ivan' });
    expect(await leads().lookup(lead.number, ivan)).toMatchObject({ lead: { id: lead.id }, heldBy: null });
    const other = await add();
    expect(
      await leads().change({ id: other.id, change: { number: lead.number }, viewer: boss, now: NOW }),
    ).toEqual({ ok: false, code: 'duplicate', leadId: lead.id, owner: 'ivan' });
  });

  it('fills in what was empty, or takes its place, as asked', async () => {
    const first = await add({ name: 'Ann', extra: { City: 'Minsk' } });
    const again = (onDuplicate: 'fill' | 'overwrite') =>
      leads().add({
        lead: {
          number: first.number,
          name: 'Anna',
          email: 'a@b.example',
          status: 'won',
          extra: { City: 'Brest' },
        },
        onDuplicate,
        viewer: boss,
        now: NOW,
      });
    expect(await again('fill')).toMatchObject({
      ok: true,
      before: { email: null },
      lead: { id: first.id, name: 'Ann', email: 'a@b.example', status: 'new', extra: { City: 'Minsk' } },
    });
    expect(await again('overwrite')).toMatchObject({
      lead: { name: 'Anna', status: 'won', extra: { City: 'Brest' } },
    });
    expect((await find()).leads).toHaveLength(1);
    const history = await leads().history({ id: first.id, viewer: boss, limit: 9 });
    expect(history?.items.map(({ kind }) => kind)).toEqual(['merged', 'merged', 'created']);
  });
});

describe('the list', () => {
  it('goes on where it ended while leads are added and removed, each exactly once', async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) made.push((await add({ owner: n % 2 ? 'olga' : null })).id);
    const first = await find({ viewer: olga, limit: 3 });
    await add();
    await leads().remove({ id: made[5] ?? '', viewer: boss, now: NOW });
    const second = await find({ viewer: olga, limit: 3, cursor: first.next ?? '' });
    const third = await find({ viewer: olga, limit: 3, cursor: second.next ?? '' });
    expect([first, second, third].flatMap((page) => page.leads.map(({ id }) => id))).toEqual(made.reverse());
    expect(third.next).toBe(null);
  });

  it('is cut by status, seller and what is due, and shows a seller no one else’s', async () => {
    await add({ name: 'free' });
    await add({ name: 'olgas', owner: 'olga', nextAt: NOW + 2 });
    await add({ name: 'won', owner: 'olga', status: 'won', nextAt: NOW + 1 });
    await add({ name: 'ivans', owner: 'ivan', nextAt: NOW + 3 });
    expect(await names({ status: 'won' })).toEqual(['won']);
    expect(await names({ owner: 'ivan' })).toEqual(['ivans']);
    expect(await names({ owner: null })).toEqual(['free']);
    expect(await names({ owner: 'stranger' })).toEqual([]);
    expect(await names({ viewer: olga })).toEqual(['won', 'olgas', 'free']);
    expect(await names({ viewer: olga, owner: 'ivan' })).toEqual([]);
    expect(await names({ viewer: ivan, text: 'olgas' })).toEqual([]);
    expect(await names({ sort: 'next_action' })).toEqual(['won', 'olgas', 'ivans']);
    expect(await names({ sort: 'next_action', viewer: olga, dueBefore: NOW + 2 })).toEqual(['won']);
    const first = await find({ sort: 'next_action', limit: 2 });
    expect(await names({ sort: 'next_action', limit: 2, cursor: first.next ?? '' })).toEqual(['ivans']);
    expect(await leads().list({ viewer: boss, sort: 'created', limit: 5, status: 'none' })).toEqual({
      ok: false,
      code: 'unknown_status',
    });
    expect(await leads().list({ viewer: boss, sort: 'created', limit: 5, cursor: 'x' })).toEqual({
      ok: false,
      code: 'bad_cursor',
    });
  });

  it('finds by beginnings of words and by any usual part of the number', async () => {
    const lead = await add({
      number: '+375291234567',
      name: 'Пётр Алёшин',
      company: 'Roga & Co',
      owner: 'olga',
    });
    await add({ number: '+375297654321', name: 'Пётр Другой', owner: 'ivan' });
    for (const text of [
      'алёш',
      'ПЁТР АЛЁ',
      'roga',
      '+375 29 123',
      '29123',
      '4567',
      '8029 123-45',
      '1234567',
    ]) {
      expect([text, (await find({ text })).leads.map(({ id }) => id)]).toEqual([text, [lead.id]]);
    }
    expect(await names({ text: 'пётр', viewer: olga })).toEqual(['Пётр Алёшин']);
    expect(await names({ text: 'пётр', status: 'won' })).toEqual([]);
    for (const text of ['" OR words : "', '%', '*', 'NOT', "'", '\u{1F600}', 'a"b'])
      expect(await names({ text })).toEqual([]);
    expect(await names({ text: '0291', textNumber: '+375291234567' })).toEqual(['Пётр Алёшин']);
    await leads().change({ id: lead.id, change: { name: 'Semyon' }, viewer: boss, now: NOW });
    expect([await names({ text: 'алёш' }), await names({ text: 'sem' })]).toEqual([[], ['Semyon']]);
  });

  it('is changed for many at once, by those who may', async () => {
    const made = [await add(), await add({ owner: 'ivan' }), await add()].map(({ id }) => id);
    const bulk = (change: Parameters<ReturnType<typeof leads>['bulk']>[0]['change'], viewer = boss) =>
      leads().bulk({ ids: [...made, 'l_none'], change, viewer, now: NOW });
    expect(await bulk({ status: 'callback' }, olga)).toEqual({ ok: true, changed: [made[0], made[2]] });
    expect(await bulk({ owner: 'ivan' }, olga)).toEqual({ ok: false, code: 'not_yours' });
    expect(await bulk({ status: 'none' })).toEqual({ ok: false, code: 'unknown_status' });
    expect(await bulk({ owner: 'ivan' })).toEqual({ ok: true, changed: [made[0], made[2]] });
    expect(await bulk('delete')).toEqual({ ok: true, changed: made });
    expect((await find()).leads).toEqual([]);
  });
});

describe('what is stored', () => {
  it('outlives an eviction', async () => {
    const lead = await add({ name: 'Kept', owner: 'olga' });
    await evictDurableObject(leads());
    expect(await leads().lead(lead.id, olga)).toEqual(lead);
    expect(await names({ text: 'kept', viewer: olga })).toEqual(['Kept']);
  });

  it('is served as the first version left it', async () => {
    await runInDurableObject(leads(), async (_, { storage }) => {
      await storage.deleteAll();
      migrateObject(storage, LEADS_MIGRATIONS.slice(0, 1));
      storage.sql.exec(`
        INSERT INTO owners VALUES (1, 'olga');
        INSERT INTO leads VALUES (1, 'l_old', '+375290000001', 5, 1, 'Old', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
          '{}', 1000, 'boss', NULL, 1000, NULL);
        INSERT INTO finder (rowid, words, facets) VALUES (1, 'Old 375290000001', 's5 o1');`);
    });
    await evictDurableObject(leads());
    expect(await leads().lead('l_old', olga)).toMatchObject({ status: 'won', owner: 'olga', name: 'Old' });
    expect(await names({ text: 'old', viewer: olga, status: 'won' })).toEqual(['Old']);
    expect((await leads().statuses(olga)).find(({ key }) => key === 'won')?.leads).toBe(1);
  });
});
