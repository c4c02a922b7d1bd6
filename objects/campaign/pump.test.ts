import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle, World, type CallEnd } from './test-world';

const MINUTE_MS = 60_000;
const NUMBERS = ['+375290000001', '+375290000002', '+375290000003', '+375290000004'];

type Step =
  | { do: 'look' }
  | { do: 'pass'; minutes: number }
  | { do: 'end'; which: number; outcome: CallEnd; told: 0 | 1 | 2 }
  | { do: 'tell'; which: number }
  | { do: 'die' }
  | { do: 'cut'; in: number; after: boolean }
  | { do: 'refuse'; code: string; rings: boolean }
  | { do: 'pause' }
  | { do: 'resume' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'look' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(5),
      outcome: fc.constantFrom<CallEnd>('answered', 'busy', 'no_answer', 'rejected', 'failed'),
      told: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tell' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'die' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      in: fc.integer({ min: 1, max: 12 }),
      after: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      code: fc.constantFrom('SLOT_BUSY', 'SLOT_OFFLINE', 'DEADLINE'),
      rings: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'pause' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'resume' } as const) },
);

async function take(world: World, one: Step): Promise<void> {
  switch (one.do) {
    case 'look':
      return world.look();
    case 'pass':
      world.now += one.minutes * MINUTE_MS;
      return;
    case 'end': {
      const call = world.live()[one.which];
      if (call === undefined) return;
      world.end(call.callId, one.outcome);
      for (let n = 0; n < one.told; n += 1) world.tell(call.callId);
      return;
    }
    case 'tell': {
      const call = [...world.calls.values()][one.which];
      if (call !== undefined) world.tell(call.callId);
      return;
    }
    case 'die':
      return world.die();
    case 'cut':
      world.cut = { in: one.in, after: one.after };
      return;
    case 'refuse':
      world.refusal = { code: one.code, rings: one.rings };
      return;
    case 'pause':
      await Promise.race([world.pump.halt('paused', 'u', settle()), settle()]);
      // Only a halt that was answered promises anything.
      if (world.book.standing.state === 'paused') {
        await settle();
        world.halted = true;
      }
      return;
    case 'resume':
      world.halted = false;
      world.book.stand({ state: 'running' });
      return;
  }
}

/** With nothing more going wrong, everything comes to its end. */
async function comeToAnEnd(world: World): Promise<void> {
  world.cut = null;
  world.refusal = null;
  world.halted = false;
  world.boot();
  world.book.stand({ state: 'running' });
  for (let turn = 0; turn < 60 && world.book.standing.state !== 'done'; turn += 1) {
    world.now += 15 * MINUTE_MS;
    await world.look();
    for (const { callId } of world.live()) world.end(callId, 'busy');
    for (const { callId } of world.calls.values()) world.tell(callId);
    await world.look();
  }
}

function expectSound(world: World): void {
  expect(world.problems).toEqual([]);
  const calls = [...world.calls.values()];
  const attempts = world.book.attempts.page({ limit: 1_000 }).items;
  // Nothing is lost: each lead has come to a result, and nothing is in hand.
  const { total, byState } = world.book.leads.tally();
  expect({ total, byState }).toMatchObject({ total: NUMBERS.length, byState: { done: NUMBERS.length } });
  expect(world.book.attempts.openCount()).toBe(0);
  for (const number of NUMBERS) {
    const rung = calls.filter((call) => call.number === number);
    const made = attempts.filter((attempt) => attempt.number === number && attempt.state === 'ended');
    // Nothing is dialled twice: each call is one attempt's, and an attempt has one call.
    expect(rung.every(({ callId }) => made.some((attempt) => attempt.call_id === callId))).toBe(true);
    expect(rung.length).toBeLessThanOrEqual(made.length);
    expect(made.length).toBeLessThanOrEqual(4);
    // What rang has the outcome it had, whatever got lost on the way.
    for (const { callId, outcome } of rung)
      expect(made.find((attempt) => attempt.call_id === callId)?.outcome).toBe(outcome);
  }
  const lead = world.book.leads.page({ limit: 100 }, world.now).items;
  for (const one of lead) {
    const made = attempts.filter(({ lead_id: id, state }) => id === one.id && state === 'ended');
    expect(one.attempts).toBe(made.length);
    expect(one.result).toBe(made[0]?.outcome);
  }
}

describe('a campaign', () => {
  it('loses no lead and dials none twice, wherever it is cut off', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const world = new World(NUMBERS);
        for (const one of steps) await take(world, one);
        await comeToAnEnd(world);
        expectSound(world);
      }),
      { numRuns: 250 },
    );
  });

  it(
    'is cut off at every single step of a short run, before and after what it asked for',
    { timeout: 120_000 },
    async () => {
      for (const after of [false, true]) {
        for (let at = 1; at <= 40; at += 1) {
          const world = new World(NUMBERS);
          world.cut = { in: at, after };
          for (let turn = 0; turn < 4; turn += 1) {
            await world.look();
            for (const { callId } of world.live().slice(0, 1)) {
              world.end(callId, 'answered');
              world.tell(callId);
            }
            world.now += MINUTE_MS;
          }
          await comeToAnEnd(world);
          expectSound(world);
        }
      }
    },
  );
});
