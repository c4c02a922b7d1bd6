import { describe, expect, it } from 'vitest';
import type { CrmConfig } from './api';
import { changeOf, isRule, linesOf } from './lines';

const config = (lines: Record<string, string>, incomingTransform: Record<string, string>): CrmConfig =>
  ({ lines, rules: { incomingTransform } }) as unknown as CrmConfig;

describe('lines', () => {
  it('are read and written back as they were, with numbers, rules, or both', () => {
    const from = config(
      { '0001001': '+375290000001', main: '375170000001' },
      { 'gsm:0001001': '+375{9}', 'sip:other': '+7{10}' },
    );
    const lines = linesOf(from);
    expect(lines).toEqual([
      { trunk: '0001001', number: '+375290000001', rule: '+375{9}' },
      { trunk: 'main', number: '375170000001', rule: '' },
      { trunk: 'other', number: '', rule: '+7{10}' },
    ]);
    expect(changeOf(lines)).toEqual({
      lines: from.lines,
      rules: { incomingTransform: from.rules.incomingTransform },
    });
  });

  it('are written as people type them', () => {
    expect(changeOf([{ trunk: ' 0001001 ', number: '+375 (29) 000-00-01', rule: ' {7} ' }])).toEqual({
      lines: { '0001001': '+375290000001' },
      rules: { incomingTransform: { 'gsm:0001001': '{7}' } },
    });
  });

  it.each([
    ['+375{9}', true],
    ['{15}', true],
    ['{16}', false],
    ['{0}', false],
    ['375', false],
    ['+375{9}1', false],
  ])('the rule %s is one: %s', (rule, is) => {
    expect(isRule({ trunk: 'main', number: '', rule })).toBe(is);
  });
});
