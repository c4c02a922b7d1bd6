/**
 * Calls that a trunk did not carry. Most end in DialEnd; where Asterisk can't even make a channel (nobody answers at the
 * carrier's address) there is none, and only the variable DIALSTATUS of the caller's channel tells.
 */
import type { AmiMessage } from './ami/message.ts';
import type { ChannelTable } from './channels.ts';
import { channelId } from './names.ts';
import type { Originates } from './originates.ts';
import { failedOverTrunk } from './trunks.ts';

export class DialWatch {
  readonly #channels: ChannelTable;
  readonly #originates: Originates;
  readonly #trunkFailed: (trunk: string) => void;
  /** Cause with which a dialled channel was refused, until its DialEnd. */
  readonly #causes = new Map<string, number>();
  /** Dial string of the Dial a channel is in, until a channel was made for it. */
  readonly #dialling = new Map<string, string>();
  /** Why a channel's last Dial made no channel. A dialplan may try another trunk, so it counts when it hangs up. */
  readonly #unreached = new Map<string, string>();

  constructor(channels: ChannelTable, originates: Originates, trunkFailed: (trunk: string) => void) {
    this.#channels = channels;
    this.#originates = originates;
    this.#trunkFailed = trunkFailed;
  }

  /** A channel that is about to be made will run Dial by itself: no event of the dialplan says so. */
  expect(uniqueid: string, dialString: string): void {
    this.#dialling.set(uniqueid, dialString);
  }

  /** Before the table takes the event. */
  hear(event: AmiMessage): void {
    const uniqueid = channelId(event.Uniqueid ?? '');
    switch (event.Event) {
      case 'Newexten':
        if (event.Application === 'Dial') this.#dialling.set(uniqueid, event.AppData ?? '');
        break;
      case 'DialBegin':
        this.#dialling.delete(uniqueid);
        this.#unreached.delete(uniqueid);
        break;
      case 'VarSet':
        if (event.Variable === 'DIALSTATUS') this.#dialStatus(uniqueid, event.Value ?? '');
        break;
      case 'HangupRequest': {
        const channel = this.#channels.get(uniqueid);
        if (channel?.kind === 'trunk' && !channel.up) this.#causes.set(uniqueid, Number(event.Cause) || 0);
        break;
      }
      case 'DialEnd': {
        const dest = this.#channels.get(channelId(event.DestUniqueid ?? ''));
        if (dest?.kind !== 'trunk') break;
        const cause = this.#causes.get(dest.uniqueid) ?? null;
        if (failedOverTrunk(event.DialStatus ?? '', dest.rang, cause)) this.#trunkFailed(dest.endpoint);
        break;
      }
      case 'Hangup':
        this.#gone(uniqueid);
        break;
    }
  }

  /** The session broke: what was going on is not known any more. */
  clear(): void {
    for (const map of [this.#causes, this.#dialling, this.#unreached]) map.clear();
  }

  #dialStatus(uniqueid: string, status: string): void {
    if (status !== 'CHANUNAVAIL' && status !== 'CONGESTION') return;
    const dialString = this.#dialling.get(uniqueid);
    // Where a channel was made, its DialEnd has told.
    if (dialString === undefined) return;
    this.#dialling.delete(uniqueid);
    this.#unreached.set(uniqueid, `the number can't be reached: ${status}`);
    const targets = dialString.split(',')[0]?.split('&') ?? [];
    for (const trunk of this.#channels.names.trunks) {
      if (targets.some((target) => target.endsWith(`@${trunk}`) || target.includes(`/${trunk}/`)))
        this.#trunkFailed(trunk);
    }
  }

  #gone(uniqueid: string): void {
    const reason = this.#unreached.get(uniqueid);
    const linkedid = this.#channels.get(uniqueid)?.linkedid;
    if (reason !== undefined && linkedid !== undefined) this.#originates.outgoingFailed(linkedid, reason);
    this.#causes.delete(uniqueid);
    this.#dialling.delete(uniqueid);
    this.#unreached.delete(uniqueid);
  }
}
