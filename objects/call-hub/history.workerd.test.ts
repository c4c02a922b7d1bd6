import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  all,
  hubOf,
  OLEG,
  OLGA,
  olga,
  phoneEvent,
  phoneResult,
  seedTenant,
  TENANT,
} from '../../test/worker/support/call-hub';
import { openDb } from '../../worker/db';
import { tenants } from '../../worker/db/schema';
import { migrateObject } from '../lib/migrations';
import type { CallView, Viewer } from './contract';
import { CallCounters, hourIn } from './counters';
import { History } from './history';
import type { HistoryQuery } from './history-contract';
import { newCall, type CallRecord, type Ending } from './machine';
import { CALL_HUB_MIGRATIONS } from './migrations';
import { CallStore } from './store';
import type { Names } from './view';

beforeAll(seedTenant);

const names: Names = {
  user: (id) => ({ id, username: '', name: '' }),
  device: (id) => ({ id, name: '', simulator: false }),
};

const ended = (outcome: Ending['outcome'], talkSec: number | null = null): Ending => ({
  evidence: 'reported',
  order: 1,
  id: 'x',
  endAt: 2,
  by: 'pbx',
  outcome,
  answerAt: null,
  talkSec,
});

/** Runs `job` on the storage of an object nobody else uses. */
const onStorage = <T>(name: string, job: (sql: SqlStorage, storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(hubOf(name), (_, { storage }) => job(storage.sql, storage));

const wipe = (sql: SqlStorage): void => {
  for (const table of ['calls', 'call_viewers', 'call_counters', 'call_totals', 'meta'])
    sql.exec(`DELETE FROM ${table}`);
};

const aCall = fc.record({
  startAt: fc.integer({ min: 0, max: 12 }),
  source: fc.constantFrom('pbx', 'slot', 'phone' as const),
  direction: fc.constantFrom('in', 'out', 'internal' as const),
  outcome: fc.constantFrom('answered', 'busy', 'failed', null, 'live' as const),
  userId: fc.constantFrom(OLGA, OLEG, null),
  slotId: fc.constantFrom(1, 2, null),
  number: fc.constantFrom('+375290000001', '+375290000012', '101', ''),
  audience: fc.subarray([OLEG, OLGA]),
});
const aQuery = fc.record(
  {
    from: fc.integer({ min: 0, max: 12 }),
    to: fc.integer({ min: 0, max: 13 }),
    status: fc.constantFrom('queued', 'ended' as const),
    outcome: fc.constantFrom('answered', 'busy', 'none' as const),
    direction: fc.constantFrom('in', 'out' as const),
    source: fc.constantFrom('pbx', 'slot' as const),
    user: fc.constantFrom(OLGA, OLEG),
    slotId: fc.constantFrom(1, 2),
    number: fc.constantFrom({ exact: '+375290000001' }, { part: '0001' }, { exact: '' }),
  },
  { requiredKeys: [] },
);

const recordOf = (
  one: typeof aCall extends fc.Arbitrary<infer T> ? T : never,
  index: number,
): CallRecord => ({
  ...newCall(`c_${index.toString(36).padStart(3, '0')}`, one.source, one.direction, one.number, one.startAt),
  userId: one.userId,
  slotId: one.slotId,
  audience: one.audience,
  ending: one.outcome === 'live' ? null : ended(one.outcome),
});

/** What the filters mean, said plainly. */
function fits(call: CallRecord, query: Omit<HistoryQuery, 'limit'>): boolean {
  const { viewer, number } = query;
  const status = call.ending ? 'ended' : 'queued';
  return (
    (viewer.scope === 'all' || call.audience.includes(viewer.userId)) &&
    call.startAt >= (query.from ?? 0) &&
    call.startAt < (query.to ?? 99) &&
    (query.status === undefined || query.status === status) &&
    (query.outcome === undefined ||
      (query.outcome === 'none' ? call.ending?.outcome === null : call.ending?.outcome === query.outcome)) &&
    (query.direction === undefined || query.direction === call.direction) &&
    (query.source === undefined || query.source === call.source) &&
    (query.user === undefined || query.user === call.userId) &&
    (query.slotId === undefined || query.slotId === call.slotId) &&
    (number === undefined ||
      ('exact' in number ? number.exact === call.number : call.number.includes(number.part)))
  );
}

function readAll(history: History, query: HistoryQuery): { ids: string[]; pages: number } {
  const ids: string[] = [];
  let before: HistoryQuery['before'];
  for (let pages = 1; ; pages += 1) {
    const page = history.page({ ...query, ...(before && { before }) });
    ids.push(...page.calls.map(({ call_id }) => call_id));
    if (page.next === null) return { ids, pages };
    if (pages > 500) throw new Error('no end');
    before = page.next;
  }
}

describe('the history', () => {
  it('gives every call that fits once, newest first, for any filters, page size and depth of search', () =>
    onStorage('history-1', (sql) => {
      fc.assert(
        fc.property(
          fc.array(aCall, { maxLength: 40 }),
          aQuery,
          fc.constantFrom<Viewer>(all, olga),
          fc.integer({ min: 1, max: 7 }),
          fc.integer({ min: 1, max: 9 }),
          (made, filter, viewer, limit, scanned) => {
            wipe(sql);
            const store = new CallStore(sql);
            const calls = made.map(recordOf);
            for (const call of calls) store.saveCall(call, null, 1, null);
            const query = { ...filter, viewer, limit };
            const expected = calls
              .filter((call) => fits(call, query))
              .sort((a, b) => b.startAt - a.startAt || (a.callId < b.callId ? 1 : -1));
            const { ids } = readAll(new History(sql, names, scanned), query);
            expect(ids).toEqual(expected.map(({ callId }) => callId));
          },
        ),
        { numRuns: 150 },
      );
    }));

  it('follows a call whose user, moment, end or audience is learnt later', () =>
    onStorage('history-2', (sql) => {
      wipe(sql);
      const store = new CallStore(sql);
      const first = { ...newCall('c_1', 'pbx', 'in', '+375290000001', 5), audience: [OLGA] };
      store.saveCall(first, null, 1, 'd 1');
      const noted = { ...first, noteCount: 1 };
      store.saveCall(noted, first, 2, 'd 1');
      const moved = {
        ...noted,
        startAt: 3,
        userId: OLEG,
        audience: [OLEG, OLGA],
        ending: ended('answered', 9),
      };
      store.saveCall(moved, noted, 3, 'd 1');
      const history = new History(sql, names);
      const ids = (query: Partial<HistoryQuery>): string[] =>
        history.page({ viewer: all, limit: 9, ...query }).calls.map(({ call_id }) => call_id);
      expect(ids({ user: OLEG })).toEqual(['c_1']);
      expect(ids({ user: OLGA })).toEqual([]);
      expect(ids({ from: 3, to: 4, viewer: olga })).toEqual(['c_1']);
      expect(ids({ from: 4, viewer: olga })).toEqual([]);
      expect(ids({ status: 'queued' })).toEqual([]);
      expect(ids({ outcome: 'answered', number: { part: '0001' } })).toEqual(['c_1']);
      expect(history.page({ viewer: all, limit: 1 }).calls[0]?.note_count).toBe(1);
    }));

  it('looks at no row of the table but those on the page', () =>
    onStorage('history-3', (sql) => {
      const plan = (query: string, ...values: (string | number)[]): string =>
        sql
          .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)
          .toArray()
          .map(({ detail }) => detail)
          .join('\n');
      const columns = 'call_id, started_at, status, outcome, direction, source, user_id, slot_id, number';
      for (const [index, where] of [
        ['calls_time', '1'],
        ['calls_user', 'user_id = ?'],
        ['calls_number', 'number = ?'],
        ['calls_slot', 'slot_id = ?'],
      ] as const) {
        const text = plan(
          `SELECT ${columns} FROM calls INDEXED BY ${index} WHERE ${where} AND started_at >= 1
           AND (started_at, call_id) < (5, 'x') ORDER BY started_at DESC, call_id DESC LIMIT 9`,
          ...(where === '1' ? [] : ['1']),
        );
        expect(text).toContain(`USING COVERING INDEX ${index}`);
        expect(text).not.toContain('TEMP B-TREE');
      }
    }));
});

/** What a recount of every call says. */
function recount(calls: readonly CallRecord[], zone: string, day: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const call of calls) {
    const local = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(call.startAt);
    if (local !== day) continue;
    const outcome = call.ending ? (call.ending.outcome ?? 'none') : 'live';
    const key = `${hourIn(zone, call.startAt)} ${call.source} ${call.direction} ${outcome}`;
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  return sums;
}

describe('counters of all calls', () => {
  const DAY = Date.parse('2025-11-15T00:00:00+03:00');

  it('say what a recount would, whatever changed in which order, the zone too', () =>
    onStorage('history-4', (sql) => {
      const hour = 3_600_000;
      const step = fc.record({
        id: fc.integer({ min: 0, max: 5 }),
        startAt: fc.integer({ min: 0, max: 30 }).map((hours) => DAY + hours * hour),
        outcome: fc.constantFrom('answered', 'busy', null, 'live' as const),
        direction: fc.constantFrom('in', 'out' as const),
        talk: fc.integer({ min: 0, max: 90 }),
        zone: fc.constantFrom('Europe/Moscow', 'Europe/Moscow', 'Asia/Kolkata'),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, late) => {
          wipe(sql);
          // Half of the runs learn the zone only at the end.
          let zone: string | null = late ? null : 'Europe/Moscow';
          const store = new CallStore(sql);
          const tally = new CallCounters(
            sql,
            () => zone,
            () => DAY + 31 * hour,
          );
          const calls = new Map<number, CallRecord>();
          tally.followZone();
          for (const one of steps) {
            if (!late && zone !== one.zone) {
              zone = one.zone;
              tally.followZone();
            }
            const known = calls.get(one.id) ?? null;
            const call: CallRecord = {
              ...(known ?? newCall(`c_${one.id}`, 'pbx', one.direction, '1', one.startAt)),
              startAt: one.startAt,
              direction: one.direction,
              ending: one.outcome === 'live' ? (known?.ending ?? null) : ended(one.outcome, one.talk),
            };
            const bucket = tally.count(call, known);
            store.saveCall(call, known, 1, bucket);
            calls.set(one.id, call);
          }
          zone ??= 'Europe/Moscow';
          tally.countWaiting();
          expect(tally.waiting).toBe(false);
          for (const day of ['2025-11-14', '2025-11-15', '2025-11-16']) {
            const { kinds } = tally.day(day, DAY);
            const found = new Map(
              kinds.map((kind) => [
                `${kind.hour} ${kind.source} ${kind.direction} ${kind.outcome}`,
                kind.calls,
              ]),
            );
            expect(found).toEqual(recount([...calls.values()], zone, day));
          }
          const over = [...calls.values()].filter(({ ending }) => ending !== null);
          const ends = tally.ended().reduce((sum, kind) => sum + kind.calls, 0);
          expect(ends).toBe(over.length);
          const talk = tally.day('2025-11-15', DAY).kinds.concat(tally.day('2025-11-16', DAY).kinds);
          expect(talk.every((kind) => kind.talkSec >= 0)).toBe(true);
          expect(tally.day(undefined, DAY).active).toBe(calls.size - over.length);
        }),
        { numRuns: 150 },
      );
    }));

  it('begin an hour where the zone’s clocks do', () => {
    const at = Date.parse('2025-11-15T10:47:12.345Z');
    expect(new Date(hourIn('UTC', at)).toISOString()).toBe('2025-11-15T10:00:00.000Z');
    expect(new Date(hourIn('Asia/Kolkata', at)).toISOString()).toBe('2025-11-15T10:30:00.000Z');
    expect(new Date(hourIn('nowhere', at)).toISOString()).toBe('2025-11-15T10:00:00.000Z');
  });

  it('count what phones tell, through evictions, once the zone was read', async () => {
    const hub = hubOf(TENANT);
    const at = Date.now();
    await hub.ingestPhone([phoneEvent({ type: 'queued', at })]);
    await evictDurableObject(hub);
    await hub.ingestPhone([phoneEvent({ type: 'result', at: at + 1_000, result: phoneResult() })]);
    await runDurableObjectAlarm(hub);
    const today = await hub.dayCounters({ now: at });
    expect(today).toMatchObject({ timeZone: 'Europe/Moscow', active: 0, counting: false });
    expect(today.kinds).toMatchObject([{ source: 'phone', outcome: 'answered', calls: 1, talkSec: 30 }]);
    expect(await hub.gauges(at)).toMatchObject({
      ended: [{ outcome: 'answered', calls: 1 }],
    });
  });
});

