import { expect, it } from 'vitest';
import { changesBetween } from './changes';

it.each([
  [{ role: 'seller', name: 'A' }, { role: 'operator', name: 'A' }, [['role', 'seller', 'operator']]],
  [null, { name: 'A', email: null }, [['name', null, 'A']]],
  [{ name: 'A' }, null, [['name', 'A', null]]],
  [{ map: { A: ['x'] } }, { map: { A: ['x', 'y'] } }, [['map', '{"A":["x"]}', '{"A":["x","y"]}']]],
  [null, null, []],
  ['old', 'new', [['', 'old', 'new']]],
])('between %j and %j: %j', (before, after, expected) => {
  const found = changesBetween(before, after).map(({ field, from, to }) => [field, from, to]);
  expect(found).toEqual(expected);
});
