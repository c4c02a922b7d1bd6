/** `/proc/meminfo`, `/proc/stat` and `df`: the same on phones and on the host. */

const round = (percent: number): number => Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;

export interface Memory {
  /** Per cent in use: what could not be given to a program that asks. */
  used: number;
  totalMb: number;
}

/** Null for a text that is no meminfo. */
export function parseMemory(text: string): Memory | null {
  const kb = (name: string): number | null => {
    const value = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return value === undefined ? null : Number(value);
  };
  const total = kb('MemTotal');
  if (total === null || total === 0) return null;
  // Kernels before 3.14 have no MemAvailable.
  const available = kb('MemAvailable') ?? (kb('MemFree') ?? 0) + (kb('Buffers') ?? 0) + (kb('Cached') ?? 0);
  return { used: round((1 - available / total) * 100), totalMb: Math.round(total / 1024) };
}

/** Ticks since the start, of all cores. */
export interface CpuTicks {
  busy: number;
  total: number;
}

export function parseCpuTicks(text: string): CpuTicks | null {
  const line = /^cpu +([\d ]+)$/m.exec(text)?.[1];
  if (line === undefined) return null;
  // user nice system idle iowait irq softirq steal; guest times are in user's already.
  const ticks = line.trim().split(/ +/).slice(0, 8).map(Number);
  if (ticks.length < 4 || ticks.some((value) => !Number.isFinite(value))) return null;
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busy: total - idle, total };
}

/** Per cent between two readings; null when no tick passed, or the counters began anew. */
export function cpuBetween(before: CpuTicks | null, now: CpuTicks): number | null {
  if (before === null || now.total <= before.total || now.busy < before.busy) return null;
  return round(((now.busy - before.busy) / (now.total - before.total)) * 100);
}

const UNITS: Record<string, number> = { K: 1, M: 1024, G: 1024 ** 2, T: 1024 ** 3 };

const sizeOf = (text: string): number | null => {
  const match = /^([\d.]+)([KMGT]?)$/.exec(text);
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : null;
};

/** Per cent of the last file system listed that is in use; toybox, busybox and Android 5's own `df`. */
export function parseStorage(text: string): number | null {
  const rows = text.split('\n').filter((line) => /^\S+\s+[\d.]+[KMGT]?\s+[\d.]+[KMGT]?\s/.test(line.trim()));
  const [, size, used] = rows.at(-1)?.trim().split(/\s+/) ?? [];
  const total = sizeOf(size ?? '');
  const taken = sizeOf(used ?? '');
  return total === null || taken === null || total === 0 ? null : round((taken / total) * 100);
}
