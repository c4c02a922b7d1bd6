/**
 * ADB joins the arguments of a command with spaces and has the phone's own shell read the line, so each argument is
 * quoted for that shell here: between single quotes nothing has a meaning, and a single quote is put outside of them.
 */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** @throws RangeError for a NUL, which no command line can carry. */
export function quote(argument: string): string {
  if (argument.includes('\0')) throw new RangeError('an argument with a NUL');
  if (PLAIN.test(argument)) return argument;
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * One command, nothing else: `exec` puts it in the place of the phone's shell, so that the signal by which adbd ends
 * a command that is cut off reaches the command and not a shell that waits for it.
 */
export const commandLine = (argv: readonly string[]): string => `exec ${argv.map(quote).join(' ')}`;
