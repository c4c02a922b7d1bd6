import type { Bridge } from './model';

/** `waiting` for a machine, its code `expired`, its key `enrolled` but no tunnel yet, `connected`. */
export type EnrolmentPhase = 'waiting' | 'expired' | 'enrolled' | 'connected';

/**
 * What became of a one-time code. `before` is when the key in use earlier was registered: a bridge that goes on with
 * that one has not used the new code.
 */
export function enrolmentOf(
  bridge: Pick<Bridge, 'enrolled_at' | 'state'>,
  before: string | null,
  expiresAt: number,
  now: number,
): EnrolmentPhase {
  if (bridge.enrolled_at !== null && bridge.enrolled_at !== before)
    return bridge.state === 'online' ? 'connected' : 'enrolled';
  return now >= expiresAt ? 'expired' : 'waiting';
}

/** The command that enrols and then runs a bridge, as it is typed on its machine. */
export const enrolCommand = (code: string): string =>
  `npm run bridge -- --config bridge.toml --enrol ${code}`;

/** The example configuration with the address of the deployment it is downloaded from. */
export const configFor = (example: string, origin: string): string =>
  example.replace(/^edge = .*$/m, `edge = ${JSON.stringify(origin)}`);
