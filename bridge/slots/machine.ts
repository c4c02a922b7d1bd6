/** What a slot's status is, from what is known of its phone. Pure: times are passed in, milliseconds. */
import type { SlotStatus } from '../protocol/slots.ts';

/**
 * How the phone can be reached. `absent`: ADB does not list it. `booting`: it answers, Android is not up yet.
 * `failed`: it is listed and can't be used; the reason goes with it.
 */
export type Link =
  'absent' | 'offline' | 'authorizing' | 'unauthorized' | 'no_permission' | 'booting' | 'ready' | 'failed';

export interface Condition {
  link: Link;
  /** Of `failed`: what is wrong and what to do; of `absent`: why, when it is not just unplugged. */
  reason: string | null;
  /** A command of ours that takes the phone away for a while. */
  phase: null | { what: 'restarting' | 'rebooting'; since: number; left: boolean };
  /** A call or a script. */
  busy: boolean;
}

export type Change =
  | { is: 'link'; link: Link; reason?: string }
  | { is: 'began'; what: 'restarting' | 'rebooting'; at: number }
  /** The command failed, or the restart is done. */
  | { is: 'over' }
  /** The phone is on another start than before, though it was never seen to be away. */
  | { is: 'left' }
  | { is: 'busy'; busy: boolean }
  | { is: 'tick'; at: number };

/** A phone that was told to reboot and stays is not rebooting. */
export const REBOOT_LEAVES_WITHIN_MS = 60_000;
/** From the command until Android is up again; a phone that installs an update takes minutes. */
export const REBOOT_WITHIN_MS = 10 * 60_000;
export const RESTART_WITHIN_MS = 45_000;

export const START: Condition = { link: 'absent', reason: null, phase: null, busy: false };

export function next(condition: Condition, change: Change): Condition {
  const { phase } = condition;
  switch (change.is) {
    case 'link': {
      // A phone that was not allowed and is asked again is still not allowed until it says so.
      const waits = condition.link === 'unauthorized' && change.link === 'authorizing';
      const link = waits ? 'unauthorized' : change.link;
      const moved = { ...condition, link, reason: change.reason ?? null };
      if (phase?.what !== 'rebooting') return moved;
      if (change.link !== 'ready') return { ...moved, phase: { ...phase, left: true } };
      return { ...moved, phase: phase.left ? null : phase };
    }
    case 'began':
      return { ...condition, phase: { what: change.what, since: change.at, left: false } };
    case 'left':
      return phase?.what === 'rebooting' ? { ...condition, phase: { ...phase, left: true } } : condition;
    case 'over':
      return { ...condition, phase: null };
    case 'busy':
      return { ...condition, busy: change.busy };
    case 'tick':
      return phase !== null && change.at - phase.since >= limitOf(phase)
        ? { ...condition, phase: null }
        : condition;
  }
}

const limitOf = (phase: NonNullable<Condition['phase']>): number => {
  if (phase.what === 'restarting') return RESTART_WITHIN_MS;
  return phase.left ? REBOOT_WITHIN_MS : REBOOT_LEAVES_WITHIN_MS;
};

export interface Shown {
  status: SlotStatus;
  /** What to do about it; null where nothing is to be done. */
  remedy: string | null;
}

const UNPLUGGED = 'Check the cable and the port: the bridge does not see the phone.';

/** What people see. A reboot or restart hides only what it brings about itself. */
export function shown(condition: Condition): Shown {
  const { link, reason, phase, busy } = condition;
  const away = link === 'absent' || link === 'offline' || link === 'booting' || link === 'authorizing';
  if (phase?.what === 'rebooting' && (away || link === 'ready')) return { status: 'REBOOTING', remedy: null };
  if (phase?.what === 'restarting' && (away || link === 'ready'))
    return { status: 'RESTARTING', remedy: null };
  switch (link) {
    case 'ready':
      return { status: busy ? 'BUSY' : 'ONLINE', remedy: null };
    case 'booting':
      return { status: 'REBOOTING', remedy: null };
    case 'absent':
      return { status: 'OFFLINE', remedy: reason ?? UNPLUGGED };
    case 'offline':
      return {
        status: 'OFFLINE',
        remedy: 'The phone does not answer ADB: replug it, or restart it by hand.',
      };
    case 'authorizing':
      return { status: 'OFFLINE', remedy: null };
    case 'unauthorized':
      return {
        status: 'UNAUTHORIZED',
        remedy:
          'Unlock the phone and allow USB debugging for this computer (with “always allow”). If no question appears: revoke the USB debugging authorisations in the developer options and replug it.',
      };
    case 'no_permission':
      return {
        status: 'ERROR',
        remedy:
          "The ADB server may not open the USB device: add the udev rules of Android devices and put the server's user into the plugdev group.",
      };
    case 'failed':
      return { status: 'ERROR', remedy: reason };
  }
}
