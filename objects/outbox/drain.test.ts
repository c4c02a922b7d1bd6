import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drain, type DrainParts, type StoredMessage } from './drain';
import { CLOSED, POLICY, type Breaker, type Outcome } from './machine';

type Waiting = StoredMessage & { nextAt: number };

/** An outbox in memory with a clock of its own; `answers` decides each attempt. */
class Bench {
  now = 1_000;
  waiting: Waiting[] = [];
  readonly log: string[] = [];
  readonly dead: string[] = [];
  breakerNow: Breaker = CLOSED;
  inFlight = new Set<string>();

  constructor(private readonly answer: (message: StoredMessage) => Outcome) {}

  add(id: string, key: string): void {
    const payload = { type: 'CALL_COMMAND_AVAILABLE', reason: 'new' } as const;
    this.waiting.push({ id, key, kind: 'push', payload, createdAt: this.now, attempts: 0, nextAt: this.now });
  }

  parts(): DrainParts {
    return {
      now: () => this.now,
      random: () => 0.5,
      dueHeads: (now, limit) => {
        const heads = this.waiting.filter((m) => this.waiting.find((other) => other.key === m.key) === m);
        return heads.filter((m) => m.nextAt <= now).slice(0, limit);
      },
      begin: (id, now) => {
        const found = this.waiting.find((m) => m.id === id);
        if (found === undefined) return false;
        found.attempts += 1;
        found.nextAt = now + POLICY.attemptLeaseMs;
        return true;
      },
      settle: (message, verdict) => {
        const found = this.waiting.find((m) => m.id === message.id);
        if (found !== undefined && verdict.kind === 'retry') found.nextAt = verdict.at;
        if (verdict.kind === 'retry') return;
        this.waiting = this.waiting.filter((m) => m.id !== message.id);
        if (verdict.kind === 'dead') this.dead.push(message.id);
      },
      breaker: () => this.breakerNow,
      saveBreaker: (breaker) => {
        this.breakerNow = breaker;
      },
      deliver: async (message) => {
        expect(this.inFlight.has(message.key)).toBe(false);
        this.inFlight.add(message.key);
        await Promise.resolve();
        this.inFlight.delete(message.key);
        this.log.push(message.id);
        return this.answer(message);
      },
    };
  }

  /** Drains until nothing waits, moving the clock from one due time to the next. */
  async run(): Promise<void> {
    for (let round = 0; round < 10_000 && this.waiting.length > 0; round += 1) {
      await drain(this.parts(), { concurrency: 3, most: 50 });
      this.now += 997;
    }
  }
}

describe('drain', () => {
  it('keeps each key in order while a bad one holds up only itself', async () => {
    const bench = new Bench((m) =>
      m.key === 'bad' ? { kind: 'failed', error: 'down' } : { kind: 'delivered' },
    );
    for (const id of ['bad:1', 'good:1', 'bad:2', 'good:2']) bench.add(id, id.split(':')[0] ?? '');
    await drain(bench.parts(), { concurrency: 3, most: 50 });
    expect(bench.log.filter((id) => id.startsWith('good'))).toEqual(['good:1', 'good:2']);
    expect(bench.log).not.toContain('bad:2');
    await bench.run();
    expect(bench.dead).toEqual(['bad:1', 'bad:2']);
  });

  it('stops asking a destination that is down, then tries it with one', async () => {
    let up = false;
    const bench = new Bench(() => (up ? { kind: 'delivered' } : { kind: 'failed', error: 'down' }));
    for (let i = 0; i < 20; i += 1) bench.add(`m${i}`, `k${i}`);
    await drain(bench.parts(), { concurrency: 3, most: 50 });
    expect(bench.log.length).toBeLessThan(20);
    expect(bench.breakerNow.state).toBe('open');
    const before = bench.log.length;
    expect(await drain(bench.parts(), { concurrency: 3, most: 50 })).toBe(0);
    bench.now = bench.breakerNow.until ?? 0;
    expect(await drain(bench.parts(), { concurrency: 3, most: 50 })).toBe(1);
    expect(bench.log.length).toBe(before + 1);
    up = true;
    await bench.run();
    expect(bench.waiting).toEqual([]);
    expect(bench.dead).toEqual([]);
  });

  it('counts a throw as a failure of the destination', async () => {
    const bench = new Bench(() => {
      throw new Error('no route');
    });
    bench.add('m', 'k');
    await drain(bench.parts(), { concurrency: 1, most: 1 });
    expect(bench.breakerNow.failures).toBe(1);
    expect(bench.waiting).toHaveLength(1);
  });

  it('loses nothing and keeps every order, whatever the destination does', async () => {
    const outcome = fc.constantFrom<Outcome>(
      { kind: 'delivered' },
      { kind: 'failed', error: 'down' },
      { kind: 'failed', error: 'slow down', retryAfterMs: 5_000 },
      { kind: 'gone', reason: 'x' },
      { kind: 'refused', error: 'x' },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 25 }),
        fc.infiniteStream(outcome),
        async (keys, outcomes) => {
          const bench = new Bench(() => outcomes.next().value ?? { kind: 'delivered' });
          keys.forEach((key, i) => bench.add(`${key}:${i}`, String(key)));
          await bench.run();
          expect(bench.waiting).toEqual([]);
          const last = new Map(bench.log.map((id, at) => [id, at]));
          for (const key of new Set(keys)) {
            const times = keys.flatMap((k, i) =>
              k === key ? [[bench.log.indexOf(`${key}:${i}`), last.get(`${key}:${i}`) ?? -1]] : [],
            );
            for (let i = 1; i < times.length; i += 1)
              expect(times[i]?.[0]).toBeGreaterThan(times[i - 1]?.[1] ?? Infinity);
          }
        },
      ),
    );
  });
});
