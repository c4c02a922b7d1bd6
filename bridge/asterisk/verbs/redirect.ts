/** Sends one party of a live call elsewhere. */
import { Refusal, type Handlers } from '../../part.ts';
import type { ParsedArgs } from '../../protocol/verbs.ts';
import { amiText } from '../ami/message.ts';
import type { Channel } from '../channels.ts';
import type { AsteriskHost } from '../host.ts';
import { contextOf, dialled, type Hosts } from './hosts.ts';

/** One that talks before one that rings. */
const best = (channels: Channel[]): Channel | undefined =>
  channels.find(({ bridge }) => bridge !== null) ?? channels.find(({ up }) => up) ?? channels[0];

function legOf(host: AsteriskHost, args: ParsedArgs<'pbx.redirect'>): Channel | undefined {
  const channels = host.channels.ofCall(args.linkedid);
  const inside = channels.filter(
    ({ kind, endpoint }) =>
      kind === 'extension' && (args.extension === undefined || endpoint === args.extension),
  );
  switch (args.leg) {
    case 'inside':
      return best(inside);
    case 'outside':
      return (
        best(channels.filter(({ kind }) => kind === 'trunk')) ??
        best(channels.filter(({ kind }) => kind === 'other'))
      );
    case 'peer_of': {
      if (args.extension === undefined) {
        throw new Refusal('INVALID_ARGS', 'whose peer: the extension is missing');
      }
      const own = best(inside);
      return own && host.channels.peerOf(own);
    }
  }
}

export const redirectVerb = (hosts: Hosts): Handlers => ({
  'pbx.redirect': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const context = contextOf(host, args.context);
    const to = dialled(args.to);
    // Without a session the table is of a time before.
    void host.ami.session;
    const channel = legOf(host, args);
    if (!channel) throw new Refusal('NOT_FOUND', 'the call has no such party any more');
    if (args.unanswered && channel.bridge !== null) {
      throw new Refusal('PBX_REFUSED', 'the call is answered already');
    }
    const { Response, Message = '' } = await host.act(
      'Redirect',
      {
        Channel: amiText(channel.name),
        Context: amiText(context),
        Exten: amiText(to),
        Priority: amiText(1),
      },
      signal,
    );
    if (Response !== 'Success') {
      const gone = /does not exist|no such channel/i.test(Message) && !/extension/i.test(Message);
      throw new Refusal(gone ? 'NOT_FOUND' : 'PBX_REFUSED', `Asterisk did not redirect: ${Message}`);
    }
    return { channel: channel.name };
  },
});
