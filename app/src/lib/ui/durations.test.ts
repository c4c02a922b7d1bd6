import { describe, expect, it } from 'vitest';
import { durationText, sizeText } from '#lib/ui/durations.js';

describe('durationText', () => {
  it('says two units at most', () => {
    expect(durationText(0, 'en')).toBe('0 sec');
    expect(durationText(59.6, 'en')).toBe('1 min');
    expect(durationText(125, 'en')).toBe('2 min 5 sec');
    expect(durationText(86_400 + 3_600 + 59, 'en')).toBe('1 day 1 hr');
    expect(durationText(0.02, 'en')).toBe('0.1 sec');
    expect(durationText(3.46, 'en')).toBe('3.5 sec');
    expect(durationText(-5, 'en')).toBe('0 sec');
  });
});

describe('sizeText', () => {
  it('picks a readable unit', () => {
    expect(sizeText(999, 'en')).toBe('999 byte');
    expect(sizeText(12_400_000, 'en')).toBe('12.4 MB');
  });
});
