/** Whether a place of the dialplan is there. */
import type { Handlers } from '../../part.ts';
import { hasExtension } from '../parsers/dialplan.ts';
import type { Hosts } from './hosts.ts';

export const dialplanVerb = (hosts: Hosts): Handlers => ({
  'pbx.dialplan': async ({ pbx, context, exten }, { signal }) => {
    const host = hosts.get(pbx);
    const output = await host.cli.run(['dialplan', 'show', context], signal);
    return { exists: hasExtension(output, context, exten) };
  },
});
