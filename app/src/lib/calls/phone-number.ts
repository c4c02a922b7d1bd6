import type { CountryCode } from 'libphonenumber-js';
import type * as PhoneLib from 'libphonenumber-js/min';

/** The part of libphonenumber these functions need; passed in because it is loaded after the first paint. */
export type NumberLibrary = Pick<
  typeof PhoneLib,
  'AsYouType' | 'parsePhoneNumberFromString' | 'validatePhoneNumberLength' | 'isSupportedCountry'
>;

/** Longest string of digits an Asterisk extension has here; anything longer is somebody's telephone. */
const EXTENSION = /^\d{2,6}$/;

export interface ShownNumber {
  /** International format where the number is understood, else as it came. */
  text: string;
  /** ISO 3166-1 alpha-2, null for extensions and what is not understood. */
  country: string | null;
}

export function showNumber(lib: NumberLibrary | null, number: string, country: string): ShownNumber {
  if (!lib || EXTENSION.test(number)) return { text: number, country: null };
  const parsed = lib.parsePhoneNumberFromString(number, asCountry(lib, country));
  if (!parsed?.isPossible()) return { text: number, country: null };
  return { text: parsed.formatInternational(), country: parsed.country ?? null };
}

/** What has been typed so far, grouped the way its country writes it. Letters and stray signs are dropped. */
export function formatTyped(lib: NumberLibrary | null, typed: string, country: string): string {
  const plus = typed.trimStart().startsWith('+') ? '+' : '';
  const digits = plus + typed.replace(/\D/g, '');
  if (!lib) return digits;
  return new lib.AsYouType(asCountry(lib, country)).input(digits);
}

export type NumberCheck =
  | { state: 'empty' }
  | { state: 'short' }
  | { state: 'long' }
  | { state: 'unknown_country' }
  | { state: 'invalid' }
  /** `certain` is false for a number of possible length that no known range contains. */
  | { state: 'ok'; e164: string; country: string | null; international: string; certain: boolean };

/** Whether what has been typed can be dialled, and what is wrong where it can't. */
export function checkNumber(lib: NumberLibrary, typed: string, country: string): NumberCheck {
  const text = typed.trim();
  if (text === '' || text === '+') return { state: 'empty' };
  const options = { defaultCountry: asCountry(lib, country), extract: false } as const;
  const fault = lib.validatePhoneNumberLength(text, options);
  if (fault === 'TOO_SHORT') return { state: 'short' };
  if (fault === 'TOO_LONG') return { state: 'long' };
  if (fault === 'INVALID_COUNTRY') return { state: 'unknown_country' };
  const parsed = lib.parsePhoneNumberFromString(text, options);
  if (fault !== undefined || !parsed) return { state: 'invalid' };
  return {
    state: 'ok',
    e164: parsed.number,
    country: parsed.country ?? null,
    international: parsed.formatInternational(),
    certain: parsed.isValid(),
  };
}

const asCountry = (lib: NumberLibrary, country: string): CountryCode | undefined =>
  lib.isSupportedCountry(country) ? country : undefined;
