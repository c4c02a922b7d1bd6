import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SlotReading } from '../../../bridge/protocol/readings';
import type { BridgeLinkApi } from '../contract';
import { Board } from './board';
import { History } from './history';
import { FREE, take } from './holds';
import { Samples } from './samples';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = 1_800_000_000_000;
let link: DurableObjectStub<BridgeLinkApi>;

/** In an object of the test's own, with its tables. */
const inside = <T>(work: (sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(link, (_, { storage }) => work(storage.sql));

beforeEach(() => {
  link = env.BRIDGE_LINK.getByName(`0101:${crypto.randomUUID()}`);
});

const reading = (slot: string, at: number, battery: number | null = 80): SlotReading => ({
  slot,
  at,
  battery,
  temperature: 31.5,
  signal: null,
  network: 'LTE',
  cpu: 10,
  ram: 20,
  storage: 30,
  latency_ms: 4,
  why: { signal: 'no SIM card' },
});
const idOf = (key: string): number | null => ({ A: 1, B: 2 })[key] ?? null;
const count = (sql: SqlStorage, table: string): number =>
  Number(sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n);

describe('samples', () => {
  it('are one a minute for charts, and every reading for now', async () => {
    await inside((sql) => {
      const samples = new Samples(sql);
      for (let at = START; at < START + 10 * MINUTE; at += 15_000)
        samples.take([reading('A', at, at === START ? 99 : 50), reading('B', at)], at, idOf);
      expect(samples.newest('A')).toMatchObject({ at: START + 10 * MINUTE - 15_000, battery: 50 });
      const chart = samples.since(1, START);
      expect(chart).toHaveLength(10);
      expect(chart[0]).toEqual({
        at: START,
        battery: 99,
        temperature: 31.5,
        signal: null,
        cpu: 10,
        ram: 20,
        storage: 30,
        latency_ms: 4,
      });
      expect(samples.since(1, START + 5 * MINUTE)).toHaveLength(5);
      expect(samples.since(3, START)).toEqual([]);
    });
  });

  it('keep a day, and a gap stays a gap', async () => {
    await inside((sql) => {
      const samples = new Samples(sql);
      for (let at = START; at <= START + 2 * DAY; at += 10 * MINUTE) {
        const away = at > START + DAY + 60 * MINUTE && at < START + DAY + 120 * MINUTE;
        samples.take(away ? [reading('B', at)] : [reading('A', at), reading('B', at)], at, idOf);
      }
      expect(count(sql, 'slot_samples')).toBe(145);
      expect(samples.since(1, 0)[0]?.at).toBe(START + DAY);
      expect(samples.since(2, 0).length - samples.since(1, 0).length).toBe(5);
    });
  });

  it('go on when the clock was set back, and survive their object', async () => {
    await inside((sql) => {
      new Samples(sql).take([reading('A', START)], START, idOf);
      new Samples(sql).take([reading('A', START - DAY, 40)], START - DAY, idOf);
      expect(new Samples(sql).newest('A')).toMatchObject({ battery: 40 });
      expect(new Samples(sql).since(1, 0)).toHaveLength(2);
    });
  });

  it('forget a phone that nobody knows any more', async () => {
    await inside((sql) => {
      const samples = new Samples(sql);
      samples.take([reading('A', START), reading('X', START)], START, idOf);
      expect(samples.newest('X')).toBeNull();
      samples.take([reading('B', START)], START, (key) => (key === 'B' ? 2 : null));
      expect(samples.newest('A')).toBeNull();
    });
  });
});

describe('history', () => {
  it('keeps the newest of each slot', async () => {
    await inside((sql) => {
      const history = new History(sql);
      history.add(2, { at: 1, kind: 'status', text: 'ONLINE', userId: null, ref: null });
      for (let n = 1; n <= 620; n += 1)
        history.add(1, { at: n, kind: 'call', text: `call ${n}`, userId: 'u', ref: `c_${n}` });
      expect(count(sql, 'slot_history')).toBe(501);
      const [newest] = history.page(1, { limit: 1 });
      expect(newest).toMatchObject({ text: 'call 620', userId: 'u', ref: 'c_620' });
      const before = newest?.id ?? 0;
      expect(history.page(1, { limit: 2, before }).map(({ text }) => text)).toEqual(['call 619', 'call 618']);
      expect(history.page(2, { limit: 9 })).toHaveLength(1);
    });
  });
});

describe('the board', () => {
  it('keeps a fence while the phone is elsewhere', async () => {
    await inside((sql) => {
      const board = new Board(sql);
      const configured = { id: 7, key: 'A', label: null, userId: null, trunk: null, config: {} };
      board.configure(configured);
      const taken = take(FREE, { kind: 'call', id: 'c_1', userId: 'u' }, START, 1_000);
      if (!taken.ok) throw new Error('it is free');
      board.setHold('A', taken.state);
      expect(board.nextHoldEnd()).toBe(START + 1_000);
      board.remove('A');
      expect([board.byId(7), board.byKey('A'), board.all(), board.nextHoldEnd()]).toEqual([
        null,
        null,
        [],
        null,
      ]);
      board.configure({ ...configured, label: 'back' });
      expect(board.byKey('A')).toMatchObject({
        label: 'back',
        status: 'OFFLINE',
        hold: { fence: taken.fence, work: null, reserved: null },
      });
    });
  });

  it('counts idle time from when a slot is online and nobody has it', async () => {
    await inside((sql) => {
      const board = new Board(sql);
      board.configure({ id: 1, key: 'A', label: null, userId: null, trunk: null, config: {} });
      const idle = () => board.byKey('A')?.idleSince;
      board.settleIdle('A', 10);
      expect(idle()).toBeNull();
      board.setStatus('A', 'ONLINE', null);
      board.settleIdle('A', 20);
      board.settleIdle('A', 30);
      expect(idle()).toBe(20);
      const taken = take(FREE, { kind: 'user', id: 'u', userId: 'u' }, 40, 100);
      board.setHold('A', taken.ok ? taken.state : FREE);
      board.settleIdle('A', 40);
      expect(idle()).toBeNull();
      board.setHold('A', FREE);
      board.settleIdle('A', 50);
      expect(idle()).toBe(50);
    });
  });
});
