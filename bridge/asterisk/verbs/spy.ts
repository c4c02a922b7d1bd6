/** Lets an extension listen to another one's call. */
import { Refusal, type Handlers } from '../../part.ts';
import { amiText } from '../ami/message.ts';
import { SPY_PREFIX } from '../names.ts';
import { extensionOf, type Hosts } from './hosts.ts';
import { newChannelId, originate } from './originate.ts';

/**
 * Options of ChanSpy: `q` no announcement, `w` the listener's voice goes to the extension, `B` to both. `E` ends it with
 * the call, `S` where the call is over before the listener answered: else silence would be listened to for ever.
 */
const OPTIONS = { listen: 'qES', whisper: 'qwES', barge: 'qBES' } as const;
const RINGS_SEC = 30;

export const spyVerb = (hosts: Hosts): Handlers => ({
  'pbx.spy': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const by = extensionOf(host, args.by);
    const extension = extensionOf(host, args.extension);
    void host.ami.session;
    const spied = host.channels
      .all()
      .find(
        ({ kind, endpoint, up, bridge }) =>
          kind === 'extension' && endpoint === extension && up && bridge !== null,
      );
    if (!spied) throw new Refusal('NOT_FOUND', `extension ${extension} is in no call`);
    const uniqueid = newChannelId(SPY_PREFIX);
    await originate(
      host,
      {
        uniqueid,
        extension: by,
        ringSec: RINGS_SEC,
        then: { Application: amiText('ChanSpy'), Data: amiText(`${spied.name},${OPTIONS[args.mode]}`) },
        variables: [`CALLERID(num)=${by}`, `CONNECTEDLINE(all,i)="${args.mode}" <${extension}>`],
      },
      signal,
    );
    return { uniqueid, spied: spied.name };
  },
});
