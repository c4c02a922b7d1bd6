/** The channels there are, asked of Asterisk now. */
import type { z } from 'zod';
import type { Handlers } from '../../part.ts';
import type { ChannelView } from '../../protocol/pbx.ts';
import type { AmiMessage } from '../ami/message.ts';
import { describeChannel, plain, type Names } from '../names.ts';
import type { Hosts } from './hosts.ts';

/** `01:02:03` in seconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d)$/.exec(text) ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

const view = (row: AmiMessage, names: Names): z.output<typeof ChannelView> => ({
  uniqueid: plain(row.Uniqueid),
  linkedid: plain(row.Linkedid),
  channel: plain(row.Channel),
  ...describeChannel(row.Channel ?? '', names),
  state: plain(row.ChannelStateDesc),
  caller: plain(row.CallerIDNum),
  connected: plain(row.ConnectedLineNum),
  context: plain(row.Context),
  exten: plain(row.Exten),
  application: plain(row.Application),
  seconds: parseDuration(row.Duration ?? ''),
  bridge: plain(row.BridgeId),
});

export const channelsVerb = (hosts: Hosts): Handlers => ({
  'pbx.channels': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const rows = await host.ami.session.list('CoreShowChannels', {}, signal);
    return { channels: rows.map((row) => view(row, host.channels.names)) };
  },
});
