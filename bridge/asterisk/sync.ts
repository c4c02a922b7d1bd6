/** What goes on in Asterisk now, after a time in which its events could not be heard. Pure. */
import type { BridgeEvent } from '../protocol/events.ts';
import type { AmiMessage } from './ami/message.ts';
import type { ChannelTable } from './channels.ts';
import { about, appeared, upIfSo } from './normalise.ts';
import { channelId, isSpy, plain } from './names.ts';

/** Most channels one `pbx.sync` may name. */
const MOST = 5_000;

/**
 * Brings the table to a list of `CoreShowChannel`, and tells the edge: which channels there are (others are gone), then
 * what it can't know of them.
 */
export function synchronise(table: ChannelTable, list: readonly AmiMessage[]): BridgeEvent[] {
  const present = new Set(list.map(({ Uniqueid = '' }) => channelId(Uniqueid)));
  for (const channel of table.all()) if (!present.has(channel.uniqueid)) table.remove(channel);

  const events: BridgeEvent[] = [];
  for (const row of list) {
    const uniqueid = channelId(row.Uniqueid ?? '');
    const before = table.get(uniqueid);
    const channel =
      before ?? table.add(uniqueid, channelId(row.Linkedid ?? uniqueid), row.Channel ?? uniqueid);
    if (row.Linkedid) channel.linkedid = channelId(row.Linkedid);
    if (row.Channel !== undefined && row.Channel !== channel.name) table.rename(channel, row.Channel);
    channel.caller = plain(row.CallerIDNum);
    channel.connected = plain(row.ConnectedLineNum);
    if (isSpy(channel.linkedid)) continue;

    const facts = before ? [] : [appeared(table, channel, plain(row.Context), plain(row.Exten))];
    if (!before && channel.connected !== '') {
      facts.push({
        ...about(table, channel),
        what: 'caller',
        caller: channel.caller,
        connected: channel.connected,
      });
    }
    facts.push(...upIfSo(table, channel, row.ChannelState));
    const bridge = row.BridgeId ? channelId(row.BridgeId) : null;
    if (bridge !== channel.bridge) {
      if (channel.bridge !== null)
        facts.push({ ...about(table, channel), what: 'leave', bridge: channel.bridge });
      if (bridge !== null) facts.push({ ...about(table, channel), what: 'enter', bridge });
      channel.bridge = bridge;
    }
    events.push(...facts.map((data): BridgeEvent => ({ kind: 'pbx.channel', data })));
  }
  const uniqueids = [...present].filter((id) => id !== '').slice(0, MOST);
  return [{ kind: 'pbx.sync', data: { pbx: table.names.pbx, uniqueids } }, ...events];
}
