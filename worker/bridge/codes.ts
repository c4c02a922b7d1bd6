import { sha256Hex } from '../auth/digest';

/** One use, this long. */
export const CODE_LIFE_MS = 15 * 60_000;

/** No letter that is mistaken for a digit or for another when it is read aloud. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 20;

/** A new enrolment code of 100 random bits, in four groups of five. */
export function newCode(random: Uint8Array = crypto.getRandomValues(new Uint8Array(LENGTH))): string {
  const letters = Array.from({ length: LENGTH }, (_, i) => ALPHABET[(random[i] ?? 0) % 32]).join('');
  return letters.replace(/.{5}(?=.)/g, '$&-');
}

/** What `bridges.code_hash` holds; case, spaces and dashes of what was typed don't matter, nor O for 0 or I and L for 1. */
export const codeHash = (code: string): string =>
  sha256Hex(code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1'));
