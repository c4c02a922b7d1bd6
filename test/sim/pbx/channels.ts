/** Invented calls as a bridge tells of them, channel by channel: what AMI shows of dialling, answering and bridging. */
import type { ChannelFact } from '../../../bridge/protocol/events';

type Kind = ChannelFact['kind'];

export interface Told {
  at: number;
  seq: number;
  fact: ChannelFact;
}

interface Made {
  uniqueid: string;
  linkedid: string;
  channel: string;
  kind: Kind;
  endpoint: string;
}

export const EPOCH = 1_760_000_000;
export const CUSTOMER = '+375290000001';

/** Tells one call; each fact is 100 ms after the one before it, `wait` adds to it. */
export class ChannelStory {
  readonly told: Told[] = [];
  readonly #channels = new Map<string, Made>();
  readonly #over = new Set<Made>();
  #at = EPOCH * 1000;
  #seq: number;
  readonly #linkedid: string;
  readonly #first: number;

  constructor(options: { callId?: string; first?: number; linkedid?: string; seq?: number } = {}) {
    this.#first = options.first ?? 100;
    this.#seq = options.seq ?? 0;
    this.#linkedid =
      options.linkedid ??
      `${options.callId === undefined ? '' : `${options.callId}-`}${EPOCH}.${this.#first}`;
  }

  get now(): number {
    return this.#at;
  }

  /** @param name how the story calls the channel; the first one's id is the call's */
  make(name: string, kind: Kind, endpoint: string, more: { caller?: string; exten?: string } = {}): this {
    const n = this.#first + this.#channels.size;
    const uniqueid = this.#channels.size === 0 ? this.#linkedid : `${EPOCH}.${n}`;
    const half = /;[12]$/.exec(name)?.[0] ?? '';
    const channel =
      kind === 'local'
        ? `Local/${endpoint}@inoffice-0000000${this.#pair(name)}${half}`
        : `PJSIP/${endpoint}-${n}`;
    const made = { uniqueid, linkedid: this.#linkedid, channel, kind, endpoint };
    this.#channels.set(name, made);
    return this.#tell({
      ...this.#about(made),
      what: 'new',
      caller: more.caller ?? '',
      context: 'inoffice',
      exten: more.exten ?? '',
    });
  }

  dial(name: string, dest: string, dialled: string): this {
    const to = this.#of(dest);
    return this.#tell({
      ...this.#about(this.#of(name)),
      what: 'dial',
      dest_uniqueid: to.uniqueid,
      dest_channel: to.channel,
      dest_kind: to.kind,
      dest_endpoint: to.endpoint,
      dialled,
    });
  }

  dialEnd(name: string, dest: string, status: string): this {
    const dest_uniqueid = this.#of(dest).uniqueid;
    return this.#tell({ ...this.#about(this.#of(name)), what: 'dial_end', dest_uniqueid, status });
  }

  up = (name: string): this => this.#tell({ ...this.#about(this.#of(name)), what: 'up' });

  enter(bridge: string, ...names: string[]): this {
    for (const name of names) this.#tell({ ...this.#about(this.#of(name)), what: 'enter', bridge });
    return this;
  }

  leave(bridge: string, ...names: string[]): this {
    for (const name of names) this.#tell({ ...this.#about(this.#of(name)), what: 'leave', bridge });
    return this;
  }

  /** Hangs channels up, in this order. */
  gone(cause: number, ...names: string[]): this {
    for (const name of names) {
      const made = this.#of(name);
      this.#over.add(made);
      const last = [...this.#channels.values()].every(
        (other) => this.#over.has(other) || other.linkedid !== made.linkedid,
      );
      this.#tell({ ...this.#about(made), what: 'gone', cause, cause_text: '', last });
    }
    return this;
  }

  /** The channel is of another call from here on. */
  relink(name: string, linkedid: string): this {
    this.#of(name).linkedid = linkedid;
    return this;
  }

  wait(seconds: number): this {
    this.#at += seconds * 1_000;
    return this;
  }

  id = (name: string): string => this.#of(name).uniqueid;

  #pair = (name: string): number => name.charCodeAt(0) % 10;

  #of(name: string): Made {
    const made = this.#channels.get(name);
    if (!made) throw new Error(`no channel ${name} in this story`);
    return made;
  }

  #about = ({ uniqueid, linkedid, channel, kind, endpoint }: Made) => ({
    pbx: 'office',
    uniqueid,
    linkedid,
    channel,
    kind,
    endpoint,
  });

  #tell(fact: ChannelFact): this {
    this.#seq += 1;
    this.told.push({ at: this.#at, seq: this.#seq, fact });
    this.#at += 100;
    return this;
  }
}
