/** `core show uptime seconds`, in seconds. Null for anything else. */
export function parseUptime(output: string): number | null {
  const seconds = /^System uptime: (\d+)\s*$/m.exec(output)?.[1];
  return seconds === undefined ? null : Number(seconds);
}
