import { describe, expect, it } from 'vitest';
import { readUsername } from './sign-in';

describe('readUsername', () => {
  it.each([
    ['op12', 'op12', null],
    [' OP12 ', 'op12', null],
    ['op12@0101', 'op12', '0101'],
    ['anna@firm.example', 'anna@firm.example', null],
    ['anna@firm.example@0101', 'anna@firm.example', '0101'],
    ['@0101', '@0101', null],
    ['op12@01011', 'op12@01011', null],
    ['', '', null],
  ])('%s', (typed, name, tenantId) => {
    expect(readUsername(typed)).toEqual({ name, tenantId });
  });
});
