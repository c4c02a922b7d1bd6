import type { HostReading, HubReading } from '../../../bridge/protocol/readings.ts';
import type { SlotPhone } from './slots.ts';

/** The machine a simulated bridge pretends to run on; one reading can't be had, as on a real one without a counter. */
export function hostReading(beat: number): HostReading {
  return {
    cpu: 12 + ((beat * 7) % 30),
    ram: 41,
    ram_total_mb: 7_964,
    uptime_sec: 52_320 + beat * 15,
    rss_mb: 96,
    latency_ms: 11 + (beat % 4),
    bandwidth_mbps: null,
    why: { bandwidth_mbps: 'no network interface is up but loopback' },
  };
}

/** One hub of seven ports: the phones, a charging cable, and nothing in the rest. */
export function hubReadings(phones: readonly SlotPhone[]): HubReading[] {
  const ports = Array.from({ length: 7 }, (_, index): HubReading['ports'][number] => {
    const phone = phones[index];
    if (phone?.plugged)
      return {
        port: index + 1,
        state: phone.status === 'UNAUTHORIZED' ? 'unauthorized' : 'online',
        slot: phone.key,
      };
    return { port: index + 1, state: index === 5 ? 'charge_only' : 'empty', slot: null };
  });
  return [
    {
      hub: '1-1',
      name: 'Simulated hub, 7 ports',
      total: ports.length,
      online: ports.filter(({ state }) => state === 'online').length,
      ports,
    },
  ];
}
