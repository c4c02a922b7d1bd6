import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  currentStep,
  dueAt,
  newRun,
  reduce,
  type Actor,
  type Effect,
  type Reduced,
  type RunEvent,
  type RunRecord,
} from './machine';
import { PipelineSpec } from './spec';

const eng: Actor = { userId: 'u1', name: 'eng1' };
const boss: Actor = { userId: 'u2', name: 'boss' };
const http = { kind: 'http', name: 'check', url: 'https://shop.example/', limit_sec: 10 };

function runOf(...steps: object[]): RunRecord {
  const spec = PipelineSpec.parse({ name: 'P', steps });
  const given = { id: 'run_1', pipelineId: 'pl_1', name: 'P', branch: 'main', ownerId: 'u1', shell: false };
  return newRun({ ...given, steps: spec.steps, by: eng }, 0);
}

/** Plays events that all fit, a second apart. */
function play(run: RunRecord, ...events: (RunEvent | [RunEvent, number])[]): Reduced & { at: number } {
  let last: Reduced = { run, effects: [], lines: [] };
  let at = 0;
  for (const entry of events) {
    const [event, moment] = Array.isArray(entry) ? entry : [entry, at + 1_000];
    at = moment;
    const next = reduce(last.run, event, at);
    if (next === null) throw new Error(`${event.type} does not fit`);
    last = next;
  }
  return { ...last, at };
}
const begin: RunEvent = { type: 'begin' };
const result = (step: number, attempt: number, ok: boolean, retry = true): RunEvent => ({
  type: 'result',
  step,
  attempt,
  outcome: ok ? { ok, message: 'fine' } : { ok, message: 'broken', retry },
});
const states = (run: RunRecord) => run.states.map(({ state }) => state);

describe('a run', () => {
  it('does its steps one after another and ends well', () => {
    const begun = play(runOf(http, http), begin);
    expect(begun.effects).toEqual([{ type: 'execute', step: 0, attempt: 1 }]);
    expect(states(begun.run)).toEqual(['running', 'pending']);
    const second = reduce(begun.run, result(0, 1, true), 2_000);
    expect(second?.effects).toEqual([{ type: 'execute', step: 1, attempt: 1 }]);
    const ended = play(begun.run, result(0, 1, true), result(1, 1, true));
    expect(ended.run).toMatchObject({ state: 'ok', endedAt: 2_000 });
    expect(states(ended.run)).toEqual(['ok', 'ok']);
  });

  it('ends at a step that fails, and passes the rest over', () => {
    const { run } = play(runOf(http, http), begin, result(0, 1, false));
    expect(run.state).toBe('failed');
    expect(states(run)).toEqual(['failed', 'skipped']);
  });

  it('goes on after a failed step that allows it', () => {
    const { run, lines } = play(
      runOf({ ...http, continue_on_error: true }, http),
      begin,
      result(0, 1, false),
      result(1, 1, true),
    );
    expect(run.state).toBe('ok');
    expect(states(run)).toEqual(['failed', 'ok']);
    expect(lines.at(-1)?.text).toContain('1 failed steps passed over');
  });

  it('tries again after a rest, as often as it is told, and drops late results of earlier attempts', () => {
    const rested = play(runOf({ ...http, retries: 1, retry_delay_sec: 30 }), begin, result(0, 1, false));
    expect(states(rested.run)).toEqual(['retrying']);
    expect(dueAt(rested.run)).toBe(32_000);
    expect(reduce(rested.run, { type: 'tick' }, 31_999)).toBeNull();
    expect(reduce(rested.run, result(0, 1, true), 20_000)).toBeNull();
    const again = play(rested.run, [{ type: 'tick' }, 32_000]);
    expect(again.effects).toEqual([{ type: 'execute', step: 0, attempt: 2 }]);
    expect(reduce(again.run, result(0, 1, true), 33_000)).toBeNull();
    const ended = play(again.run, result(0, 2, false));
    expect(ended.run.state).toBe('failed');
  });

  it('does not repeat by itself what may have been done', () => {
    const { run } = play(runOf({ ...http, retries: 5 }), begin, result(0, 1, false, false));
    expect(run.state).toBe('failed');
  });

  it('gives an attempt up at its limit, and says so to whom does it', () => {
    const kept = play(runOf(http), begin, { type: 'ref', step: 0, attempt: 1, ref: 'b/gacs_1_1' });
    const limit = play(kept.run, [{ type: 'tick' }, 11_000]);
    expect(limit.effects).toEqual([{ type: 'abort', step: 0, attempt: 1, ref: 'b/gacs_1_1' }]);
    expect(limit.run).toMatchObject({ state: 'failed' });
    expect(limit.run.states[0]?.message).toContain('limit of 10 s');
    expect(reduce(limit.run, result(0, 1, true), 12_000)).toBeNull();
  });

  it('waits its time', () => {
    const { run, effects } = play(runOf({ kind: 'wait', name: 'w', sec: 60 }), begin);
    expect(effects).toEqual([]);
    expect(dueAt(run)).toBe(61_000);
    expect(play(run, [{ type: 'tick' }, 61_000]).run.state).toBe('ok');
  });

  it('waits for a person: approved, rejected, or too late', () => {
    const { run } = play(runOf({ kind: 'approval', name: 'a', ask: 'Go?', limit_sec: 100 }), begin);
    expect(states(run)).toEqual(['approval']);
    const yes: RunEvent = { type: 'decide', step: 0, approve: true, by: boss, comment: 'go' };
    const approved = play(run, yes).run;
    expect(approved).toMatchObject({ state: 'ok', states: [{ message: 'approved by boss: go' }] });
    expect(reduce(approved, yes, 5_000)).toBeNull();
    expect(play(run, { ...yes, approve: false, comment: '' }).run).toMatchObject({
      state: 'failed',
      states: [{ message: 'rejected by boss' }],
    });
    expect(play(run, [{ type: 'tick' }, 101_000]).run).toMatchObject({
      state: 'failed',
      states: [{ message: 'nobody approved it within 100 s' }],
    });
  });

  it('is stopped by somebody for a reason', () => {
    const { run, effects, lines } = play(runOf(http, http), begin, {
      type: 'cancel',
      by: boss,
      reason: 'wrong day',
    });
    expect(effects).toEqual([{ type: 'abort', step: 0, attempt: 1, ref: null }]);
    expect(run).toMatchObject({ state: 'cancelled', cancelled: { by: boss, reason: 'wrong day' } });
    expect(states(run)).toEqual(['cancelled', 'skipped']);
    expect(lines[0]?.text).toBe('Stopped by boss: wrong day');
  });

  it('goes on with the step that failed, with new attempts, and does nothing twice', () => {
    const failed = play(
      runOf(http, { ...http, retries: 1 }),
      begin,
      result(0, 1, true),
      result(1, 1, false),
      [{ type: 'tick' }, 60_000],
    );
    const twice = play(failed.run, result(1, 2, false));
    expect(twice.run.state).toBe('failed');
    const retried = play(twice.run, { type: 'retry', by: boss });
    expect(retried.effects).toEqual([{ type: 'execute', step: 1, attempt: 3 }]);
    expect(retried.run).toMatchObject({ state: 'running', endedAt: null });
    expect(states(retried.run)).toEqual(['ok', 'running']);
    expect(states(play(retried.run, result(1, 3, false)).run)).toEqual(['ok', 'retrying']);
    expect(
      reduce(play(runOf(http), begin, result(0, 1, true)).run, { type: 'retry', by: eng }, 9),
    ).toBeNull();
  });
});

