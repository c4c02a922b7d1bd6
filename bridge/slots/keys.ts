/**
 * The stable name of a phone: its serial number. Where that fails: a blank or placeholder serial is named by the USB
 * port (or the network address), and when two phones at once have the same serial, the one that was seen first keeps
 * it and the other gets it with its port behind. Which of them is which is remembered by port, so that it does not
 * depend on the order in which they appear.
 */
import { SlotKey } from '../protocol/parts.ts';

/** Where a phone is: `usb:1-1.2` or `127.0.0.1:5555`. */
export type Place = string;

export interface KnownPlace {
  place: Place;
  serial: string;
  key: string;
}

export interface LivePhone {
  place: Place;
  serial: string | null;
  key: string;
  /** The kernel's id of this start of the phone; the same one over two ways is one phone. */
  bootId: string | null;
}

// Seen on cheap boards and engineering builds: one for the whole series.
const PLACEHOLDERS = /^(unknown|null|none|n\/a|0+|f+|1234567890(abcdef)?|0123456789abcdef|\?+)$/i;

/** Null for a blank, a placeholder and what can't be made a key. */
export function usableSerial(text: string | null | undefined): string | null {
  const serial = (text ?? '').trim();
  if (serial === '' || PLACEHOLDERS.test(serial)) return null;
  return SlotKey.safeParse(serial).success ? serial : null;
}

const keyOfPlace = (place: Place): string => place.replaceAll(/[^A-Za-z0-9._:-]/g, '-').slice(0, 64);

const suffixed = (serial: string, place: Place): string =>
  `${serial.slice(0, 64 - place.length - 1)}.${keyOfPlace(place)}`;

/**
 * @param live the other phones that are there now
 * @param known what earlier answers of this function were stored as
 */
export function chooseKey(
  phone: { serial: string | null; place: Place; bootId: string | null },
  live: readonly LivePhone[],
  known: readonly KnownPlace[],
): string {
  const { serial, place } = phone;
  if (serial === null) return keyOfPlace(place);
  const twins = live.filter((other) => other.serial === serial && other.place !== place);
  const same = twins.find((other) => isSamePhone(phone, other));
  if (same) return same.key;
  const remembered = known.find((entry) => entry.place === place && entry.serial === serial)?.key;
  const taken = (key: string): boolean => twins.some((other) => other.key === key);
  if (remembered !== undefined && !taken(remembered)) return remembered;
  const duplicated = known.some((entry) => entry.serial === serial && entry.key !== serial);
  return twins.length > 0 || duplicated ? suffixed(serial, place) : serial;
}

/** One phone seen twice, by USB and over the network. */
function isSamePhone(phone: { place: Place; bootId: string | null }, other: LivePhone): boolean {
  if (phone.bootId !== null && other.bootId !== null) return phone.bootId === other.bootId;
  return phone.place.startsWith('usb:') !== other.place.startsWith('usb:');
}
