/** How each PBX is. */
import type { Handlers } from '../../part.ts';
import type { AsteriskHost } from '../host.ts';
import { isSpy } from '../names.ts';
import { parseUptime } from '../parsers/uptime.ts';
import type { Hosts } from './hosts.ts';

async function uptimeOf(host: AsteriskHost, signal: AbortSignal): Promise<number | null> {
  if (!host.ami.up) return null;
  try {
    return parseUptime(await host.cli.run(['core', 'show', 'uptime', 'seconds'], signal));
  } catch {
    // Its connection broke just now; the state of it is part of the answer.
    return null;
  }
}

const callsOf = (host: AsteriskHost): number =>
  new Set(
    host.channels
      .all()
      .map(({ linkedid }) => linkedid)
      .filter((linkedid) => !isSpy(linkedid)),
  ).size;

export const statusVerb = (hosts: Hosts): Handlers => ({
  'pbx.status': async (_args, { signal }) => {
    const pbx = await Promise.all(
      hosts.all.map(async (host) => {
        const uptime_sec = await uptimeOf(host, signal);
        const { ssh, ami, version, error } = host.state;
        return {
          name: host.name,
          version,
          uptime_sec,
          ssh,
          ami,
          calls: host.ami.up ? callsOf(host) : null,
          error,
        };
      }),
    );
    return { pbx };
  },
});
