import type { LogEntry } from './model';

export const LOG_LEVELS = ['error', 'warn', 'info', 'other'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The worst level an entry mentions. `level_summary` is the app's free text ("ERROR:2 WARN:1", "info"); a level
 * counted as zero is not mentioned.
 */
export function levelOf(entry: Pick<LogEntry, 'level_summary'>): LogLevel {
  const text = entry.level_summary ?? '';
  const has = (words: string) => new RegExp(`\\b(?:${words})\\b(?!["']?\\s*[:=]\\s*0\\b)`, 'i').test(text);
  if (has('e|err|errors?|fatal|crash|severe')) return 'error';
  if (has('w|warn|warnings?')) return 'warn';
  if (has('i|info|d|debug|v|verbose|trace|notice')) return 'info';
  return 'other';
}

export const matchesSearch = (entry: LogEntry, search: string): boolean => {
  const text = [entry.level_summary, entry.source, entry.payload].join('\n').toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** JSON spread over lines; anything else as it came. */
export function readable(payload: string): string {
  const start = payload.trimStart()[0];
  if (start !== '{' && start !== '[') return payload;
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    // Cut by the size limit, or only looks like JSON.
    return payload;
  }
}
