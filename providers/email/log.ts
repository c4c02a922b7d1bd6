/** One line of JSON per event, on standard error. Nothing of a mail's text and no key or token goes into it. */
export interface Log {
  info(text: string, fields?: Record<string, unknown>): void;
  warn(text: string, fields?: Record<string, unknown>): void;
  error(text: string, fields?: Record<string, unknown>): void;
}

export function createLog(write: (line: string) => void, now: () => number): Log {
  const at =
    (level: string) =>
    (text: string, fields: Record<string, unknown> = {}): void =>
      write(JSON.stringify({ at: new Date(now()).toISOString(), level, text, ...fields }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
