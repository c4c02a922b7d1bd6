import { afterEach, expect, it, vi } from 'vitest';
import type { Logger, Part } from '../part.ts';
import { collectReadings } from './readings.ts';

afterEach(() => {
  vi.useRealTimers();
});

const warned: string[] = [];
const log: Logger = {
  info: () => undefined,
  warn: (_, fields) => warned.push(String(fields?.['of'])),
  error: () => undefined,
};
const part = (name: Part['name'], readings?: Part['readings']): Part => ({
  name,
  handlers: {},
  start: () => undefined,
  stop: () => Promise.resolve(),
  check: () => Promise.resolve([]),
  ...(readings && { readings }),
});
const host = {
  cpu: 1,
  ram: 2,
  ram_total_mb: 3,
  uptime_sec: 4,
  rss_mb: 5,
  latency_ms: null,
  bandwidth_mbps: null,
  why: { latency_ms: 'the tunnel knows it', bandwidth_mbps: 'no earlier reading' },
};

it('puts the parts together, with the latency that only the tunnel knows', async () => {
  const parts = [
    part('host', () => Promise.resolve({ host, hubs: null, hubs_why: 'no USB' })),
    part('asterisk'),
  ];
  expect(await collectReadings(parts, 7, 12.34, log)).toEqual({
    at: 7,
    host: { ...host, latency_ms: 12.3, why: { bandwidth_mbps: 'no earlier reading' } },
    hubs: null,
    hubs_why: 'no USB',
  });
  expect(await collectReadings(parts, 7, null, log)).toMatchObject({ host });
});

it('leaves out a part that fails, tells nonsense or does not answer, and says which', async () => {
  vi.useFakeTimers();
  warned.length = 0;
  const collected = collectReadings(
    [
      part('host', () => Promise.resolve({ host: { ...host, cpu: 300 } })),
      part('slots', () => Promise.reject(new Error('no adb'))),
      part('asterisk', () => new Promise(() => undefined)),
    ],
    7,
    1,
    log,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await collected).toEqual({ at: 7 });
  expect(warned.toSorted()).toEqual(['asterisk', 'host', 'slots']);
});
