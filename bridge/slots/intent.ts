/** What `am start` answers. */
import type { ShellResult } from './adb/shell.ts';

/**
 * Why the intent was not started, in the phone's words; null when it was. Versions before Android 12 exit 0 whatever
 * happened, so the words decide, too. "Activity not started, its current task has been brought to the front" is a
 * warning of success.
 */
export function intentProblem(result: ShellResult): string | null {
  const text = `${result.stdout.toString('utf8')}\n${result.stderr.toString('utf8')}`;
  const line = text
    .split('\n')
    .map((words) => words.trim())
    .find((words) =>
      /^(Error\b|Exception\b|java\.|android\.|.*Permission Denial|.*SecurityException)/.test(words),
    );
  if (line !== undefined) return line.slice(0, 300);
  if (result.timedOut) return 'it did not answer in time';
  if (result.lost) return 'the connection to it broke';
  if (result.exitCode !== 0) return text.trim().slice(0, 300) || `exit code ${result.exitCode}`;
  return null;
}
