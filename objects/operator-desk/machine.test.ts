import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, differs, OFF, secondsIn, summaryOf, type Segment, type Standing } from './machine';

const standing = fc.record({
  connected: fc.boolean(),
  paused: fc.boolean(),
  priority: fc.integer({ min: 0, max: 5 }),
  reason: fc.constantFrom(null, 'lunch', 'training'),
});

describe('a summary', () => {
  it.each<[string, Standing[], string]>([
    ['nobody in no queue', [], 'off'],
    ['paused, but not there', [{ ...OFF, paused: true }], 'off'],
    ['on the line in one of two', [OFF, { ...OFF, connected: true }], 'line'],
    [
      'paused in one of two',
      [
        { ...OFF, connected: true },
        { ...OFF, connected: true, paused: true },
      ],
      'paused',
    ],
  ])('%s', (_, standings, state) => {
    expect(summaryOf(standings).state).toBe(state);
  });
});

describe('drift', () => {
  it('is what a person would see, and nothing else', () => {
    const on = { ...OFF, connected: true };
    expect(differs(on, OFF)).toBe(true);
    expect(differs({ ...on, paused: true, reason: 'lunch' }, { ...on, paused: true })).toBe(false);
    expect(differs({ ...OFF, priority: 3 }, OFF)).toBe(false);
    expect(differs(on, { ...on, priority: 3 })).toBe(true);
    expect(differs(null, on)).toBe(false);
  });
  it('is the same whichever side is asked', () => {
    fc.assert(fc.property(standing, standing, (a, b) => differs(a, b) === differs(b, a)));
  });
});

describe('a time-line', () => {
  const step = fc.record({
    state: fc.constantFrom('off', 'line', 'paused'),
    reason: fc.constantFrom(null, 'lunch'),
    at: fc.integer({ min: 0, max: 100_000 }),
  });

  it('has no holes and no overlaps, whatever the order of what is told', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const done: Segment[] = [];
        let open: Segment | null = null;
        for (const { at, ...next } of steps) {
          const change = advance(open, { ...next, cause: 'telephony', actor: null }, at);
          if (change === null) continue;
          if (change.ended) done.push(change.ended);
          open = change.begun;
        }
        const all = open === null ? done : [...done, open];
        for (const [index, segment] of all.entries()) {
          const next = all[index + 1];
          if (next) expect(segment.to).toBe(next.from);
          if (segment.to !== null) expect(segment.to).toBeGreaterThanOrEqual(segment.from);
        }
        // Every second belongs to one state.
        const from = all[0]?.from ?? 0;
        const seconds = secondsIn(all, from, from + 200_000, from + 200_000);
        expect(Math.abs(seconds.off + seconds.line + seconds.paused - 200)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
