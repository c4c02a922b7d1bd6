/** One ADB shell command as arguments: checked against the bridge's own list, quoted, limited in time and output. */
import { Refusal, type Handler } from '../../part.ts';
import { commandLine } from '../adb/quote.ts';
import { outputText } from '../adb/shell.ts';
import type { SlotContext } from '../context.ts';

export const SHELL_LIMIT_MS = 30_000;

/**
 * @throws Refusal FORBIDDEN when the bridge's configuration does not let this command through, INVALID_ARGS for
 * arguments that no command line can carry
 */
export function checkedLine(
  argv: readonly string[],
  free: boolean,
  config: { verbs: readonly string[]; free_shell: boolean },
): string {
  const [verb = ''] = argv;
  if (argv.some((argument) => argument.includes('\0'))) {
    throw new Refusal('INVALID_ARGS', 'An argument has a NUL in it.');
  }
  if (!config.verbs.includes(verb)) {
    if (!free) throw new Refusal('FORBIDDEN', `"${verb.slice(0, 60)}" is not on the list of ADB commands.`);
    if (!config.free_shell) {
      throw new Refusal('FORBIDDEN', 'This bridge runs no commands outside of its list (free_shell is off).');
    }
  }
  return commandLine(argv);
}

export const shellHandler =
  ({ occupancy, registry, config }: SlotContext): Handler<'slot.shell'> =>
  async (args, ask) => {
    const line = checkedLine(args.argv, args.free, config);
    const slot = occupancy.admit(args.slot, args.fence);
    const result = await registry.run(slot, line, { timeoutMs: SHELL_LIMIT_MS, signal: ask.signal });
    // `reboot` and the like take the connection with them: an end without an exit code is told as that.
    return {
      exit_code: result.exitCode,
      stdout: outputText(result.stdout, result.truncated),
      stderr: outputText(result.stderr, result.truncated),
      truncated: result.truncated,
      timed_out: result.timedOut,
      ms: result.ms,
    };
  };
