import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_IN_FLIGHT } from '../../bridge/protocol/limits';
import {
  broken,
  emptyBook,
  expired,
  hold,
  holdMs,
  isDead,
  isRival,
  nextDeadline,
  openGate,
  refusalOf,
  resent,
  stored,
  take,
  withoutRequest,
  withRequest,
  type Book,
} from './machine';

const Ask = fc.record({
  do: fc.constant('ask' as const),
  id: fc.integer({ min: 0, max: 120 }),
  effect: fc.boolean(),
  life: fc.integer({ min: 1, max: 20 }),
});
const BookStep = fc.oneof(
  { weight: 6, arbitrary: Ask },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('answer' as const), id: fc.integer({ min: 0, max: 120 }) }),
  },
  fc.record({ do: fc.constant('break' as const) }),
  fc.record({ do: fc.constant('connect' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30 }) }),
);

describe('the book of requests', () => {
  it('ends every request once, by its deadline at the latest, in any order of answers, breaks and waits', () => {
    fc.assert(
      fc.property(fc.array(BookStep, { maxLength: 200 }), (steps) => {
        let now = 0;
        let online = true;
        let book: Book = emptyBook;
        const open = new Map<string, { effect: boolean; deadline: number }>();
        const ends = new Map<string, number>();
        const end = (id: string): void => {
          expect(open.has(id)).toBe(true);
          open.delete(id);
          ends.set(id, (ends.get(id) ?? 0) + 1);
        };
        const settle = (): void => {
          const { book: rest, late } = expired(book, now);
          book = rest;
          for (const { id } of late) end(id);
        };
        let serial = 0;
        for (const step of steps) {
          if (step.do === 'ask') {
            const refused = refusalOf(book, online);
            if (!online) expect(refused).toBe('OFFLINE');
            else if (book.size >= MAX_IN_FLIGHT) expect(refused).toBe('OVERLOADED');
            else expect(refused).toBeNull();
            const id = `${step.id}-${(serial += 1)}`;
            if (refused !== null) continue;
            const deadline = now + step.life;
            book = withRequest(book, { id, verb: 'x', effect: step.effect, deadline });
            open.set(id, { effect: step.effect, deadline });
          } else if (step.do === 'answer') {
            const id = [...open.keys()].find((known) => known.startsWith(`${step.id}-`));
            if (id === undefined) expect(withoutRequest(book, `${step.id}-none`)).toBe(book);
            else {
              book = withoutRequest(book, id);
              end(id);
            }
          } else if (step.do === 'break') {
            const { book: rest, failed } = broken(book);
            for (const { id, effect } of failed) {
              expect(effect).toBe(false);
              end(id);
            }
            book = rest;
            online = false;
          } else if (step.do === 'connect') {
            online = true;
            // Sent again is what has an effect and is still in time, each once.
            const again = resent(book, now).map(({ id }) => id);
            expect(new Set(again).size).toBe(again.length);
            for (const id of again) expect(open.get(id)).toMatchObject({ effect: true });
          } else {
            now += step.ms;
            settle();
          }
          expect(new Set(book.keys())).toEqual(new Set(open.keys()));
          expect(book.size).toBeLessThanOrEqual(MAX_IN_FLIGHT);
          const deadlines = [...open.values()].map(({ deadline }) => deadline);
          expect(nextDeadline(book)).toBe(deadlines.length === 0 ? null : Math.min(...deadlines));
        }
        now += 1_000;
        settle();
        expect(open.size).toBe(0);
        expect([...ends.values()].every((count) => count === 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

const GateStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('emit' as const), gap: fc.nat(3) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('store' as const), count: fc.integer({ min: 1, max: 10 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heed' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), seq: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const) }) },
);

describe('the gate of events', () => {
  it('stores each event once and in order, over holds, repeats, breaks and evictions', () => {
    fc.assert(
      fc.property(fc.array(GateStep, { maxLength: 150 }), (steps) => {
        let gate = openGate(0);
        let head = 0;
        const journal: number[] = [];
        /** What the bridge has on its way to us, and the newest it sent. */
        let wire: number[] = [];
        let sent = 0;
        let holds: number[] = [];
        let queue: number[] = [];
        const kept: number[] = [];
        const send = (): void => {
          for (const seq of journal) if (seq > sent) wire.push((sent = seq));
        };
        const arrive = (count: number): void => {
          for (const seq of wire.splice(0, count)) {
            const taken = take(gate, seq);
            gate = taken.gate;
            if (taken.isNew) queue.push(seq);
          }
        };
        const keep = (count: number): void => {
          for (const seq of queue.splice(0, count)) {
            kept.push(seq);
            gate = stored(gate, seq);
          }
        };
        const reconnect = (): void => {
          wire = [];
          holds = [];
          queue = [];
          gate = openGate(gate.stored);
          sent = gate.stored;
          send();
        };
        for (const step of steps) {
          if (step.do === 'emit') {
            head += 1 + step.gap;
            journal.push(head);
            send();
          } else if (step.do === 'arrive') arrive(step.count);
          else if (step.do === 'store') keep(step.count);
          else if (step.do === 'fail' && queue.length > 0) {
            queue = [];
            gate = hold(gate);
            holds.push(gate.stored);
          } else if (step.do === 'heed' && holds.length > 0) {
            // The bridge hears of the hold some time later and begins again behind it.
            sent = holds.shift() ?? 0;
            send();
          } else if (step.do === 'again' && wire.length === 0 && queue.length === 0 && !gate.held) {
            // A number seen before is not taken again.
            const seen = kept[step.seq % Math.max(1, kept.length)];
            if (seen !== undefined) expect(take(gate, seen).isNew).toBe(false);
          } else if (step.do === 'reconnect') reconnect();
          else if (step.do === 'evict') {
            // An object that slept had nothing in its queue, and knows what it stored.
            if (queue.length === 0 && !gate.held && wire.length === 0) gate = openGate(gate.stored);
          }
        }
        for (let turn = 0; turn < 5; turn += 1) {
          reconnect();
          arrive(10_000);
          keep(10_000);
        }
        expect(kept).toEqual(journal);
      }),
      { numRuns: 500 },
    );
  });

  it('takes nothing that was on its way before a hold, though its number is new', () => {
    let gate = openGate(0);
    for (const seq of [1, 2, 3]) ({ gate } = take(gate, seq));
    gate = hold(stored(gate, 1));
    expect(take(gate, 4).isNew).toBe(false);
    ({ gate } = take(gate, 4));
    for (const seq of [2, 3, 4, 5]) {
      const taken = take(gate, seq);
      ({ gate } = taken);
      expect(taken.isNew).toBe(true);
    }
  });
});

describe('times', () => {
  it('asks held events again ever more slowly, within half a minute', () => {
    expect([1, 2, 3].map(holdMs)).toEqual([500, 1_000, 2_000]);
    expect(holdMs(50)).toBe(30_000);
  });

  it('takes a connection for dead within 20 s', () => {
    expect(isDead(1_000, 1_000 + 14_999)).toBe(false);
    expect(isDead(1_000, 1_000 + 15_000)).toBe(true);
  });

  it('tells another process from the same one after a break', () => {
    const old = { heardAt: 100_000, journal: 'a' };
    expect(isRival(old, 'a', 114_000)).toBe(false);
    expect(isRival(old, 'a', 103_000)).toBe(true);
    expect(isRival(old, 'b', 114_000)).toBe(true);
  });
});
