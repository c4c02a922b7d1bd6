import { describe, expect, it } from 'vitest';
import { levelOf, matchesSearch, readable } from './log-levels';

const level = (level_summary: string | null) => levelOf({ level_summary });

describe('levelOf', () => {
  it('takes the worst level that happened', () => {
    expect(level('INFO:12 WARN:1')).toBe('warn');
    expect(level('{"error": 0, "warn": 0, "info": 3}')).toBe('info');
    expect(level('I=3,E=1')).toBe('error');
    expect(level('Warnings: 2')).toBe('warn');
    expect(level('Terror')).toBe('other');
    expect(level(null)).toBe('other');
  });
});

describe('payloads', () => {
  const entry = {
    id: 1,
    received_at: '2026-11-15T10:00:00.000Z',
    ts: null,
    level_summary: 'info',
    source: 'Poller',
    payload: '{"code":204}',
    truncated: false,
  };

  it('are found by any of their words', () => {
    expect(matchesSearch(entry, 'poller 204')).toBe(true);
    expect(matchesSearch(entry, 'poller 500')).toBe(false);
  });

  it('are spread out only where they are JSON', () => {
    expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(readable('[cut')).toBe('[cut');
    expect(readable('plain')).toBe('plain');
  });
});
