/** The health of the machine the bridge runs on: its load, its network, its USB hubs. */
import type { HostConfig } from '../config.ts';
import type { BridgeServices, CheckRow, Part } from '../part.ts';
import { Load } from './load.ts';
import { readHubs, type AtUsb } from './usb.ts';

/** What the host's readings take from elsewhere in the process. */
export interface HostSources {
  /** Which slot is at a USB port. Absent: no phones are driven from here. */
  atUsb?: AtUsb;
}

export function createHost(
  config: HostConfig,
  services: Pick<BridgeServices, 'now'>,
  { atUsb = () => null }: HostSources = {},
): Part {
  const load = new Load(config.procfs);
  const hubs = (): { hubs: ReturnType<typeof readHubs> } | { hubs: null; hubs_why: string } => {
    try {
      return { hubs: readHubs(config.sysfs, atUsb) };
    } catch (error) {
      return { hubs: null, hubs_why: (error instanceof Error ? error.message : String(error)).slice(0, 200) };
    }
  };
  return {
    name: 'host',
    handlers: {},
    start: () => undefined,
    stop: () => Promise.resolve(),
    readings: async () => ({ at: services.now(), host: load.read(), ...hubs() }),
    check: async () => [loadRow(load, config.procfs), hubsRow(hubs())],
  };
}

function loadRow(load: Load, procfs: string): CheckRow {
  const { ram, ram_total_mb, why } = load.read();
  if (ram !== null) return { what: 'host load', ok: true, found: `${ram} % of ${ram_total_mb} MB in use` };
  return {
    what: 'host load',
    ok: 'warn',
    found: why.ram ?? 'not known',
    remedy: `Set procfs in [host]; it is ${procfs}. Everything else works without.`,
  };
}

function hubsRow(read: { hubs: ReturnType<typeof readHubs> } | { hubs: null; hubs_why: string }): CheckRow {
  if (read.hubs === null) {
    return {
      what: 'USB hubs',
      ok: 'warn',
      found: read.hubs_why,
      remedy: 'In a container: mount the host’s /sys and set sysfs in [host]. Phones work without.',
    };
  }
  const ports = read.hubs.reduce((sum, { total }) => sum + total, 0);
  return { what: 'USB hubs', ok: true, found: `${read.hubs.length} hubs, ${ports} ports` };
}
