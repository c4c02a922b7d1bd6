/** Reloads one module of the configuration's list. */
import { Refusal, type Handlers } from '../../part.ts';
import { reloaded } from '../parsers/reload.ts';
import type { Hosts } from './hosts.ts';

export const reloadVerb = (hosts: Hosts): Handlers => ({
  'pbx.reload': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    if (!host.config.modules.includes(args.module)) {
      throw new Refusal('FORBIDDEN', `module "${args.module}" is not in the bridge's configuration`);
    }
    const output = (await host.cli.run(['module', 'reload', args.module], signal)).trim().slice(0, 2_000);
    if (!reloaded(output)) throw new Refusal('PBX_REFUSED', output || 'Asterisk said nothing');
    return { output };
  },
});
