/**
 * An Asterisk host in words: what its channels and bridges do, told as its sender would post it. Makes steps of a trace
 * (trace.ts), so that a call made here can be played at any time.
 */
import type { Trace } from './trace.ts';

export interface Channel {
  u: string;
  name: string;
  num: string;
}

type Steps = Trace['steps'];

/** Between two posts of the serial sender. */
const GAP_MS = 500;

export class PbxHost {
  readonly steps: Steps = [];
  /** Milliseconds since the trace began. */
  now = 0;
  #seq: number;
  #bridges = 0;
  readonly #external: boolean;

  /** @param first number of its first channel; `external`: the sender marks what the CRM or the web page started */
  constructor(first = 100, external = false) {
    this.#seq = first;
    this.#external = external;
  }

  wait(seconds: number): this {
    this.now += Math.round(seconds * 1_000);
    return this;
  }

  /** `SIP/<peer>-…` with its caller's number. */
  sip(peer: string, num: string): Channel {
    const u = this.#unique();
    return { u, name: `SIP/${peer}-${this.#seq.toString(16).padStart(8, '0')}`, num };
  }

  /** Both halves of `Local/<number>@<context>-…`. */
  local(number: string, context: string, num: string): [Channel, Channel] {
    const pair = `Local/${number}@${context}-${(this.#seq + 1).toString(16).padStart(8, '0')}`;
    return [
      { u: this.#unique(), name: `${pair};1`, num: number },
      { u: this.#unique(), name: `${pair};2`, num },
    ];
  }

  start(channel: Channel, trunk: string): void {
    this.#post('start', { UniqueId: channel.u, Phone: channel.num, CallType: 0, Trunk: trunk });
  }

  callerid(channel: Channel, peer: string, context: string, exten: string): void {
    this.#post('new_callerid', {
      UniqueId: channel.u,
      Channel: channel.name,
      ...this.#lines(channel, peer),
      Context: context,
      Exten: exten,
    });
  }

  dial(channel: Channel, dial: { phone: string; exts: string[]; type: number; trunk: string }): void {
    const { phone, exts, type, trunk } = dial;
    const ExtPhone = type === 0 ? phone : '';
    const about = { UniqueId: channel.u, Phone: phone, Extensions: exts, CallType: type, Trunk: trunk };
    this.#post('dial', { ...about, ExtTrunk: '', ExtPhone });
  }

  /** A new bridge. */
  bridge(): string {
    this.#bridges += 1;
    const name = `b${this.#bridges}`;
    this.#post('bridge_create', this.#bridge(name));
    return name;
  }

  join(bridge: string, channel: Channel, peer: string, exten = ''): void {
    const about = { UniqueId: channel.u, BridgeUniqueid: bridge, Channel: channel.name, Exten: exten };
    this.#post('bridge', { ...about, ...this.#lines(channel, peer) });
  }

  leave(bridge: string, ...channels: Channel[]): void {
    channels.forEach((channel, index) => {
      this.#post('bridge_leave', {
        UniqueId: channel.u,
        BridgeUniqueid: bridge,
        Channel: channel.name,
        ...this.#lines(channel, ''),
        BridgeNumChannels: String(channels.length - 1 - index),
      });
    });
  }

  destroy(bridge: string): void {
    this.#post('bridge_destroy', this.#bridge(bridge));
  }

  /** `from` and `to` are ms of the trace; null: an empty `StartTime`. */
  hangup(
    channel: Channel,
    end: {
      phone: string;
      exts: string[];
      type: number;
      status: string;
      trunk?: string;
      from: number | null;
      to: number;
    },
  ): void {
    const begun = `[${Math.floor((end.from ?? this.#madeAt(channel)) / 1_000)}]`;
    this.#post('hangup', {
      UniqueId: channel.u,
      Phone: end.phone,
      Extensions: end.exts,
      CallType: end.type,
      CallStatus: end.status,
      DateReceived: begun,
      StartTime: end.from === null ? '' : begun,
      EndTime: `[${Math.floor(end.to / 1_000)}]`,
      ...(end.trunk !== undefined && { Trunk: end.trunk }),
    });
  }

  #madeAt = ({ u }: Channel): number => Number(/^\{(\d+)\}/.exec(u)?.[1] ?? 0) * 1_000;

  #unique(): string {
    this.#seq += 1;
    return `{${Math.floor(this.now / 1_000)}}.${this.#seq}`;
  }

  #lines = (channel: Channel, peer: string) => ({
    CallerIDNum: channel.num || '<unknown>',
    CallerIDName: '<unknown>',
    ConnectedLineNum: peer || '<unknown>',
    ConnectedLineName: '<unknown>',
  });

  #bridge = (name: string) => ({
    UniqueId: '',
    BridgeUniqueid: name,
    BridgeType: '',
    BridgeTechnology: 'simple_bridge',
    BridgeCreator: '<unknown>',
    BridgeName: '<unknown>',
    BridgeNumChannels: '0',
  });

  #post(event: string, body: Record<string, unknown>): void {
    const more = this.#external ? { ExternalInitiated: true } : {};
    this.steps.push({ after: this.now, event, body: { ...body, ...more } });
    this.now += GAP_MS;
  }
}
