import { describe, expect, it } from 'vitest';
import { problemsAt, problemsOf, problemsSaid } from './problems';
import { freshStep, STEP_KINDS, type Step } from './step-kinds';

const script = (steps: Step[], params: { name: string; type: string; required: boolean }[] = []) => ({
  name: 'open_chat',
  title: '',
  params,
  steps,
});
const found = (steps: Step[], params: { name: string; type: string; required: boolean }[] = []) =>
  problemsOf(script(steps, params)).map(({ path, kind, detail }) => [path.join('.'), kind, detail]);

describe('problems of a script', () => {
  it('has none with a right one', () => {
    expect(
      found(
        [{ do: 'text', text: '{{number}}' }, { do: 'screenshot' }],
        [{ name: 'number', type: 'phone', required: true }],
      ),
    ).toEqual([]);
  });

  it.each<[string, Step, string, string, string]>([
    ['an empty text', { do: 'text', text: '' }, 'steps.0.text', 'missing', ''],
    ['a field left out', { do: 'wait' }, 'steps.0.ms', 'missing', ''],
    ['too short a wait', { do: 'wait', ms: 0 }, 'steps.0.ms', 'low', '1'],
    ['too long a wait', { do: 'wait', ms: 600_001 }, 'steps.0.ms', 'high', '600000'],
    ['letters for a number', { do: 'tap', x: 'a', y: 1 }, 'steps.0.x', 'form', ''],
    ['an element without a name', { do: 'tap_on', target: { text: '' } }, 'steps.0.target', 'target', ''],
    ['a field nobody knows', { do: 'screenshot', colour: 'red' }, 'steps.0', 'unknown_fields', 'colour'],
    ['an unknown kind', { do: 'dance' }, 'steps.0.do', 'form', ''],
    ['no arguments', { do: 'shell', argv: [] }, 'steps.0.argv', 'missing', ''],
    ['a parameter nobody has', { do: 'text', text: 'Hi {{who}}' }, 'steps.0.text', 'no_param', 'who'],
    [
      'a parameter nobody has, inside of a list',
      { do: 'shell', argv: ['input', '{{who}}'] },
      'steps.0.argv',
      'no_param',
      'who',
    ],
  ])('sees %s', (_, step, path, kind, detail) => {
    expect(found([step])).toContainEqual([path, kind, detail]);
  });

  it('sees two parameters of one name, and a script without steps', () => {
    const twice = [
      { name: 'number', type: 'phone', required: true },
      { name: 'number', type: 'text', required: true },
    ];
    expect(found([{ do: 'screenshot' }], twice)).toEqual([['params.1.name', 'same_name', '']]);
    expect(found([])).toEqual([['steps', 'missing', '']]);
  });

  it('begins each kind of step with what is right but for what only a person can say', () => {
    const unsaid = STEP_KINDS.filter((kind) => found([freshStep(kind)]).length > 0);
    expect(unsaid).toEqual(['tap_on', 'text', 'wait_for', 'assert', 'shell']);
  });
});

describe('what the server says', () => {
  it('is put beside the step it is about, whatever held the script', () => {
    const said = problemsSaid({
      'steps.2.key': ['Invalid string'],
      'script.steps[0].ms': ['Too small', 'Odd'],
    });
    expect(problemsAt(said, ['steps', 2, 'key'])).toHaveLength(1);
    expect(problemsAt(said, ['steps', 0])).toEqual([
      { path: ['steps', 0, 'ms'], kind: 'said', detail: 'Too small; Odd' },
    ]);
  });

  it('may be nothing', () => {
    expect(problemsSaid(null)).toEqual([]);
  });
});
