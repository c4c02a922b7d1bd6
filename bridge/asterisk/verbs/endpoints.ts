/** Endpoints and who is registered at them. */
import type { Handlers } from '../../part.ts';
import { parseEndpoints } from '../parsers/endpoints.ts';
import type { Hosts } from './hosts.ts';

export const endpointsVerb = (hosts: Hosts): Handlers => ({
  'pbx.endpoints': async (args, { signal }) => {
    const output = await hosts.get(args.pbx).cli.run(['pjsip', 'show', 'endpoints'], signal);
    return {
      endpoints: parseEndpoints(output).map(({ name, state, channels, contacts }) => ({
        name,
        state,
        channels,
        contacts: contacts.map(({ uri, status, rttMs }) => ({ uri, status, rtt_ms: rttMs })),
      })),
    };
  },
});
