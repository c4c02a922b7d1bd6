import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';

/** Longest id of Trunkline's API. */
const LONGEST_ID = 256;

/**
 * An address in the one form it is compared by: small letters, the domain in ASCII; null where it is none. Mail servers may
 * tell capitals of a local part apart, none in use does.
 */
export function normalAddress(text: string): string | null {
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf('@');
  if (at < 1 || trimmed.length > 254) return null;
  const local = trimmed.slice(0, at);
  const domain = domainToASCII(trimmed.slice(at + 1));
  // What could end an address early has no place in one, quoted or not.
  if (domain === '' || !/^[^\s\p{Cc}<>()[\]\\,;:"]+$/u.test(local)) return null;
  return `${local.toLowerCase()}@${domain.toLowerCase()}`;
}

/** `shop+orders@…` is delivered to `shop@…`. */
export function withoutDetail(address: string): string {
  const at = address.lastIndexOf('@');
  const plus = address.indexOf('+');
  return plus > 0 && plus < at ? address.slice(0, plus) + address.slice(at) : address;
}

/** Id of the participant who has the address: the address, where Trunkline takes it as an id. */
export function participantId(address: string): string {
  const id = address.replaceAll(/[^\x21-\x7e]/gu, (letter) => encodeURIComponent(letter));
  return id.length <= LONGEST_ID ? id : `address-${digest(address)}`;
}

/** Letters and digits that stand for what they were made of, 128 bits of them. */
export function digest(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

/** One line without anything that could end it or turn it around, at most so many UTF-16 units. */
export function oneLine(text: string, longest: number): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();
  return line.length <= longest ? line : line.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '') + '…';
}

/** The `<…@…>` of a header's text, in their order. */
export const messageIds = (header: string): string[] => header.match(/<[^<>\s]{3,250}>/g) ?? [];
