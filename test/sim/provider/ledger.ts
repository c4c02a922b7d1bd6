/**
 * The provider's own books: what it took, under which key, in which order, so that a test can compare to the letter. It
 * knows what a platform that keeps its word never does, and notes it.
 */
import type { Asked, NamedChat } from './contract.ts';

/** A message the platform handed over, as it was taken. */
export interface Taken {
  /** The platform's id of the message. */
  id: string;
  /** The provider's own. */
  externalId: string;
  key: string;
  tenant: string;
  chat: string;
  channel: string;
  text: string;
  sentAt: string;
  /** Texts that took the first one's place. */
  edits: string[];
}

/** A message of a customer that the platform acknowledged, or that history holds. */
export interface Posted {
  id: string;
  chat: string;
  text: string;
  /** The platform's people have read it, as it told. */
  read: boolean;
}

/** Why a request is refused; `problem`: a platform that keeps its word never asks so. */
export interface Refused {
  status: number;
  code: string;
  detail: string;
  problem: boolean;
}

const wrong = (status: number, code: string, detail: string): Refused => ({
  status,
  code,
  detail,
  problem: true,
});

export class Ledger {
  /** In the order they were taken. */
  readonly taken: Taken[] = [];
  readonly posted = new Map<string, Posted>();
  readonly chats = new Set<string>();
  readonly goodbyes: { tenant: string; reason: string }[] = [];
  /** Whole chats that were read, in order. */
  readonly reads: string[] = [];
  /** Messages that were refused or broken off before they were taken: they may come late. */
  readonly #met = new Set<string>();
  /** By chat when the newest message in it was written. */
  readonly #newest = new Map<string, string>();
  /** Messages that the provider said had failed: they may be sent again. */
  readonly #failed = new Set<string>();
  readonly #strangers: boolean;
  #ids = 0;

  /** `strangers`: chats and messages of before the start may be named. */
  constructor(strangers: boolean) {
    this.#strangers = strangers;
  }

  /** Messages of a chat in the order they were taken. */
  takenOf(chat: string): Taken[] {
    return this.taken.filter((one) => one.chat === chat);
  }

  byAnyId(id: string): Taken | undefined {
    return this.taken.findLast((one) => one.id === id || one.externalId === id);
  }

  /** A message came that something goes wrong with before it is taken: it may come late. */
  miss({ message }: Asked<'sendMessage'>): void {
    this.#met.add(message.id);
  }

  /** Whether a message may be taken now. */
  meet({ tenant, chat, message }: Asked<'sendMessage'>): Refused | null {
    const known = this.#knows(chat);
    if (known !== null) return known;
    const place = `${tenant}/${chat.id}`;
    const newest = this.#newest.get(place);
    const late = newest !== undefined && message.sentAt < newest && !this.#met.has(message.id);
    this.#met.add(message.id);
    if (late) return wrong(409, 'wrong_order', `${message.id} was written before what came before it`);
    if (newest === undefined || message.sentAt > newest) this.#newest.set(place, message.sentAt);
    const before = this.taken.findLast((one) => one.id === message.id);
    if (before !== undefined && !this.#failed.has(message.id))
      return wrong(409, 'sent_twice', `${message.id} was taken already, under the key ${before.key}`);
    return null;
  }

  take({ tenant, chat, message }: Asked<'sendMessage'>, key: string): Taken {
    this.#ids += 1;
    const taken: Taken = {
      id: message.id,
      externalId: `sim-${this.#ids}`,
      key,
      tenant,
      chat: chat.id,
      channel: chat.channelId,
      text: message.text,
      sentAt: message.sentAt,
      edits: [],
    };
    this.#failed.delete(message.id);
    this.taken.push(taken);
    return taken;
  }

  edit({ chat, message }: Asked<'updateMessageContent'>): Refused | null {
    const known = this.#knows(chat) ?? this.#isTaken(message.id, message.externalId);
    if (known !== null) return known;
    this.byAnyId(message.id)?.edits.push(message.text);
    return null;
  }

  status({ chat, message }: Asked<'updateMessageStatus'>): Refused | null {
    const known = this.#knows(chat);
    if (known !== null) return known;
    const posted = this.posted.get(message.id);
    if (posted === undefined)
      return this.#strangers ? null : wrong(404, 'no_such_message', `${message.id} is no message of mine`);
    posted.read = true;
    return null;
  }

  read({ chat }: Asked<'markChatRead'>): Refused | null {
    const known = this.#knows(chat);
    if (known !== null) return known;
    this.reads.push(chat.id);
    for (const posted of this.posted.values()) if (posted.chat === chat.id) posted.read = true;
    return null;
  }

  /** What waited when the integration ended may come later than what was written since. */
  farewell({ tenant, reason }: Asked<'disconnect'>): void {
    this.goodbyes.push({ tenant, reason });
    for (const place of this.#newest.keys()) if (place.startsWith(`${tenant}/`)) this.#newest.delete(place);
  }

  saidFailed(id: string): void {
    const taken = this.byAnyId(id);
    if (taken !== undefined) this.#failed.add(taken.id);
  }

  post(posted: Omit<Posted, 'read'>): void {
    this.chats.add(posted.chat);
    const before = this.posted.get(posted.id);
    this.posted.set(posted.id, { ...posted, read: before?.read ?? false });
  }

  #knows(chat: NamedChat): Refused | null {
    if (this.#strangers || this.chats.has(chat.id)) return null;
    return wrong(404, 'no_such_chat', `${chat.id} is no chat of mine`);
  }

  #isTaken(id: string, externalId: string | null): Refused | null {
    const taken = this.byAnyId(id);
    if (taken === undefined)
      return this.#strangers ? null : wrong(404, 'no_such_message', `${id} was never sent to me`);
    if (externalId === null || this.taken.some((one) => one.id === id && one.externalId === externalId))
      return null;
    return wrong(422, 'wrong_id', `${id} is ${taken.externalId} here and not ${externalId}`);
  }
}
