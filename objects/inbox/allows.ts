/** What people can do in a chat now, as pure functions of what its provider said its channels can do. */
import type { Capabilities } from '../provider-link/contract';
import type { ChatAllows, WhyNot } from './shapes';

/** The only type of message there is: what a provider says of others is not for us. */
const TYPE = 'text';
/** For channels that are not named. */
const OTHERS = '*';
/** Longest text of a message, UTF-16 code units; a channel may take less. */
export const LONGEST_TEXT = 20_000;
const MINUTE = 60_000;

/** What is known of a tenant's integration with a provider, as its link told it last. */
export interface Integration {
  active: boolean;
  /** By channel code, `*` for those not named; one that is not there can do everything. */
  capabilities: Record<string, Capabilities>;
}

export interface ChatState {
  /** Null where the link has not said anything yet: then nothing is forbidden for it. */
  integration: Integration | null;
  channel: { code: string; active: boolean };
  /** When the customer wrote last, by the time it was sent; null: never. */
  customerAt: number | null;
}

const capabilitiesOf = ({ integration, channel }: ChatState): Capabilities => {
  const all = integration?.capabilities ?? {};
  return (Object.hasOwn(all, channel.code) ? all[channel.code] : all[OTHERS]) ?? {};
};

/** What nothing can be done over now, for whatever is asked. */
function closed({ integration, channel }: ChatState): WhyNot | null {
  if (integration?.active === false) return 'not_connected';
  return channel.active ? null : 'channel_inactive';
}

/** @param now milliseconds since the epoch */
export function allowsOf(state: ChatState, now: number): ChatAllows {
  const { messages, maxTextLength, replyWindowMinutes } = capabilitiesOf(state);
  const can = (action: string): boolean =>
    messages === undefined || (Object.hasOwn(messages, TYPE) && messages[TYPE]?.includes(action) === true);
  const shut = closed(state);
  const window = replyWindowMinutes === undefined ? null : replyWindowMinutes * MINUTE;
  const until = window === null || state.customerAt === null ? null : state.customerAt + window;
  const isOpen = window === null || (until !== null && now < until);
  const why = shut ?? (can('send') ? (isOpen ? null : 'window_closed') : 'not_supported');
  return {
    reply: why === null,
    whyNot: why,
    replyUntil: why === null ? until : null,
    edit: shut === null && can('edit'),
    read: shut === null && can('read'),
    maxTextLength: Math.min(maxTextLength ?? LONGEST_TEXT, LONGEST_TEXT),
  };
}

/** Why a text can't go out as a reply now; null: it can. */
export const whyNoReply = (allows: ChatAllows, text: string): WhyNot | null =>
  allows.whyNot ?? whyTooLong(allows, text);

/** As `whyNoReply`, of the new text of a message that went out. */
export const whyNoEdit = (state: ChatState, allows: ChatAllows, text: string): WhyNot | null =>
  closed(state) ?? (allows.edit ? whyTooLong(allows, text) : 'not_supported');

const whyTooLong = ({ maxTextLength }: ChatAllows, text: string): WhyNot | null =>
  text.length > maxTextLength ? 'text_too_long' : null;
