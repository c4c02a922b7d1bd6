import { describe, expect, it } from 'vitest';
import { around } from './snippet';

describe('around', () => {
  it('shows the first word that was found, by how it begins', () => {
    expect(around('Is it still there?', 'STIL')).toEqual(['Is it ', 'stil', 'l there?']);
    expect(around('Зелёная ёлка', 'елк')).toEqual(['Зелёная ', 'ёлк', 'а']);
    expect(around(`${'far '.repeat(20)}goal`, 'goal')[0]).toBe(`…${'far '.repeat(20).slice(-30)}`);
  });

  it('shows the beginning where nothing can be pointed at', () => {
    expect(around('İstanbul', 'ist')).toEqual(['İstanbul', '', '']);
    expect(around('text', '?!')).toEqual(['text', '', '']);
  });
});
