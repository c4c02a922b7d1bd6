import { describe, expect, it } from 'vitest';
import { connectionLimits, openFilesLimit, UPSTREAM_CONNECTIONS } from './limits.ts';

describe('connection limits', () => {
  it.each([1_024, 4_096, 20_000, 200_000])('never let the runtime run out of %i descriptors', (files) => {
    const { clients, sockets } = connectionLimits(files);
    expect(clients).toBeGreaterThan(0);
    expect(clients).toBeLessThan(files);
    // Two descriptors for every connection of the runtime: those of requests, of WebSockets, and the line.
    if (files > 1_024) expect(2 * (sockets + UPSTREAM_CONNECTIONS + 1)).toBeLessThan(files);
  });

  it('hold 10,000 phones with 20,000 descriptors', () => {
    expect(connectionLimits(20_000).clients).toBeGreaterThan(10_000);
  });

  it('are read from the process, and small where they cannot be read', () => {
    expect(
      openFilesLimit(() => 'Max open files            4096                 20000                files'),
    ).toBe(4_096);
    expect(
      openFilesLimit(() => 'Max open files            unlimited            unlimited            files'),
    ).toBe(1_000_000);
    expect(
      openFilesLimit(() => {
        throw new Error('no /proc');
      }),
    ).toBe(1_024);
  });
});
