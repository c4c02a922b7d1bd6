import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostReading } from '../protocol/readings.ts';
import { createHost } from './index.ts';
import { Load, parseTraffic } from './load.ts';

let procfs: string;
beforeEach(() => {
  procfs = mkdtempSync(join(tmpdir(), 'trunkline-proc-'));
  mkdirSync(join(procfs, 'net'));
  write('meminfo', 'MemTotal:       16000000 kB\nMemFree:  1000 kB\nMemAvailable:   12000000 kB\n');
  write('uptime', '52320.77 100000.00\n');
  write('stat', 'cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0\n');
  write('net/dev', traffic(1_000_000, 500_000));
});
afterEach(() => rmSync(procfs, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(procfs, name), text);

const traffic = (received: number, sent: number): string =>
  `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 99999999  0    0    0    0     0          0         0 99999999     0    0    0    0     0       0          0
  eth0: ${received} 1900    0    0    0     0          0         0 ${sent}    1550    0    0    0     0       0          0
docker0: 5555555  0    0    0    0     0          0         0 5555555     0    0    0    0     0       0          0
`;

describe('the load of the host', () => {
  it('knows rates from the second reading on, and says so', () => {
    let now = 0;
    const load = new Load(procfs, () => now);
    const first = load.read();
    expect(first).toMatchObject({
      cpu: null,
      ram: 25,
      ram_total_mb: 15_625,
      uptime_sec: 52_320,
      bandwidth_mbps: null,
    });
    expect(Object.keys(first.why).sort()).toEqual(['bandwidth_mbps', 'cpu', 'latency_ms']);
    now = 10_000;
    write('stat', 'cpu  150 0 150 1000 0 0 0 0 0 0\n');
    write('net/dev', traffic(1_000_000 + 2_000_000, 500_000 + 500_000));
    expect(load.read()).toMatchObject({
      cpu: 33.3,
      bandwidth_mbps: 2,
      latency_ms: null,
      why: { latency_ms: expect.stringContaining('tunnel') },
    });
  });

  it('leaves out the traffic inside of the host', () => {
    expect(parseTraffic(traffic(1, 2))).toBe(3);
    expect(parseTraffic('Inter-|\n lo: 1 2 3 4 5 6 7 8 9 10\n')).toBeNull();
  });

  it('is null with the reason where nothing can be read, never a number', () => {
    rmSync(procfs, { recursive: true });
    mkdirSync(procfs);
    const reading = HostReading.parse(new Load(procfs).read());
    expect(reading).toMatchObject({ cpu: null, ram: null, uptime_sec: null, bandwidth_mbps: null });
    expect(reading.why.uptime_sec).toContain('uptime');
    expect(reading.rss_mb).toBeGreaterThan(10);
  });
});

describe('the host part', () => {
  it('tells why there are no hubs, and what to do in its check', async () => {
    const config = { procfs, sysfs: join(procfs, 'nowhere') };
    const host = createHost(config, { now: () => 5 });
    const readings = await host.readings?.();
    expect(readings).toMatchObject({ at: 5, hubs: null, hubs_why: expect.stringContaining('no USB') });
    const rows = await host.check();
    expect(rows.map(({ ok }) => ok)).toEqual([true, 'warn']);
    expect(rows[1]?.remedy).toContain('/sys');
  });
});
