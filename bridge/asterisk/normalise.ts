/**
 * Asterisk's events become facts about channels. Nothing but the table is read or changed, so what a call looked like can
 * be proved on recorded events.
 */
import type { ChannelFact } from '../protocol/events.ts';
import type { AmiMessage } from './ami/message.ts';
import type { Channel, ChannelTable } from './channels.ts';
import { callIdOf, channelId, describeChannel, dialledNumber, isSpy, plain } from './names.ts';

/** Adds one event to the table and says what of it the edge has to know. Events that say nothing of a call: nothing. */
export function normalise(table: ChannelTable, event: AmiMessage): ChannelFact[] {
  const apply = RULES[event.Event ?? ''];
  if (!apply) return [];
  const facts = apply(table, event);
  // Somebody who listens to a call makes a channel of its own, which is no call.
  return facts.filter(({ linkedid }) => !isSpy(linkedid));
}

type Rule = (table: ChannelTable, event: AmiMessage) => ChannelFact[];

const RULES: Record<string, Rule | undefined> = {
  Newchannel: (table, event) => known(table, event)?.facts ?? [],

  Newstate: (table, event) => {
    const found = known(table, event);
    if (!found) return [];
    const { channel, facts } = found;
    if (event.ChannelStateDesc === 'Ringing') channel.rang = true;
    return [...facts, ...upIfSo(table, channel, event.ChannelState)];
  },

  NewCallerid: callerChanged,
  NewConnectedLine: callerChanged,

  Rename: (table, event) => {
    const channel = table.get(channelId(event.Uniqueid ?? ''));
    if (channel && event.Newname !== undefined) table.rename(channel, event.Newname);
    return [];
  },

  DialBegin: (table, event) => {
    // A channel that was originated is rung by nobody's channel; its being there says as much.
    if (event.Uniqueid === undefined || event.DestUniqueid === undefined) return [];
    const found = known(table, event);
    const dest = known(table, event, 'Dest');
    if (!found || !dest) return [];
    const { channel } = found;
    channel.dialled = plain(dialledNumber(event.DialString ?? ''));
    return [
      ...found.facts,
      ...dest.facts,
      {
        ...about(table, channel),
        what: 'dial',
        dest_uniqueid: dest.channel.uniqueid,
        dest_channel: plain(dest.channel.name),
        dest_kind: dest.channel.kind,
        dest_endpoint: plain(dest.channel.endpoint),
        dialled: channel.dialled,
      },
    ];
  },

  DialEnd: (table, event) => {
    if (event.Uniqueid === undefined || event.DestUniqueid === undefined) return [];
    const found = known(table, event);
    if (!found) return [];
    return [
      ...found.facts,
      {
        ...about(table, found.channel),
        what: 'dial_end',
        dest_uniqueid: channelId(event.DestUniqueid),
        status: plain(event.DialStatus).slice(0, 40),
      },
    ];
  },

  BridgeEnter: (table, event) => {
    const found = known(table, event);
    if (!found || event.BridgeUniqueid === undefined) return [];
    const { channel, facts } = found;
    channel.bridge = channelId(event.BridgeUniqueid);
    return [
      ...facts,
      ...upIfSo(table, channel, event.ChannelState),
      { ...about(table, channel), what: 'enter', bridge: channel.bridge },
    ];
  },

  BridgeLeave: (table, event) => {
    const channel = table.get(channelId(event.Uniqueid ?? ''));
    if (!channel || event.BridgeUniqueid === undefined) return [];
    relink(channel, event.Linkedid);
    const bridge = channelId(event.BridgeUniqueid);
    if (channel.bridge === bridge) channel.bridge = null;
    return [{ ...about(table, channel), what: 'leave', bridge }];
  },

  BlindTransfer: (table, event) =>
    transferred(table, event.TransfererUniqueid, false, event.Result, event.Extension),

  AttendedTransfer: (table, event) =>
    transferred(
      table,
      event.OrigTransfererUniqueid,
      true,
      event.Result,
      describeChannel(event.TransferTargetChannel ?? '', table.names).endpoint,
    ),

  Hangup: (table, event) => {
    const channel = table.get(channelId(event.Uniqueid ?? ''));
    if (!channel) return [];
    relink(channel, event.Linkedid);
    table.remove(channel);
    return [
      {
        ...about(table, channel),
        what: 'gone',
        cause: Number(event.Cause ?? 0) || 0,
        cause_text: plain(event['Cause-txt']),
        last: table.ofCall(channel.linkedid).length === 0,
      },
    ];
  },
};

