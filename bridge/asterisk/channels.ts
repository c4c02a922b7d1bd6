/** The channels there are, as the manager interface told of them. Filled by `normalise.ts` and `sync.ts` only. */
import { describeChannel, type ChannelKind, type Names } from './names.ts';

export interface Channel {
  uniqueid: string;
  linkedid: string;
  /** `PJSIP/150-00000012`. */
  name: string;
  kind: ChannelKind;
  endpoint: string;
  up: boolean;
  /** It rang before anybody answered. */
  rang: boolean;
  caller: string;
  connected: string;
  bridge: string | null;
  /** Whom it dialled last; empty before. */
  dialled: string;
}

/** What stays known of a channel that is gone: its CDR may come after its end. */
export type Past = Pick<Channel, 'linkedid' | 'dialled'>;

const PAST_KEPT = 5_000;

export class ChannelTable {
  readonly #live = new Map<string, Channel>();
  /** In the order of their ends. */
  readonly #past = new Map<string, Past>();
  readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }

  get(uniqueid: string): Channel | undefined {
    return this.#live.get(uniqueid);
  }

  isPast(uniqueid: string): boolean {
    return this.#past.has(uniqueid);
  }

  /** Of a channel that is there or was there not long ago. */
  recall(uniqueid: string): Past | undefined {
    return this.#live.get(uniqueid) ?? this.#past.get(uniqueid);
  }

  all(): Channel[] {
    return [...this.#live.values()];
  }

  ofCall(linkedid: string): Channel[] {
    return this.all().filter((channel) => channel.linkedid === linkedid);
  }

  byName(name: string): Channel | undefined {
    return this.all().find((channel) => channel.name === name);
  }

  add(uniqueid: string, linkedid: string, name: string): Channel {
    const channel: Channel = {
      uniqueid,
      linkedid,
      name,
      ...describeChannel(name, this.names),
      up: false,
      rang: false,
      caller: '',
      connected: '',
      bridge: null,
      dialled: '',
    };
    this.#live.set(uniqueid, channel);
    this.#past.delete(uniqueid);
    return channel;
  }

  rename(channel: Channel, name: string): void {
    channel.name = name;
    Object.assign(channel, describeChannel(name, this.names));
  }

  remove(channel: Channel): void {
    this.#live.delete(channel.uniqueid);
    this.#past.set(channel.uniqueid, { linkedid: channel.linkedid, dialled: channel.dialled });
    if (this.#past.size > PAST_KEPT) {
      const [oldest = ''] = this.#past.keys();
      this.#past.delete(oldest);
    }
  }

  /**
   * Who talks with this channel: the other end of its bridge. Local channels between the two, which stay when their
   * dial string ends in `/n` or no sound flows, are walked through.
   */
  peerOf(channel: Channel): Channel | undefined {
    const seen = new Set<Channel>();
    let here: Channel | undefined = channel;
    while (here && !seen.has(here)) {
      seen.add(here);
      const { bridge }: Channel = here;
      if (bridge === null) return undefined;
      const other: Channel | undefined = this.all().find((one) => one.bridge === bridge && !seen.has(one));
      if (!other || other.kind !== 'local') return other;
      seen.add(other);
      here = this.byName(otherHalf(other.name));
      // The application of the other half is the end of it, if it is in no bridge: nobody to be had.
    }
    return undefined;
  }
}

/** `Local/150@office-00000003;1` and `…;2` are the two ends of one. */
const otherHalf = (name: string): string =>
  name.endsWith(';1') ? `${name.slice(0, -1)}2` : `${name.slice(0, -1)}1`;