const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.constant<RunEvent>(begin),
  fc.record({
    type: fc.constant('result' as const),
    step: fc.nat(3),
    attempt: fc.integer({ min: 1, max: 4 }),
    outcome: fc.oneof(
      fc.constant({ ok: true as const, message: 'fine' }),
      fc.record({ ok: fc.constant(false as const), message: fc.constant('broken'), retry: fc.boolean() }),
    ),
  }),
  fc.constant<RunEvent>({ type: 'tick' }),
  fc.record({
    type: fc.constant('decide' as const),
    step: fc.nat(3),
    approve: fc.boolean(),
    by: fc.constant(boss),
    comment: fc.constant(''),
  }),
  fc.constant<RunEvent>({ type: 'cancel', by: boss, reason: '' }),
  fc.constant<RunEvent>({ type: 'retry', by: boss }),
);
const anyStep = fc.oneof(
  fc.record({
    kind: fc.constant('http'),
    name: fc.constant('h'),
    url: fc.constant('https://shop.example/'),
    retries: fc.nat(2),
    retry_delay_sec: fc.nat(3),
    continue_on_error: fc.boolean(),
    limit_sec: fc.integer({ min: 1, max: 30 }),
  }),
  fc.constant({ kind: 'wait', name: 'w', sec: 3 }),
  fc.constant({ kind: 'approval', name: 'a', ask: 'Go?', limit_sec: 20 }),
);

describe('whatever comes, in whatever order, late or again', () => {
  it('has one step under way at most, ends once, and begins each attempt once', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(anyEvent, fc.nat(20_000)), { maxLength: 60 }),
        (steps, events) => {
          let run = runOf(...steps);
          let at = 0;
          const begun = new Set<string>();
          for (const [event, pause] of events) {
            at += pause;
            const next = reduce(run, event, at);
            if (next === null) continue;
            const before = run;
            run = next.run;
            check(run, next.effects, begun);
            // Only a person brings an ended run back.
            if (before.state !== 'running' && event.type !== 'retry') throw new Error('an ended run changed');
          }
          // Time alone and results of what is under way bring every run to its end.
          for (let turns = 0; run.state === 'running' && turns < 200; turns += 1) {
            const step = currentStep(run);
            const due = dueAt(run);
            if (step < 0 || due === null) {
              run = reduce(run, begin, at)?.run ?? run;
              continue;
            }
            at = Math.max(at, due);
            run = reduce(run, { type: 'tick' }, at)?.run ?? run;
          }
          expect(run.state).not.toBe('running');
          expect(run.endedAt).not.toBeNull();
        },
      ),
      { numRuns: 500 },
    );
  });

  function check(run: RunRecord, effects: Effect[], begun: Set<string>): void {
    const under = run.states.filter(({ state }) => ['running', 'retrying', 'approval'].includes(state));
    expect(under.length).toBe(run.state === 'running' ? 1 : 0);
    const at = currentStep(run);
    run.states.forEach(({ state, tries }, n) => {
      expect(tries).toBeLessThanOrEqual((run.steps[n]?.retries ?? 0) + 1);
      if (at >= 0 && n < at) expect(['ok', 'failed']).toContain(state);
      if (at >= 0 && n > at) expect(state).toBe('pending');
      if (run.state !== 'running') expect(state).not.toBe('pending');
    });
    for (const effect of effects) {
      if (effect.type !== 'execute') continue;
      const name = `${effect.step}/${effect.attempt}`;
      expect(begun.has(name)).toBe(false);
      begun.add(name);
    }
  }
});
