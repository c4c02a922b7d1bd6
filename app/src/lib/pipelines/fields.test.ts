import { describe, expect, it } from 'vitest';
import { fieldsOf, freshStep, STEP_KINDS, valueOf, VERBS, whole, withValue, type Verb } from './fields';

describe('fields of a step', () => {
  it('are there for every kind, and for every argument of every verb', () => {
    for (const kind of STEP_KINDS) expect(fieldsOf(freshStep(kind, 'x')).length).toBeGreaterThan(0);
    for (const verb of Object.keys(VERBS) as Verb[]) {
      const step = withValue(freshStep('bridge', 'x'), 'verb', verb);
      const names = fieldsOf(step).map(({ name }) => name);
      expect(names).toEqual(['verb', ...VERBS[verb].map((arg) => `args.${arg}`), 'bridge']);
    }
  });

  it('are read and changed where they lie', () => {
    let step = withValue(freshStep('bridge', 'x'), 'verb', 'pbx.queue.pause');
    expect(valueOf(step, 'args.paused')).toBe(true);
    step = withValue(step, 'args.queue', 'sales');
    expect(step.args).toEqual({ paused: true, queue: 'sales' });
    step = withValue(step, 'args.queue', '');
    expect(step.args).toEqual({ paused: true });
    expect(withValue(step, 'verb', 'pbx.trunks').args).toEqual({});
    expect(valueOf(withValue(step, 'bridge', ''), 'bridge')).toBeUndefined();
  });

  it('take numbers as numbers, and leave the rest to the server', () => {
    expect(whole(' 42 ')).toBe(42);
    expect(whole('')).toBeUndefined();
    expect(whole('4x')).toBe('4x');
  });
});
