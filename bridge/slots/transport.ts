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
