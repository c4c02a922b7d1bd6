import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_STATUSES, type ReportInput } from './contract';
import { mergeResult } from './report';

const report = (more: Partial<ReportInput>): ReportInput => ({
  userId: 'u',
  callRequestId: 'c',
  status: 'connected',
  now: 0,
  ...more,
});

describe('a report', () => {
  it('reckons the end of a call from its start and duration, and follows newer ones', () => {
    const first = mergeResult(null, report({ startedAt: 1_000, durationSec: 5 }));
    expect(first?.endedAt).toBe(6_000);
    const longer = mergeResult(first, report({ durationSec: 7 }));
    expect(longer).toMatchObject({ startedAt: 1_000, durationSec: 7, endedAt: 8_000 });
    expect(mergeResult(longer, report({ endedAt: 9_500 }))?.endedAt).toBe(9_500);
  });

  it('lets unknown overwrite nothing definite, and a definite status overwrite unknown', () => {
    const busy = mergeResult(null, report({ status: 'busy' }));
    expect(mergeResult(busy, report({ status: 'unknown' }))).toBeNull();
    const unknown = mergeResult(null, report({ status: 'unknown' }));
    expect(mergeResult(unknown, report({ status: 'busy' }))?.status).toBe('busy');
  });

  it('clears nothing with null and says nothing new when repeated', () => {
    const anyReport = fc.record({
      status: fc.constantFrom(...CALL_STATUSES),
      startedAt: fc.option(fc.nat()),
      durationSec: fc.option(fc.nat({ max: 10_000 })),
      endedAt: fc.option(fc.nat()),
      direction: fc.option(fc.constantFrom('outgoing', 'incoming')),
      attempts: fc.option(fc.nat({ max: 9 })),
    });
    fc.assert(
      fc.property(anyReport, anyReport, (a, b) => {
        const first = mergeResult(null, report(a));
        const second = mergeResult(first, report(b)) ?? first;
        expect(mergeResult(second, report(b))).toBeNull();
        for (const field of ['startedAt', 'durationSec', 'endedAt', 'direction', 'attempts'] as const) {
          if (first?.[field] !== null) expect(second?.[field]).not.toBeNull();
        }
        if (a.status !== 'unknown') expect(second?.status === 'unknown').toBe(false);
      }),
    );
  });
});
