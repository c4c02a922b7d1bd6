import type { BridgeHost } from './model';

export type ReadingName = 'cpu' | 'ram' | 'uptime_sec' | 'latency_ms' | 'bandwidth_mbps' | 'rss_mb';

/** Readings in the order they are shown. */
export const READINGS: readonly ReadingName[] = [
  'cpu',
  'ram',
  'latency_ms',
  'bandwidth_mbps',
  'uptime_sec',
  'rss_mb',
];

/** When a reading stands for trouble rather than for work. */
const LIMITS: Partial<Record<ReadingName, { warn: number; bad: number }>> = {
  cpu: { warn: 80, bad: 95 },
  ram: { warn: 85, bad: 95 },
  latency_ms: { warn: 300, bad: 1_000 },
};

export function readingTone(name: ReadingName, value: number | null): 'ok' | 'warn' | 'bad' | null {
  const limits = LIMITS[name];
  if (value === null || !limits) return null;
  return value >= limits.bad ? 'bad' : value >= limits.warn ? 'warn' : 'ok';
}

/** Older than this a reading tells of the past: the bridge sends one every 15 s. */
export const STALE_MS = 60_000;

export const isStale = (host: Pick<BridgeHost, 'at'>, now: number): boolean =>
  now - Date.parse(host.at) > STALE_MS;
