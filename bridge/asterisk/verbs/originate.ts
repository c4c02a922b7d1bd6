/** Rings an extension and then, when it answers, a number. */
import { Refusal, type Handlers } from '../../part.ts';
import { amiText, type AmiText } from '../ami/message.ts';
import type { AsteriskHost } from '../host.ts';
import { ExtcallKeys } from '../extcall-keys.ts';
import { callIdArg, contextOf, dialled, extensionOf, ringing, type Hosts } from './hosts.ts';

/** How long the number dialled rings over a trunk that is named, seconds; otherwise the dialplan says. */
const OUTSIDE_RINGS_SEC = 60;

let counter = 0;
/**
 * An id of our own for a channel, of the form `[system-]<epoch>.<sequence>` that Asterisk compares ages by.
 * @param system before the dash: what the channel is recognised by later
 */
export const newChannelId = (system: string): string =>
  `${system}-${Math.floor(Date.now() / 1000)}.${(counter = (counter + 1) % 1_000_000)}`;

/** What both `pbx.originate` and `pbx.spy` ask of Asterisk. */
interface Wish {
  uniqueid: string;
  extension: string;
  ringSec: number;
  /** Where the answered extension goes: a place in the dialplan or one application. */
  then: { Context: AmiText; Exten: AmiText; Priority: AmiText } | { Application: AmiText; Data: AmiText };
  variables: string[];
}

/**
 * Asks Asterisk and resolves when the first channel is there.
 * @throws Refusal PBX_REFUSED when it could not be made, OUTCOME_UNKNOWN when the connection broke meanwhile
 */
export async function originate(host: AsteriskHost, wish: Wish, signal: AbortSignal): Promise<void> {
  const { uniqueid, extension, then } = wish;
  const actionId = host.ami.session.actionId();
  const first = host.originates.watch(actionId, uniqueid);
  if ('Application' in then && then.Application === 'Dial') host.dials.expect(uniqueid, then.Data);
  const channel = ringing(host, extension);
  const answer = await host.act(
    'Originate',
    {
      ActionID: actionId,
      Channel: amiText(channel),
      ...then,
      Timeout: amiText(wish.ringSec * 1000),
      Async: amiText('true'),
      ChannelId: amiText(uniqueid),
      // A Local channel has two ends; the second one gets an id that fits as well.
      ...(channel.startsWith('Local/') && { OtherChannelId: amiText(secondEnd(uniqueid)) }),
      Variable: wish.variables.map(amiText),
    },
    signal,
  );
  if (answer.Response !== 'Success') {
    host.originates.forget(actionId);
    throw new Refusal('PBX_REFUSED', `Asterisk refused the call: ${answer.Message ?? 'no reason given'}`);
  }
  const outcome = await Promise.race([first, ended(signal)]);
  if (outcome.is === 'failed') {
    throw new Refusal('PBX_REFUSED', `extension ${extension} can't be rung: ${outcome.reason}`);
  }
  if (outcome.is === 'unknown') {
    throw new Refusal(
      'OUTCOME_UNKNOWN',
      'the call was asked for, and Asterisk did not say what became of it',
    );
  }
}

const secondEnd = (uniqueid: string): string => uniqueid.replace(/\.(\d+)$/, '.9$1');

const ended = (signal: AbortSignal): Promise<{ is: 'unknown' }> =>
  new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ is: 'unknown' }), { once: true }),
  );

/** A display name between quotes, as one value of the list of variables: nothing that ends either is left in it. */
const display = (name: string): string =>
  name
    .replaceAll(/[,()[\]{}"'\\$;&]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

export const originateVerb = (hosts: Hosts): Handlers => ({
  'pbx.originate': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const from = extensionOf(host, args.from);
    const trunk = host.config.trunks.find(({ name }) => name === args.trunk);
    if (args.trunk !== undefined && !trunk) {
      throw new Refusal('FORBIDDEN', `trunk "${args.trunk}" is not in the bridge's configuration`);
    }
    const to = dialled(args.to);
    const callId = callIdArg(args.call_id);
    const uniqueid = newChannelId(callId);
    const keys = host.config.extcall_keys ? new ExtcallKeys(host, from) : null;
    // Right before: whoever rings the extension next is shown by them.
    await keys?.put(to, args.caller_name, signal);
    const ring = originate(
      host,
      {
        uniqueid,
        extension: from,
        ringSec: args.ring_sec,
        then: trunk
          ? {
              Application: amiText('Dial'),
              Data: amiText(`${trunk.dial.replace('{number}', to)},${OUTSIDE_RINGS_SEC}`),
            }
          : { Context: amiText(contextOf(host)), Exten: amiText(to), Priority: amiText(1) },
        variables: [
          `__TRUNKLINE_CALL=${callId}`,
          // The one who calls, for the leg that goes out; and whom the extension's phone shows while it rings.
          `CALLERID(num)=${from}`,
          `CONNECTEDLINE(all,i)="${display(args.caller_name ?? '')}" <${to}>`,
        ],
      },
      signal,
    );
    await ring.catch(async (error: unknown) => {
      await keys?.remove();
      throw error;
    });
    return { pbx: host.name, uniqueid, linkedid: uniqueid };
  },
});