/** What every fact says of its channel. */
export const about = (table: ChannelTable, channel: Channel) => ({
  pbx: table.names.pbx,
  uniqueid: channel.uniqueid,
  linkedid: channel.linkedid,
  channel: plain(channel.name),
  kind: channel.kind,
  endpoint: plain(channel.endpoint),
});

/**
 * The channel an event tells of, with the fact that it is new if it was not known: events may be filtered on the PBX,
 * and ours begin in the middle of calls. Undefined for one that is gone: what comes late must not bring it back.
 */
function known(
  table: ChannelTable,
  event: AmiMessage,
  prefix: '' | 'Dest' = '',
): { channel: Channel; facts: ChannelFact[] } | undefined {
  const uniqueid = channelId(event[`${prefix}Uniqueid`] ?? '');
  const name = event[`${prefix}Channel`];
  if (uniqueid === '' || name === undefined || table.isPast(uniqueid)) return undefined;
  const there = table.get(uniqueid);
  if (there) {
    relink(there, event[`${prefix}Linkedid`]);
    return { channel: there, facts: [] };
  }
  const channel = table.add(uniqueid, channelId(event[`${prefix}Linkedid`] ?? uniqueid), name);
  channel.caller = plain(event[`${prefix}CallerIDNum`]);
  channel.connected = plain(event[`${prefix}ConnectedLineNum`]);
  const facts = [
    appeared(table, channel, plain(event[`${prefix}Context`]), plain(event[`${prefix}Exten`])),
    ...upIfSo(table, channel, event[`${prefix}ChannelState`]),
  ];
  return { channel, facts };
}

export function appeared(table: ChannelTable, channel: Channel, context: string, exten: string): ChannelFact {
  const callId = callIdOf(channel.linkedid);
  return {
    ...about(table, channel),
    what: 'new',
    caller: channel.caller,
    context,
    exten,
    ...(callId !== undefined && { call_id: callId }),
  };
}

/** A call's id changes for some of its channels when two calls become one; each event has the newest. */
function relink(channel: Channel, linkedid: string | undefined): void {
  if (linkedid !== undefined && linkedid !== '') channel.linkedid = channelId(linkedid);
}

const UP = '6';

export function upIfSo(table: ChannelTable, channel: Channel, state: string | undefined): ChannelFact[] {
  if (state !== UP || channel.up) return [];
  channel.up = true;
  return [{ ...about(table, channel), what: 'up' }];
}

function callerChanged(table: ChannelTable, event: AmiMessage): ChannelFact[] {
  const found = known(table, event);
  if (!found) return [];
  const { channel, facts } = found;
  const caller = plain(event.CallerIDNum);
  const connected = plain(event.ConnectedLineNum);
  if (caller === channel.caller && connected === channel.connected) return facts;
  channel.caller = caller;
  channel.connected = connected;
  return [...facts, { ...about(table, channel), what: 'caller', caller, connected }];
}

function transferred(
  table: ChannelTable,
  uniqueid: string | undefined,
  attended: boolean,
  result: string | undefined,
  to: string | undefined,
): ChannelFact[] {
  const channel = table.get(channelId(uniqueid ?? ''));
  if (!channel) return [];
  return [{ ...about(table, channel), what: 'transfer', attended, result: plain(result), to: plain(to) }];
}
