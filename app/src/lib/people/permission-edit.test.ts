import { expect, it } from 'vitest';
import { actionsOfVerb, has, sameMap, toggled } from './permission-edit';

it('switches one verb and leaves the rest', () => {
  const map = { OTTB: ['read'] };
  const more = toggled(map, 'OTTB', 'write');
  expect([has(more, 'OTTB', 'read'), has(more, 'OTTB', 'write'), has(map, 'OTTB', 'write')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(sameMap(toggled(more, 'OTTB', 'write'), map)).toBe(true);
  expect(has(toggled({}, 'DCI', 'run'), 'DCI', 'run')).toBe(true);
});

it.each([
  [{ A: ['x', 'y'] }, { A: ['y', 'x'] }, true],
  [{ A: ['x'], B: [] }, { A: ['x'] }, true],
  [{ A: ['x'] }, { A: ['y'] }, false],
  [{}, { A: ['x'] }, false],
])('%j grants what %j does: %s', (one, other, same) => {
  expect(sameMap(one, other)).toBe(same);
});

it('names what a verb allows', () => {
  const actions = {
    'call.start': 'WORKSPACE.call',
    'note.write': 'WORKSPACE.call',
    'call.view': 'WORKSPACE.view',
  };
  expect(actionsOfVerb(actions, 'WORKSPACE', 'call')).toEqual(['call.start', 'note.write']);
});
