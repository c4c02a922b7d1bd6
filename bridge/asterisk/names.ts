/** What a channel's name and a dial string say, read with the PBX's configuration. Pure. */
import type { CHANNEL_KINDS } from '../protocol/events.ts';

export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** What the configuration says of names. */
export interface Names {
  pbx: string;
  trunks: ReadonlySet<string>;
  /** Fits the numbers of extensions. */
  extensions: RegExp;
}

/** `PJSIP/trunk-main-0000001a` is the endpoint `trunk-main`; `Local/150@office-00000003;1` dials `150`. */
export function describeChannel(name: string, names: Names): { kind: ChannelKind; endpoint: string } {
  const [, technology = '', rest = ''] = /^([A-Za-z0-9]+)\/(.*)$/.exec(name) ?? [];
  const endpoint = rest.replace(/-[0-9a-f]+(;[12])?$/, '');
  if (technology === 'Local') return { kind: 'local', endpoint: endpoint.replace(/@.*$/, '') };
  if (names.trunks.has(endpoint)) return { kind: 'trunk', endpoint };
  if (names.extensions.test(endpoint)) return { kind: 'extension', endpoint };
  return { kind: 'other', endpoint };
}

/** The number in a dial string: `+375290000001@trunk-main`, `trunk-main/+375290000001`, `150`, `150@office/n`. */
export function dialledNumber(dialString: string): string {
  const at = dialString.indexOf('@');
  const target = at >= 0 ? dialString.slice(0, at) : dialString;
  return target.slice(target.lastIndexOf('/') + 1).replace(/^sips?:/, '');
}

/** The call that `pbx.originate` named the first channel for: it is in its id, and so in every linkedid of the call. */
export const callIdOf = (channelId: string): string | undefined =>
  /^(c_[0-9a-z]{1,40})-\d+\.\d+$/.exec(channelId)?.[1];

/** Channels made to listen to a call are named so: they are no calls of their own. */
export const SPY_PREFIX = 'trunkline-spy';
export const isSpy = (linkedid: string): boolean => linkedid.startsWith(`${SPY_PREFIX}-`);

/** An id as the edge takes it. Asterisk's own ids fit; somebody's own `ChannelId` may not. */
export const channelId = (id: string): string => id.slice(0, 150).replaceAll(/[^A-Za-z0-9_.-]/g, '_');

/** A text of an event, at most as long as the edge takes it; Asterisk's word for none is none. */
export const plain = (text: string | undefined): string =>
  text === undefined || text === '<unknown>' ? '' : text.slice(0, 160);
