/** The host's load, read from procfs. Rates are between one reading and the next. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuBetween, parseCpuTicks, parseMemory, type CpuTicks } from '../lib/procfs.ts';
import type { HostReading } from '../protocol/readings.ts';

/** Traffic inside the host, and what passes a real interface as well: it would count double. */
const INSIDE =
  /^(lo|veth.*|docker.*|br-.*|virbr.*|vnet.*|cni.*|flannel.*|cali.*|tun.*|tap.*|wg.*|dummy.*|ifb.*)$/;

/** Bytes in and out of the host's interfaces, of `/proc/net/dev`; null when it names none. */
export function parseTraffic(text: string): number | null {
  let bytes = 0;
  let found = false;
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s:]+):\s*(.+)$/.exec(line);
    if (!match || INSIDE.test(match[1] ?? '')) continue;
    const fields = (match[2] ?? '').trim().split(/\s+/).map(Number);
    if (fields.length < 9) continue;
    found = true;
    bytes += (fields[0] ?? 0) + (fields[8] ?? 0);
  }
  return found ? bytes : null;
}

interface Before {
  cpu: CpuTicks | null;
  traffic: { bytes: number; at: number } | null;
}

export class Load {
  readonly #procfs: string;
  readonly #clock: () => number;
  #before: Before = { cpu: null, traffic: null };

  /** `clock` in ms, monotonic. */
  constructor(procfs: string, clock: () => number = () => performance.now()) {
    this.#procfs = procfs;
    this.#clock = clock;
  }

  read(): HostReading {
    // The tunnel knows its own round trip, and puts it in where it was measured.
    const why: Record<string, string> = { latency_ms: 'The tunnel was not up long enough to be measured.' };
    const memory = this.#parsed('meminfo', parseMemory, 'ram', why);
    if (memory === null && why.ram !== undefined) why.ram_total_mb = why.ram;
    const cpu = this.#cpu(why);
    const uptime = this.#parsed('uptime', parseUptime, 'uptime_sec', why);
    const bandwidth = this.#bandwidth(why);
    return {
      cpu,
      ram: memory?.used ?? null,
      ram_total_mb: memory?.totalMb ?? null,
      uptime_sec: uptime,
      rss_mb: Math.round((process.memoryUsage.rss() / 1_048_576) * 10) / 10,
      latency_ms: null,
      bandwidth_mbps: bandwidth,
      why,
    };
  }

  #cpu(why: Record<string, string>): number | null {
    const now = this.#parsed('stat', parseCpuTicks, 'cpu', why);
    if (now === null) return null;
    const load = cpuBetween(this.#before.cpu, now);
    this.#before.cpu = now;
    if (load === null) why.cpu = 'The load is known from the second reading on.';
    return load;
  }

  #bandwidth(why: Record<string, string>): number | null {
    const bytes = this.#parsed('net/dev', parseTraffic, 'bandwidth_mbps', why);
    if (bytes === null) return null;
    const at = this.#clock();
    const before = this.#before.traffic;
    this.#before.traffic = { bytes, at };
    if (before === null || at <= before.at || bytes < before.bytes) {
      why.bandwidth_mbps = 'The bandwidth is known from the second reading on.';
      return null;
    }
    return Math.round((((bytes - before.bytes) * 8) / 1_000 / (at - before.at)) * 100) / 100;
  }

  #parsed<T>(
    name: string,
    parse: (text: string) => T | null,
    field: string,
    why: Record<string, string>,
  ): T | null {
    const file = join(this.#procfs, name);
    try {
      const value = parse(readFileSync(file, 'utf8'));
      if (value === null) why[field] = `${file} is not as expected.`;
      return value;
    } catch (error) {
      why[field] = `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`.slice(
        0,
        200,
      );
      return null;
    }
  }
}

const parseUptime = (text: string): number | null => {
  const seconds = /^(\d+(?:\.\d+)?)\s/.exec(text)?.[1];
  return seconds === undefined ? null : Math.floor(Number(seconds));
};
