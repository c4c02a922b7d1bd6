import { describe, expect, it } from 'vitest';
import { rangeOf } from './app';

describe('rangeOf', () => {
  it.each([
    ['bytes=0-9', { offset: 0, length: 10 }],
    ['bytes=90-', { offset: 90, length: 10 }],
    ['bytes=-5', { offset: 95, length: 5 }],
    ['bytes=-500', { offset: 0, length: 100 }],
    ['bytes=10-5000', { offset: 10, length: 90 }],
  ])('reads %s of 100 bytes', (header, range) => {
    expect(rangeOf(header, 100)).toEqual(range);
  });
  it.each([null, '', 'bytes=-', 'bytes=100-', 'bytes=5-4', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-0'])(
    'takes %j for the whole file',
    (header) => expect(rangeOf(header, 100)).toBe(null),
  );
});