describe('a hub from before there was a history', () => {
  it('finds its old calls by every filter at once, and counts them by alarm', async () => {
    const tenant = '0777';
    await openDb(env.DB).insert(tenants).values({ id: tenant, name: 'Old', timeZone: 'UTC', createdAt: 1 });
    const hub = hubOf(tenant);
    const at = Date.parse('2025-11-15T10:30:00Z');
    await runInDurableObject(hub, async (_, { storage }) => {
      const { sql } = storage;
      await storage.deleteAll();
      migrateObject(storage, CALL_HUB_MIGRATIONS.slice(0, 4));
      const old = {
        ...newCall('c_old', 'slot', 'out', '+375290000001', at),
        userId: OLGA,
        slotId: 7,
        audience: [OLGA],
        ending: ended('busy'),
      };
      sql.exec('INSERT INTO calls VALUES (?, ?, ?, ?, ?)', 'c_old', 'ended', at, OLGA, JSON.stringify(old));
      sql.exec('INSERT INTO call_viewers VALUES (?, ?, 0)', OLGA, 'c_old');
      sql.exec("INSERT INTO meta VALUES ('tenant', ?)", tenant);
    });
    await evictDurableObject(hub);
    const found = async (query: Partial<HistoryQuery>): Promise<CallView[]> =>
      (await hub.history({ viewer: all, limit: 10, ...query })).calls;
    for (const query of [
      { outcome: 'busy' },
      { slotId: 7 },
      { user: OLGA },
      { number: { exact: '+375290000001' } },
      { viewer: olga, from: at },
      { source: 'slot', direction: 'out', status: 'ended' },
    ] as const)
      expect((await found(query)).map(({ call_id }) => call_id)).toEqual(['c_old']);
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(hub);
        return hub.dayCounters({ day: '2025-11-15', now: at });
      })
      .toMatchObject({
        counting: false,
        kinds: [{ outcome: 'busy', calls: 1, hour: Date.parse('2025-11-15T10:00:00Z') }],
      });
  });
});
