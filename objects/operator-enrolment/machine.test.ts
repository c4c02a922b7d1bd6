import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterTurn,
  begun,
  endsTurn,
  PATIENCE,
  settle,
  stopped,
  type Item,
  type Outcome,
  type Run,
} from './machine';

const problem = { code: 'X', message: 'x' };
const away: Outcome = { kind: 'away', problem };
const added: Outcome = { kind: 'added' };
const pending: Item = { result: 'pending', tries: 0, problem: null };

const outcome = fc.constantFrom<Outcome>(
  added,
  { kind: 'already' },
  { kind: 'gone', problem: null },
  { kind: 'refused', problem },
  away,
  { kind: 'unsupported', problem },
);

/** A run with its operators, as the object turns it: some are asked for, and what is told is settled. */
class World {
  now = 0;
  run: Run = begun(0);
  readonly items: Item[];
  /** How often each was made an account. */
  readonly made: number[];

  constructor(size: number) {
    this.items = Array.from({ length: size }, () => ({ ...pending }));
    this.made = Array.from({ length: size }, () => 0);
  }

  get left(): number {
    return this.items.filter(({ result }) => result === 'pending').length;
  }

  /** `lostFrom`: the object dies before what it was told from there on is kept. */
  turn(answers: readonly Outcome[], lostFrom = Infinity): void {
    if (this.run.state !== 'running') return;
    this.now = Math.max(this.now, this.run.wakeAt);
    const asked = this.items
      .map((item, n) => ({ item, n }))
      .filter(({ item }) => item.result === 'pending')
      .sort((one, other) => one.item.tries - other.item.tries || one.n - other.n);
    const outcomes: Outcome[] = [];
    for (const [at, { item, n }] of asked.entries()) {
      const answer = answers[at];
      if (answer === undefined || outcomes.some(endsTurn)) break;
      if (answer.kind === 'added') this.made[n] = (this.made[n] ?? 0) + 1;
      if (at >= lostFrom) return;
      this.items[n] = settle(item, answer);
      outcomes.push(answer);
    }
    this.run = afterTurn(this.run, { outcomes, left: this.left }, this.now);
  }
}

describe('an enrolment', () => {
  it('gives everybody a result in the end, whatever telephony did and wherever it died', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.array(
          fc.record({
            answers: fc.array(outcome, { minLength: 1, maxLength: 6 }),
            lostFrom: fc.option(fc.integer({ min: 0, max: 5 }), { nil: Infinity }),
            person: fc.constantFrom('none', 'none', 'stop', 'resume'),
          }),
          { maxLength: 30 },
        ),
        (size, steps) => {
          const world = new World(size);
          for (const { answers, lostFrom, person } of steps) {
            const results = world.items.map(({ result }) => result);
            if (person === 'stop') world.run = stopped(world.run, world.now) ?? world.run;
            if (person === 'resume' && world.run.state !== 'done') world.run = begun(world.now);
            world.turn(answers, lostFrom);
            // A result is for good; nobody is forgotten.
            for (const [n, result] of results.entries())
              if (result !== 'pending') expect(world.items[n]?.result).toBe(result);
            if (world.run.state === 'done') expect(world.left).toBe(0);
            if (world.run.state === 'running')
              expect(world.run.wakeAt - world.now).toBeLessThanOrEqual(60_000);
          }
          world.run = world.run.state === 'done' ? world.run : begun(world.now);
          for (let turn = 0; turn <= size; turn += 1) world.turn([added]);
          expect(world.run.state).toBe('done');
          expect(world.left).toBe(0);
          // Only an answer that was lost is asked for again.
          const lost = steps.filter(({ lostFrom }) => lostFrom !== Infinity).length;
          const repeated = world.made.reduce((sum, times) => sum + Math.max(times - 1, 0), 0);
          expect(repeated).toBeLessThanOrEqual(lost);
        },
      ),
    );
  });

  it('waits longer and longer for a telephony that is away, then halts and says why', () => {
    const world = new World(3);
    const waits: number[] = [];
    while (world.run.state === 'running') {
      world.turn([away]);
      waits.push(world.run.wakeAt - world.now);
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60, 60, 60, 60, 0].map((sec) => sec * 1000));
    expect(world.run).toMatchObject({ state: 'halted', problem });
    // That was the telephony's fault, not theirs.
    expect(world.left).toBe(3);
  });

  it('fails an operator whom telephony never answers for, and nobody else', () => {
    const world = new World(4);
    for (let turn = 0; world.run.state === 'running' && turn < 50; turn += 1) {
      // The first is asked for last, once it was tried in vain.
      world.turn(world.items[0]?.tries === 0 || world.left === 1 ? [away] : [added, away]);
    }
    expect(world.run.state).toBe('done');
    expect(world.items.filter(({ result }) => result === 'failed')).toEqual([
      { result: 'failed', tries: PATIENCE, problem },
    ]);
  });

  it('halts at once where nobody can be enrolled, and keeps everybody for later', () => {
    const world = new World(2);
    world.turn([{ kind: 'unsupported', problem }]);
    expect(world.run).toMatchObject({ state: 'halted', problem });
    expect(world.left).toBe(2);
    world.turn([added]);
    expect(world.left).toBe(2);
  });

  it('that was stopped stays so, whatever its last turn was told', () => {
    const run = stopped(begun(0), 5);
    expect(run?.state).toBe('stopped');
    expect(afterTurn(run ?? begun(0), { outcomes: [added], left: 0 }, 9)).toBe(run);
    expect(stopped({ ...begun(0), state: 'done' }, 5)).toBeNull();
  });
});
