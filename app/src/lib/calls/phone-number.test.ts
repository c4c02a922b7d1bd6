import * as lib from 'libphonenumber-js/min';
import { describe, expect, it } from 'vitest';
import { checkNumber, formatTyped, showNumber } from './phone-number';

describe('formatTyped', () => {
  it('groups as typed and drops what is not a digit', () => {
    expect(formatTyped(lib, '+375290000000', 'BY')).toBe('+375 29 000 00 00');
    expect(formatTyped(lib, '+7 (495) 000-00x-00', 'RU')).toBe('+7 495 000 00 00');
    expect(formatTyped(lib, 'call me', 'RU')).toBe('');
    expect(formatTyped(null, '+375 29', 'BY')).toBe('+37529');
  });
});

describe('checkNumber', () => {
  it('takes international and national numbers', () => {
    expect(checkNumber(lib, '+375 29 000 00 00', 'RU')).toMatchObject({ state: 'ok', e164: '+375290000000' });
    expect(checkNumber(lib, '8 (495) 000-00-00', 'RU')).toMatchObject({ state: 'ok', e164: '+74950000000' });
  });

  it('says what is wrong', () => {
    expect(checkNumber(lib, ' ', 'RU').state).toBe('empty');
    expect(checkNumber(lib, '+375 29 00', 'RU').state).toBe('short');
    expect(checkNumber(lib, '+375 29 000 00 00 00 00', 'RU').state).toBe('long');
    expect(checkNumber(lib, '+999 12 345 67 89', 'RU').state).toBe('unknown_country');
  });

  it('does not need a country it knows', () => {
    expect(checkNumber(lib, '+375290000000', 'XX')).toMatchObject({ state: 'ok' });
  });
});

describe('showNumber', () => {
  it('formats numbers and leaves extensions alone', () => {
    expect(showNumber(lib, '+375290000000', 'RU')).toEqual({ text: '+375 29 000 00 00', country: 'BY' });
    expect(showNumber(lib, '101', 'RU')).toEqual({ text: '101', country: null });
    expect(showNumber(null, '+375290000000', 'RU')).toEqual({ text: '+375290000000', country: null });
  });
});
