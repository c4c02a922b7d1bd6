import { expect, it } from 'vitest';
import { createClock } from './clock.ts';

it('is the host clock at first, then the edge clock, whatever the host clock does', () => {
  let monotonic = 100;
  let wall = 5_000;
  const clock = createClock(
    () => monotonic,
    () => wall,
  );
  expect(clock.now()).toBe(5_000);
  expect(clock.skew()).toBeNull();
  clock.told(1_000_000, null);
  monotonic += 250;
  wall = 99;
  expect(clock.now()).toBe(1_000_250);
  expect(clock.skew()).toBe(99 - 1_000_250);
});

it('adds half of the round trip', () => {
  const clock = createClock(
    () => 0,
    () => 0,
  );
  clock.told(1_000_000, 80);
  expect(clock.now()).toBe(1_000_040);
});
