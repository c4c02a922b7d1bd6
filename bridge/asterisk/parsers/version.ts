/** `core show version`: `Asterisk 22.10.1 built by …` is version `22.10.1`. Null for anything else. */
export const parseVersion = (output: string): string | null =>
  /^Asterisk (\S{1,80})/m.exec(output)?.[1] ?? null;
