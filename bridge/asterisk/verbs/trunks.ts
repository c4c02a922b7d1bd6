/** Trunks of every PBX, looked at now; of one that can't be reached, what is known says so. */
import type { Handlers } from '../../part.ts';
import type { Hosts } from './hosts.ts';

export const trunksVerb = (hosts: Hosts): Handlers => ({
  'pbx.trunks': async (_args, { signal }) => {
    const views = await Promise.all(
      hosts.all.map(({ trunks }) => trunks.fresh(signal).catch(() => trunks.views)),
    );
    return { trunks: views.flat() };
  },
});
