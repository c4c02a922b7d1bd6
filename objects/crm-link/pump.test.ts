import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrmRecord } from '../call-hub/crm/contract';
import { CLOSED, type Breaker } from '../lib/breaker';
import { take, untilNext, type Bucket } from './bucket';
import { backoff, breakerAfter, judge, POLICY, type Outcome, type Verdict } from './machine';
import { Pump, type PumpLimits, type PumpParts, type Waiting } from './pump';

const intent: CrmRecord = {
  kind: 'record',
  id: 'c/1',
  n: 1,
  at: 0,
  call: { callId: 'c', externalId: '1.1', direction: 'in', phone: '+375290000001', trunk: null },
  startedAt: 0,
  endedAt: 0,
  durationSec: 0,
  waitingSec: 0,
  result: 'no_answer',
  extension: null,
  talkers: [],
  recordingId: null,
  recovered: false,
};
type Stored = Waiting & { nextAt: number };

/** A link in memory with a clock of its own; `answers` decides each attempt. */
class Bench {
  now = 1_000;
  waiting: Stored[] = [];
  readonly asked: { id: string; at: number }[] = [];
  readonly settled: string[] = [];
  readonly dead: string[] = [];
  breakerNow: Breaker = CLOSED;
  bucketNow: Bucket | null = null;
  heldNow = false;
  /** Ids of each request. */
  readonly requests: string[][] = [];
  private readonly telling = new Set<string>();

  /** `answer` is of a request, by the ids in it; `together`: so many share one, of those that `shares` names. */
  constructor(
    private readonly answer: (ids: string[]) => Outcome,
    private readonly together = 1,
    private readonly shares: (id: string) => boolean = () => true,
  ) {}

  add(id: string, key: string): void {
    this.waiting.push({
      id,
      key,
      intent,
      createdAt: this.now,
      attempts: 0,
      nextAt: this.now,
      alone: false,
    });
  }

  private take(id: string): void {
    this.waiting = this.waiting.filter((one) => one.id !== id);
  }

  parts: PumpParts = {
    now: () => this.now,
    random: () => 0.5,
    wait: async (ms) => {
      this.now += ms;
    },
    held: () => this.heldNow,
    dueHeads: (now, limit) =>
      this.waiting
        .filter((one) => this.waiting.find((other) => other.key === one.key) === one)
        .filter((one) => one.nextAt <= now)
        .slice(0, limit),
    begin: (id, now) => {
      const found = this.waiting.find((one) => one.id === id);
      if (found === undefined) return false;
      found.attempts += 1;
      found.nextAt = now + POLICY.attemptLeaseMs;
      return true;
    },
    together: ({ id }) => (this.shares(id) ? this.together : 1),
    settle: (settlements) => {
      for (const { message, verdict } of settlements) this.settleOne(message.id, verdict);
    },
    breaker: () => this.breakerNow,
    saveBreaker: (breaker) => {
      this.breakerNow = breaker;
    },
    bucket: () => this.bucketNow,
    saveBucket: (bucket) => {
      this.bucketNow = bucket;
    },
    deliver: async (messages) => {
      this.requests.push(messages.map(({ id }) => id));
      for (const { id, key } of messages) {
        // Never two of one call at once.
        expect(this.telling.has(key)).toBe(false);
        this.telling.add(key);
        this.asked.push({ id, at: this.now });
      }
      await Promise.resolve();
      for (const { key } of messages) this.telling.delete(key);
      const outcome = this.answer(messages.map(({ id }) => id));
      return messages.map(() => ({ outcome }));
    },
  };

  private settleOne(id: string, verdict: Verdict): void {
    const found = this.waiting.find((one) => one.id === id);
    switch (verdict.kind) {
      case 'retry':
        if (found === undefined) return;
        found.nextAt = verdict.at;
        found.alone ||= verdict.alone;
        break;
      case 'held':
        if (found !== undefined) found.nextAt = this.now;
        this.heldNow = true;
        break;
      case 'dead':
        this.dead.push(id);
        this.take(id);
        break;
      case 'delivered':
      case 'skipped':
        this.settled.push(id);
        this.take(id);
        break;
    }
  }

  get limits(): PumpLimits {
    return { concurrency: 6, most: 100, perSecond: 40, together: this.together };
  }

  pump = (): Promise<number> => new Pump(this.parts, this.limits).run();

  /** Until nothing waits: the clock jumps on, a person lifts holds. */
  async run(): Promise<void> {
    for (let round = 0; round < 20_000 && this.waiting.length > 0; round += 1) {
      await this.pump();
      this.heldNow = false;
      this.now += 60_000;
    }
  }
}

