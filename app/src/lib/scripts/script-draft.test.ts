import { describe, expect, it } from 'vitest';
import { readScript, ScriptDraft } from './script-draft.svelte';

const SCRIPT = {
  name: 'open_chat',
  title: 'Open a chat',
  params: [{ name: 'number', type: 'phone', required: true }],
  steps: [{ do: 'key', key: 'KEYCODE_HOME' }, { do: 'text', text: '{{number}}' }, { do: 'screenshot' }],
};
const kinds = (draft: ScriptDraft) => draft.steps.map(({ value }) => value.do);
const stored = () => new ScriptDraft(structuredClone(SCRIPT), true);

describe('a script that is edited', () => {
  it('differs from what is stored only while it does', () => {
    const draft = stored();
    expect(draft.dirty).toBe(false);
    draft.setField(0, 'key', 'KEYCODE_BACK');
    expect(draft.dirty).toBe(true);
    draft.setField(0, 'key', 'KEYCODE_HOME');
    expect(draft.dirty).toBe(false);
  });

  it('moves steps, each with a key of its own, and not past the ends', () => {
    const draft = stored();
    const [first] = draft.steps;
    expect(draft.moveStep(0, 2)).toBe(true);
    expect(kinds(draft)).toEqual(['text', 'screenshot', 'key']);
    expect(draft.steps[2]?.key).toBe(first?.key);
    expect(draft.moveStep(0, -1)).toBe(false);
    expect(draft.moveStep(2, 3)).toBe(false);
  });

  it('adds, copies and removes, and takes each back', () => {
    const draft = stored();
    draft.addStep('wait', 1);
    draft.copyStep(1);
    draft.removeStep(0);
    expect(kinds(draft)).toEqual(['wait', 'wait', 'text', 'screenshot']);
    draft.undo();
    draft.undo();
    draft.undo();
    expect(kinds(draft)).toEqual(['key', 'text', 'screenshot']);
    expect(draft.dirty).toBe(false);
    expect(draft.canUndo).toBe(false);
  });

  it('takes a field typed in letter by letter back in one step', () => {
    const draft = stored();
    for (const text of ['H', 'Hi', 'Hi!']) draft.setField(1, 'text', text);
    draft.undo();
    expect(draft.steps[1]?.value.text).toBe('{{number}}');
  });

  it('leaves an emptied field out', () => {
    const draft = stored();
    draft.setField(2, 'name', 'ringing');
    draft.setField(2, 'name', '');
    expect(draft.steps[2]?.value).toEqual({ do: 'screenshot' });
  });

  it('shows what the server objected to until the script is changed', () => {
    const draft = stored();
    draft.refused([{ path: ['steps', 1], kind: 'said', detail: 'no' }]);
    expect(draft.problems).toHaveLength(1);
    draft.title = 'Another';
    expect(draft.problems).toEqual([]);
  });

  it('is the same script as its text', () => {
    const draft = stored();
    const again = readScript(draft.json);
    expect(again).toEqual(SCRIPT);
    if (again) draft.replace({ ...again, steps: again.steps.slice(1) });
    expect(kinds(draft)).toEqual(['text', 'screenshot']);
  });
});

describe('a text read as a script', () => {
  it.each(['[]', '{"steps": [1]}', '{"steps": [{"ms": 1}]}', '{"params": "x", "steps": []}'])(
    'is none: %s',
    (text) => {
      expect(readScript(text)).toBeNull();
    },
  );

  it('keeps what no form shows', () => {
    expect(readScript('{"name": "a", "steps": [{"do": "tap", "z": 3}], "colour": 1}')).toMatchObject({
      colour: 1,
      steps: [{ do: 'tap', z: 3 }],
    });
  });
});
