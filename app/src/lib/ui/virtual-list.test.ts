import { describe, expect, it } from 'vitest';
import { scrollFor, windowOf } from './virtual-list';

describe('windowOf', () => {
  it('draws what is in view and a little more', () => {
    expect(windowOf(0, 500, 50, 10_000, 4)).toEqual({ from: 0, to: 14 });
    expect(windowOf(5_000, 500, 50, 10_000, 4)).toEqual({ from: 96, to: 114 });
  });

  it('stays inside the list, even when it shrank under the scroll', () => {
    expect(windowOf(5_000, 500, 50, 3, 4)).toEqual({ from: 3, to: 3 });
    expect(windowOf(0, 500, 50, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe('scrollFor', () => {
  it('moves only as far as needed', () => {
    expect(scrollFor(0, 100, 500, 50)).toBe(0);
    expect(scrollFor(12, 100, 500, 50)).toBe(150);
    expect(scrollFor(5, 100, 500, 50)).toBeNull();
  });
});