const down: Outcome = { kind: 'failed', error: 'down' };

describe('Pump', () => {
  it('never asks for more than the budget in any second, whatever waits', async () => {
    const bench = new Bench(() => ({ kind: 'delivered' }));
    for (let n = 0; n < 100; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.pump();
    expect(bench.settled).toHaveLength(100);
    const times = bench.asked.map(({ at }) => at);
    // The bucket's burst, and what flows in during the second.
    for (const from of times)
      expect(times.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(80);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_400);
  });

  it('sends nothing while held, and stops in the middle when the key is refused', async () => {
    const bench = new Bench(() => ({ kind: 'rejected', error: '403', httpStatus: 403 }));
    for (let n = 0; n < 30; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.pump();
    expect(bench.asked.length).toBeLessThanOrEqual(6);
    expect(bench.waiting).toHaveLength(30);
    await bench.pump();
    expect(bench.asked.length).toBeLessThanOrEqual(6);
  });

  it('probes an open breaker with one attempt', async () => {
    const bench = new Bench(() => down);
    for (let n = 0; n < 30; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.pump();
    expect(bench.breakerNow.state).toBe('open');
    const before = bench.asked.length;
    bench.now = bench.breakerNow.until ?? 0;
    await bench.pump();
    expect(bench.asked.length).toBe(before + 1);
  });

  it('takes along what comes while it runs', async () => {
    const bench = new Bench(() => ({ kind: 'delivered' }));
    bench.add('first', 'a');
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { deliver } = bench.parts;
    bench.parts.deliver = async (messages) => {
      if (messages[0]?.id === 'first') await gate;
      else release();
      return deliver(messages);
    };
    const pump = new Pump(bench.parts, bench.limits);
    const done = pump.run();
    bench.add('second', 'b');
    pump.kick();
    await done;
    expect(bench.settled).toEqual(['second', 'first']);
  });

  it('tells many together, each request within the budget, and waits for nothing else', async () => {
    const bench = new Bench(() => ({ kind: 'delivered' }), 50);
    for (let n = 0; n < 1_000; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.pump();
    expect(bench.settled).toHaveLength(1_000);
    expect(bench.requests.map((ids) => ids.length)).toEqual(Array<number>(20).fill(50));
  });

  it('lets rows gather while popups go out, and no longer', async () => {
    const bench = new Bench(
      () => ({ kind: 'delivered' }),
      50,
      (id) => id.startsWith('row'),
    );
    for (let n = 0; n < 200; n += 1) {
      bench.add(`popup${n}`, `k${n}`);
      bench.add(`row${n}`, `k${n}`);
    }
    await bench.run();
    expect(bench.settled).toHaveLength(400);
    const uploads = bench.requests.filter(([id = '']) => id.startsWith('row'));
    expect(uploads.length).toBeLessThan(10);
    // None waits for all the popups there are.
    expect(bench.requests.findIndex(([id = '']) => id.startsWith('row'))).toBeLessThan(70);
  });

  it('finds the one the CRM refuses among many, and tells the others', async () => {
    const bad = ['m7', 'm33'];
    const bench = new Bench(
      (ids) =>
        ids.some((id) => bad.includes(id)) ? { kind: 'refused', error: '400' } : { kind: 'delivered' },
      50,
    );
    for (let n = 0; n < 60; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.pump();
    expect(bench.dead.sort()).toEqual(['m33', 'm7']);
    expect(bench.settled).toHaveLength(58);
  });

  it('asks a CRM for fewer at once that cannot take many', async () => {
    const bench = new Bench((ids) => (ids.length > 10 ? down : { kind: 'delivered' }), 50);
    for (let n = 0; n < 400; n += 1) bench.add(`m${n}`, `k${n}`);
    await bench.run();
    expect(bench.settled).toHaveLength(400);
    expect(bench.requests.filter((ids) => ids.length > 10).length).toBeLessThan(40);
  });

  it('spends nothing of the budget on what is not told', async () => {
    const bench = new Bench(([id = '']) =>
      id.startsWith('old') ? { kind: 'skipped', reason: 'old' } : { kind: 'delivered' },
    );
    for (let n = 0; n < 90; n += 1) bench.add(`old${n}`, `k${n}`);
    bench.add('new', 'n');
    await bench.pump();
    expect(bench.settled).toHaveLength(91);
    expect(bench.now).toBe(1_000);
  });

  it('loses nothing and keeps the order of every call, whatever the CRM does', async () => {
    const outcome = fc.constantFrom<Outcome>(
      { kind: 'delivered' },
      { kind: 'delivered', duplicate: true },
      { kind: 'skipped', reason: 'x' },
      { kind: 'refused', error: 'x' },
      { kind: 'rejected', error: 'x', httpStatus: 403 },
      { kind: 'limited', error: 'x' },
      { kind: 'failed', error: 'x', retryAfterMs: 5_000 },
      down,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { maxLength: 25 }),
        fc.infiniteStream(outcome),
        fc.integer({ min: 1, max: 5 }),
        async (keys, outcomes, together) => {
          const bench = new Bench(
            () => outcomes.next().value ?? { kind: 'delivered' },
            together,
            (id) => id.charCodeAt(2) % 3 !== 0,
          );
          keys.forEach((key, n) => bench.add(`${key}:${n}`, String(key)));
          await bench.run();
          expect(bench.waiting).toEqual([]);
          expect([...bench.settled, ...bench.dead].sort()).toEqual(
            keys.map((key, n) => `${key}:${n}`).sort(),
          );
          for (const key of new Set(keys)) {
            const order = bench.asked.map(({ id }) => id).filter((id) => id.startsWith(`${key}:`));
            const firsts = [...new Set(order)];
            expect(firsts).toEqual(keys.flatMap((one, n) => (one === key ? [`${key}:${n}`] : [])));
            // Once the next of a call was asked, none before it is any more.
            for (let at = 1; at < order.length; at += 1)
              expect(firsts.indexOf(order[at] ?? '')).toBeGreaterThanOrEqual(
                firsts.indexOf(order[at - 1] ?? ''),
              );
          }
        },
      ),
    );
  });
});

describe('backoff', () => {
  it('tries twice more at once, then from 5 s to 30 min, jittered', () => {
    const range = (attempt: number) => [backoff(attempt, () => 0), backoff(attempt, () => 0.999_999)];
    for (const attempt of [1, 2]) expect(range(attempt)[1]).toBeLessThanOrEqual(1_000);
    expect(range(3)[0]).toBe(5_000);
    for (let attempt = 3; attempt < 40; attempt += 1) {
      const [least = 0, most = 0] = range(attempt);
      expect(least).toBeGreaterThanOrEqual(5_000);
      expect(most).toBeLessThanOrEqual(1_800_000);
    }
    const [least = 0, most = 0] = range(30);
    expect(least).toBe(900_000);
    expect(most).toBe(1_800_000);
  });

  it('goes on for 24 hours and then makes a dead letter', () => {
    let now = 0;
    let attempts = 0;
    for (;;) {
      attempts += 1;
      const verdict = judge({ attempts, createdAt: 0 }, down, now, () => 0.5);
      if (verdict.kind !== 'retry') {
        expect(verdict).toEqual({ kind: 'dead', error: 'down (not told within 24 hours)' });
        break;
      }
      now = verdict.at;
    }
    expect(now).toBeGreaterThan(23 * 3_600_000);
    expect(attempts).toBeGreaterThan(20);
  });
});

describe('breakerAfter', () => {
  it('opens for failures alone', () => {
    const after = (outcome: Outcome) =>
      Array.from({ length: 9 }).reduce<Breaker>(
        (breaker) => breakerAfter(breaker, outcome, 0, () => 0.5),
        CLOSED,
      ).state;
    expect(after(down)).toBe('open');
    for (const outcome of [
      { kind: 'limited', error: 'x' },
      { kind: 'refused', error: 'x' },
      { kind: 'rejected', error: 'x', httpStatus: 401 },
      { kind: 'skipped', reason: 'x' },
    ] as const)
      expect(after(outcome)).toBe('closed');
  });
});

describe('the budget', () => {
  it('never grants more than flowed in, also when the clock goes back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ after: fc.integer({ min: -500, max: 500 }), wanted: fc.nat(60) })),
        (steps) => {
          let bucket: Bucket | null = null;
          let now = 10_000;
          let forward = 0;
          let granted = 0;
          for (const { after, wanted } of steps) {
            now += after;
            forward += Math.max(0, after);
            const taken: { bucket: Bucket; granted: number } = take(bucket, 40, wanted, now);
            bucket = taken.bucket;
            granted += taken.granted;
          }
          expect(granted).toBeLessThanOrEqual(40 + (forward * 40) / 1_000);
        },
      ),
    );
    const { bucket } = take(null, 40, 40, 0);
    expect(untilNext(bucket, 40)).toBe(25);
  });
});
