/** Ends a call: every channel of it. */
import { Refusal, type Handlers } from '../../part.ts';
import { amiText } from '../ami/message.ts';
import type { Hosts } from './hosts.ts';

const NORMAL_CLEARING = 16;

export const hangupVerb = (hosts: Hosts): Handlers => ({
  'pbx.hangup': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    // Asked before the table is, which may be of a time before the connection broke.
    const { session } = host.ami;
    let channels = 0;
    for (const { name } of host.channels.ofCall(args.linkedid)) {
      const { Response, Message = '' } = await session.action(
        'Hangup',
        { Channel: amiText(name), Cause: amiText(NORMAL_CLEARING) },
        signal,
      );
      if (Response === 'Success') channels++;
      // The end of one channel ends others before they are asked for.
      else if (!/no such channel/i.test(Message)) {
        throw new Refusal('PBX_REFUSED', `Asterisk did not hang up: ${Message}`);
      }
    }
    return { channels };
  },
});
