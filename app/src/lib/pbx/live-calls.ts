import type { Channel } from './model';

/** The channels of one call: Asterisk gives all of them the same linkedid. */
export interface LiveCall {
  linkedid: string;
  pbx: string;
  bridgeId: string;
  /** The call as the rest of the app knows it; null of one it does not know (yet). */
  callId: string | null;
  channels: Channel[];
  /** The party outside, where there is one. */
  outside: Channel | null;
  /** The extension, where there is one; the first of several. */
  inside: Channel | null;
  /** Two parties hear each other. */
  talking: boolean;
  /** Seconds of the longest channel; null where Asterisk said none. */
  seconds: number | null;
}

/** Groups channels into calls, the longest first. Local channels are how Asterisk is built, not parties. */
export function liveCalls(channels: readonly Channel[]): LiveCall[] {
  const groups = Map.groupBy(channels, (channel) => `${channel.pbx} ${channel.linkedid}`);
  return [...groups.values()]
    .map((own) => {
      const parties = own.filter(({ kind }) => kind !== 'local');
      const bridged = parties.filter(({ bridge }) => bridge !== '');
      const times = own.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
      return {
        linkedid: own[0]?.linkedid ?? '',
        pbx: own[0]?.pbx ?? '',
        bridgeId: own[0]?.bridge_id ?? '',
        callId: own.find(({ call_id }) => call_id !== null)?.call_id ?? null,
        channels: own,
        outside: parties.find(({ kind }) => kind === 'trunk') ?? null,
        inside: parties.find(({ kind }) => kind === 'extension') ?? null,
        talking: bridged.length > 1 || (parties.length > 1 && parties.every(({ state }) => state === 'Up')),
        seconds: times.length === 0 ? null : Math.max(...times),
      };
    })
    .toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0) || a.linkedid.localeCompare(b.linkedid));
}

/** The numbers of a call as a person reads it: who rang whom. */
export function partiesOf({ outside, inside, channels }: LiveCall): { from: string; to: string } {
  const first = channels.find(({ uniqueid, linkedid }) => uniqueid === linkedid) ?? channels[0];
  const one = inside?.endpoint ?? '';
  const other = outside?.caller || outside?.connected || inside?.connected || inside?.exten || '';
  return first?.kind === 'trunk'
    ? { from: other, to: one }
    : { from: one || (first?.caller ?? ''), to: other };
}
