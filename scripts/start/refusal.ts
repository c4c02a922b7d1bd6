/** A start that cannot be, for a reason the person at the terminal can change: the message says what and how. */
export class Refusal extends Error {
  override name = 'Refusal';
}

/** What the system says no to, in its own words: no rights, no space, not a directory. */
const SYSTEM_REFUSALS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EDQUOT']);

/** The message to print for an error of the start: a sentence where the reason is outside, the whole stack for a fault of ours. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return error instanceof Refusal || SYSTEM_REFUSALS.has(code ?? '')
    ? error.message
    : (error.stack ?? error.message);
}
