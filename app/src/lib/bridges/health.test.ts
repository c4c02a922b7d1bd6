import { describe, expect, it } from 'vitest';
import { isStale, readingTone } from './health';

describe('readingTone', () => {
  it('warns before it alarms', () => {
    expect([10, 80, 95].map((value) => readingTone('cpu', value))).toEqual(['ok', 'warn', 'bad']);
    expect([12, 300, 5_000].map((value) => readingTone('latency_ms', value))).toEqual(['ok', 'warn', 'bad']);
  });

  it('says nothing of what it has not, or has no limits for', () => {
    expect(readingTone('cpu', null)).toBeNull();
    expect(readingTone('uptime_sec', 5)).toBeNull();
  });
});

describe('isStale', () => {
  it('takes readings of another minute for old', () => {
    const host = { at: '2026-03-01T10:00:00.000Z' };
    expect(isStale(host, Date.parse('2026-03-01T10:01:00Z'))).toBe(false);
    expect(isStale(host, Date.parse('2026-03-01T10:01:01Z'))).toBe(true);
  });
});
