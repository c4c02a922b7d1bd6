import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_STATUSES as RESULTS, type PhoneEvent } from '../phone-queue/contract';
import type { CallDetail } from './contract';
import type { CallRecord } from './machine';
import { applyPhoneEvent } from './phone';
import { detailOf } from './view';

const AT = Date.UTC(2026, 0, 5, 9);
const names = {
  user: (id: string) => ({ id, username: id, name: id }),
  device: (id: string) => ({ id, name: id, simulator: false }),
};
const base = {
  callId: 'c_1',
  commandId: 'k1',
  userId: 'u1',
  creatorId: 'u2',
  phone: '+375290000000',
  companyId: null,
  contactId: null,
  note: null,
};
const result = {
  direction: null,
  method: null,
  source: null,
  attempts: null,
  resolveReason: null,
  reasonIfUnknown: null,
  startedAt: null,
};

/** Changes of one command as its queue may report them: one queued, then whatever a life holds. */
const life: fc.Arbitrary<PhoneEvent[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom(
        'delivered' as const,
        'expired' as const,
        'cancelled' as const,
        'result' as const,
      ),
      after: fc.integer({ min: 1, max: 100_000 }),
      status: fc.constantFrom(...RESULTS),
      // Any skew of the phone's clock.
      ended: fc.option(fc.integer({ min: -40_000_000, max: 40_000_000 })),
      durationSec: fc.option(fc.integer({ min: 0, max: 4_000 })),
    }),
    { maxLength: 6 },
  )
  .map((later) => [
    { ...base, id: 'e0', at: AT, type: 'queued' as const, deviceId: null },
    ...later.map(({ type, after, status, ended, durationSec }, index) => ({
      ...base,
      id: `e${index + 1}`,
      at: AT + after,
      type,
      deviceId: type === 'delivered' || type === 'result' ? 'd1' : null,
      ...(type === 'result' && {
        result: { ...result, status, durationSec, endedAt: ended === null ? null : AT + ended },
      }),
    })),
  ]);

const play = (events: readonly PhoneEvent[]): CallRecord => {
  const last = events.reduce<CallRecord | null>(applyPhoneEvent, null);
  if (!last) throw new Error('no events');
  return last;
};
const view = (call: CallRecord): CallDetail => detailOf(call, names);

describe('a command’s reports', () => {
  it('make the same call in any order, with any repeats', () => {
    const shuffled = life.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.constantFrom(...events), { maxLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, other, repeats]) => {
        expect(view(play([...other, ...repeats]))).toEqual(view(play(events)));
      }),
      { numRuns: 500 },
    );
  });

  it('make a possible call even when some are lost', () => {
    const some = life.chain((events) => fc.shuffledSubarray(events, { minLength: 1 }));
    fc.assert(
      fc.property(some, (events) => {
        const call = view(play(events));
        if (call.end_time !== null) expect(call.end_time >= call.start_time).toBe(true);
        if (call.answer_time !== null) expect(call.answer_time >= call.start_time).toBe(true);
        expect(call.status === 'ended').toBe(
          events.some((event) => event.type !== 'queued' && event.type !== 'delivered'),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('say a phone-made call began and ended when the phone says', () => {
    const manual: PhoneEvent = {
      ...base,
      id: 'm',
      at: AT,
      type: 'manual',
      deviceId: 'd1',
      result: {
        ...result,
        status: 'connected',
        direction: 'incoming',
        startedAt: AT - 90_000,
        endedAt: AT - 10_000,
        durationSec: 60,
      },
    };
    expect(view(play([manual]))).toMatchObject({
      direction: 'in',
      outcome: 'answered',
      duration: 60,
      start_time: new Date(AT - 90_000).toISOString(),
      answer_time: new Date(AT - 70_000).toISOString(),
      end_time: new Date(AT - 10_000).toISOString(),
    });
  });
});
