import { describe, expect, it } from 'vitest';
import { callerOn } from './lines';

const rules = new Map([
  ['gsm:0001001', '+375{9}'],
  ['sip:office', '8{10}'],
  ['sip:odd', 'x{9}'],
]);

describe('callerOn', () => {
  it.each([
    ['0001001', '80290000001', '+375290000001'],
    ['0001001', '+375290000001', '+375290000001'],
    ['0001001', '290000001', '+375290000001'],
    ['0001001', '101', '101'],
    ['0001002', '80290000001', '80290000001'],
    ['office', '+79990000001', '89990000001'],
    ['odd', '80290000001', '80290000001'],
    [null, '80290000001', '80290000001'],
    ['0001001', '', ''],
  ])('of %s: %s is %s', (trunk, number, wanted) => {
    expect(callerOn(rules, trunk, number)).toBe(wanted);
  });
});
