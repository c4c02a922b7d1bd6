/** The command line of the bridge. */
import { parseArgs } from 'node:util';

export type Options =
  | { do: 'help' | 'version' }
  | { do: 'run' | 'check'; config: string }
  /** `code` null: from the environment, else from standard input. */
  | { do: 'enrol'; config: string; code: string | null };

export const DEFAULT_CONFIG = '/etc/trunkline/bridge.toml';
/** An enrolment code, for containers; looked at while the bridge is not enrolled. */
export const CODE_VARIABLE = 'TRUNKLINE_ENROL_CODE';

export const HELP = `Trunkline's bridge: Asterisk, USB phones and host health through one outbound tunnel.

  npm run bridge -- --config FILE                run
  npm run bridge -- --config FILE --check        show what works, and the remedy for what doesn't
  npm run bridge -- --config FILE --enrol CODE   register this bridge with a one-time code, once

  --config FILE   default ${DEFAULT_CONFIG}
  --enrol         without a code: from ${CODE_VARIABLE}, else from standard input
  --version, --help

Exit codes: 0 done; 1 a check failed or a fault; 2 the command line, the configuration or the enrolment is wrong;
3 the edge refuses this bridge for good (revoked, replaced, too old).
`;

/** The command line can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function readOptions(argv: readonly string[]): Options {
  // `--enrol` takes its code or none, which parseArgs has no word for.
  const at = argv.indexOf('--enrol');
  const next = at === -1 ? undefined : argv[at + 1];
  const hasCode = next !== undefined && !next.startsWith('--');
  const code = hasCode && next !== '-' ? next : null;
  const rest = argv.filter((_, index) => at === -1 || (index !== at && !(hasCode && index === at + 1)));
  let values: { config?: string; check?: boolean; version?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: rest,
      options: {
        config: { type: 'string' },
        check: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: false,
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return { do: 'help' };
  if (values.version === true) return { do: 'version' };
  const config = values.config ?? DEFAULT_CONFIG;
  if (at !== -1 && values.check === true) throw new UsageError('give --enrol or --check, not both');
  if (at !== -1) return { do: 'enrol', config, code };
  return { do: values.check === true ? 'check' : 'run', config };
}
