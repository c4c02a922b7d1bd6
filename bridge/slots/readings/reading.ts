/** One slot's reading of the output of `READINGS_LINE`. A value that can't be had is null, and `why` says why. */
import type { SlotReading } from '../../protocol/readings.ts';
import { parseBattery } from './battery.ts';
import { networkOf } from './network.ts';
import { sectionsOf } from './sections.ts';
import { parseSignal } from './signal.ts';
import { cpuBetween, parseCpuTicks, parseMemory, parseStorage, type CpuTicks } from '../../lib/procfs.ts';

const refused = (text: string): string | null =>
  /permission|denied|not allowed|can't find service|inaccessible|no such file/i.test(text)
    ? (text.trim().split('\n')[0] ?? '').slice(0, 150)
    : null;

export function readingOf(
  slot: string,
  output: string,
  context: { at: number; latencyMs: number | null; before: CpuTicks | null },
): { reading: SlotReading; ticks: CpuTicks | null } {
  const sections = sectionsOf(output);
  const battery = parseBattery(sections.battery);
  const ticks = parseCpuTicks(sections.cpu);
  const network = networkOf(sections.operator, sections.network);
  const values = {
    battery: battery.level,
    temperature: battery.temperature,
    signal: parseSignal(sections.signal),
    network,
    cpu: ticks && cpuBetween(context.before, ticks),
    ram: parseMemory(sections.memory)?.used ?? null,
    storage: parseStorage(sections.storage),
    latency_ms: context.latencyMs === null ? null : Math.round(context.latencyMs * 10) / 10,
  };
  const reasons: Record<keyof typeof values, string> = {
    battery: refused(sections.battery) ?? 'The phone reports no battery.',
    temperature: refused(sections.battery) ?? 'The phone reports no temperature.',
    signal:
      refused(sections.signal) ??
      (network === null ? 'No SIM, or it is in no network.' : 'The phone reports no signal strength.'),
    network: 'No SIM, or it is in no network.',
    cpu: ticks
      ? 'The load is known from the second reading on.'
      : (refused(sections.cpu) ?? 'The phone does not show /proc/stat.'),
    ram: refused(sections.memory) ?? 'The phone does not show /proc/meminfo.',
    storage: refused(sections.storage) ?? 'The phone does not say how full /data is.',
    latency_ms: 'The phone answered nothing.',
  };
  const missing = (Object.keys(values) as (keyof typeof values)[]).filter((name) => values[name] === null);
  const why = Object.fromEntries(missing.map((name) => [name, reasons[name].slice(0, 200)]));
  return { reading: { slot, at: context.at, ...values, why }, ticks };
}

/** The reading of a slot that can't be asked now. */
export function noReading(slot: string, at: number, reason: string): SlotReading {
  const names = [
    'battery',
    'temperature',
    'signal',
    'network',
    'cpu',
    'ram',
    'storage',
    'latency_ms',
  ] as const;
  const empty = {
    battery: null,
    temperature: null,
    signal: null,
    network: null,
    cpu: null,
    ram: null,
    storage: null,
    latency_ms: null,
  };
  return { slot, at, ...empty, why: Object.fromEntries(names.map((name) => [name, reason.slice(0, 200)])) };
}
