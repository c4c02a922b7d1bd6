import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_WINDOW } from '../protocol/limits.ts';
import {
  acknowledged,
  broken,
  closedWindow,
  held,
  opened,
  sent,
  toSend,
  type EventWindow,
} from './event-window.ts';

/** What a test lets happen: events, answers of the edge on their way, breaks. */
const Step = fc.oneof(
  fc.record({ do: fc.constant('emit' as const), count: fc.integer({ min: 1, max: 400 }), gap: fc.nat(3) }),
  fc.record({ do: fc.constant('send' as const) }),
  /** The edge takes some of what is on the wire and answers by `ack`. */
  fc.record({ do: fc.constant('store' as const), count: fc.integer({ min: 1, max: 300 }) }),
  /** The edge can't store: what is on the wire is thrown away and answered by `hold`. */
  fc.record({ do: fc.constant('refuse' as const), retry: fc.integer({ min: 0, max: 5 }) }),
  /** One of the edge's answers arrives; a late and an early one may pass each other. */
  fc.record({ do: fc.constant('answer' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('break' as const) }),
  fc.record({ do: fc.constant('connect' as const) }),
);

/** Both ends and the wire between them. */
class World {
  now = 0;
  journal: number[] = [];
  head = 0;
  window: EventWindow = closedWindow(0);
  wire: number[] = [];
  answers: ({ t: 'ack'; seq: number } | { t: 'hold'; seq: number; retry: number })[] = [];
  /** What the edge stored, in order, and the newest number of it. */
  stored: number[] = [];

  get newest(): number {
    return this.stored.at(-1) ?? 0;
  }

  emit(gap: number): void {
    this.head += 1 + gap;
    this.journal.push(this.head);
  }

  pump(): void {
    const range = toSend(this.window, this.now);
    if (range === null) return;
    const next = this.journal.filter((seq) => seq > range.after).slice(0, range.count);
    this.window = sent(this.window, next);
    this.wire.push(...next);
    expect(this.window.flying.length).toBeLessThanOrEqual(EVENT_WINDOW);
  }

  store(count: number): void {
    const taken = this.wire.splice(0, count);
    // The edge drops a number it has seen.
    for (const seq of taken) if (seq > this.newest) this.stored.push(seq);
    if (taken.length > 0) this.answers.push({ t: 'ack', seq: this.newest });
  }

  answer(which: number): void {
    const [answer] = this.answers.splice(which % Math.max(1, this.answers.length), 1);
    if (answer === undefined) return;
    if (answer.t === 'ack') {
      this.window = acknowledged(this.window, answer.seq);
      this.journal = this.journal.filter((seq) => seq > this.window.acked);
    } else this.window = held(this.window, answer.seq, this.now + answer.retry);
  }

  break(): void {
    this.window = broken(this.window);
    this.wire = [];
    this.answers = [];
  }

  connect(): void {
    this.break();
    this.window = opened(this.window, this.newest);
  }
}

describe('the window of events', () => {
  it('never loses, repeats or reorders an event, whatever breaks and whatever passes what', () => {
    fc.assert(
      fc.property(fc.array(Step, { maxLength: 80 }), (steps) => {
        const world = new World();
        const emitted: number[] = [];
        for (const step of steps) {
          world.now += 1;
          if (step.do === 'emit') {
            for (let i = 0; i < step.count; i += 1) {
              world.emit(step.gap);
              emitted.push(world.head);
            }
          } else if (step.do === 'send') world.pump();
          else if (step.do === 'store') world.store(step.count);
          else if (step.do === 'refuse') {
            world.wire = [];
            world.answers.push({ t: 'hold', seq: world.newest, retry: step.retry });
          } else if (step.do === 'answer') world.answer(step.which);
          else if (step.do === 'break') world.break();
          else world.connect();
        }
        // In the end everything heals, and everything is there once and in order.
        world.connect();
        while (world.stored.length < emitted.length) {
          const before = world.stored.length;
          world.pump();
          world.store(1_000);
          world.answer(0);
          expect(world.stored.length).toBeGreaterThan(before);
        }
        expect(world.stored).toEqual(emitted);
      }),
      { numRuns: 300 },
    );
  });

  it('sends nothing while it is held, and everything from there on afterwards', () => {
    let window = sent(opened(closedWindow(0), 0), [1, 2, 3, 4]);
    window = held(window, 2, 1_000);
    expect(toSend(window, 999)).toBeNull();
    expect(toSend(window, 1_000)).toEqual({ after: 2, count: EVENT_WINDOW });
  });

  it('is full at its size and opens by acknowledgements', () => {
    const seqs = Array.from({ length: EVENT_WINDOW }, (_, index) => index + 1);
    const full = sent(opened(closedWindow(0), 0), seqs);
    expect(toSend(full, 0)).toBeNull();
    expect(toSend(acknowledged(full, 10), 0)).toEqual({ after: EVENT_WINDOW, count: 10 });
  });

  it('is not set back by an old acknowledgement', () => {
    const window = acknowledged(opened(closedWindow(0), 50), 40);
    expect(window.acked).toBe(50);
  });
});
