import { describe, expect, it } from 'vitest';
import { normaliseNumber } from './queue-command';

describe('normaliseNumber', () => {
  it.each([
    ['+375 29 000-00-00', 'US', '+375290000000'],
    ['8 (029) 000-00-00', 'BY', '+375290000000'],
    ['(212) 555-0100', 'US', '+12125550100'],
    ['tel:+375290000000', 'US', '+375290000000'],
    ['+375290000000', 'XX', '+375290000000'],
  ])('reads %s in %s', (typed, country, e164) => {
    expect(normaliseNumber(typed, country)).toBe(e164);
  });
  it.each([
    '',
    'abc',
    '12',
    '+1',
    'call +375290000000 now',
    '+375290000000 ext. 5',
    '+9999999999999999999',
    '290000000\0',
    '1'.repeat(100),
  ])('refuses %j', (typed) => expect(normaliseNumber(typed, 'BY')).toBe(null));
  it('cannot read a number without a code where the country is unknown', () => {
    expect(normaliseNumber('290000000', 'XX')).toBe(null);
  });
});
