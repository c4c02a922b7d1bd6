/** A way to a phone that ADB lists, and what it makes of the slot. */
import type { Device } from './adb/devices.ts';
import type { Identity } from './identity.ts';
import type { Place } from './keys.ts';
import type { Link } from './machine.ts';

/** One way to a phone, as ADB lists it. */
export interface Transport {
  device: Device;
  place: Place;
  key: string;
  identity: Identity | null;
  problem: string | null;
  failures: number;
  /** Aborted when the transport is gone or changes its state. */
  gone: AbortController;
}

/** Best first. */
export const ORDER: readonly Link[] = [
  'ready',
  'booting',
  'unauthorized',
  'failed',
  'no_permission',
  'authorizing',
  'offline',
  'absent',
];

/** Why a phone that could be used can't be any more. */
export const LOST: Partial<Record<Link, string>> = {
  absent: 'The phone was unplugged.',
  offline: 'The phone went offline.',
  unauthorized: 'The phone does not allow debugging any more.',
  booting: 'The phone was restarted.',
};

export function linkOf({ device, identity, problem }: Transport): { link: Link; reason: string | null } {
  if (device.state === 'other') {
    return {
      link: 'failed',
      reason: `The phone is in “${device.word.slice(0, 40)}”, not in Android: start it normally.`,
    };
  }
  if (device.state !== 'device') return { link: device.state, reason: null };
  if (problem !== null) return { link: 'failed', reason: problem.slice(0, 290) };
  if (identity === null) return { link: 'authorizing', reason: null };
  return { link: identity.booted ? 'ready' : 'booting', reason: null };
}

/**
 * An address that connects or does not answer and was never a phone of ours: not worth a slot that would be named by
 * it for ever.
 */
export const isNobody = ({ device, place, key }: Transport): boolean =>
  device.usb === null && key === place && (device.state === 'offline' || device.state === 'authorizing');

/** Whether the configuration lets the bridge use this phone; an empty list lets it use all. */
export function mayUse(
  serials: readonly string[],
  { device, place, key }: Transport,
  serial?: string | null,
): boolean {
  if (serials.length === 0) return true;
  // Over the network the serial is known only when the phone was asked.
  if (serial === undefined && device.state === 'device') return true;
  return [device.serial, place, key, serial].some(
    (name) => typeof name === 'string' && serials.includes(name),
  );
}
