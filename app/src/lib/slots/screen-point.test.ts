import { expect, it } from 'vitest';
import { pointAt } from './screen-point';

const box = { left: 100, top: 50, width: 270, height: 600 };
const size = { width: 1_080, height: 2_400 };

it.each([
  ['the first pixel', { clientX: 100, clientY: 50 }, { x: 0, y: 0 }],
  ['the middle', { clientX: 235, clientY: 350 }, { x: 540, y: 1_200 }],
  ['the edge, never outside', { clientX: 370, clientY: 650 }, { x: 1_079, y: 2_399 }],
  ['left of it, never outside', { clientX: 90, clientY: 40 }, { x: 0, y: 0 }],
])('finds %s', (_, press, point) => {
  expect(pointAt(press, box, size)).toEqual(point);
});

it('has no place on a picture whose size is not known', () => {
  expect(pointAt({ clientX: 110, clientY: 60 }, box, null)).toBeNull();
});
