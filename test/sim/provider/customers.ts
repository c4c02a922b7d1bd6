/** The provider's side of a day: customers write and change their minds, messages come through to them, or seem to. */
import { randomUUID } from 'node:crypto';
import type { PublicApi, Told } from './api.ts';
import type { SimChannel } from './contract.ts';
import type { Ledger, Taken } from './ledger.ts';

export interface Saying {
  chat: string;
  text: string;
  /** The provider's own id; made up when absent. */
  id?: string;
  /** Customer of the chat; its only one when absent. */
  from?: string;
  phone?: string;
  sentAt?: Date;
  channel?: string;
}

/** What the provider says of a message it took, in this order. */
export const STORIES = {
  none: [],
  honest: ['sent', 'delivered', 'read'],
  /** Told at first as far as it will ever come, then all that must change nothing. */
  lying: ['read', 'sent', 'delivered', 'failed', 'read', 'sent'],
  failing: ['sent', 'failed'],
  /** Failed, as it was said; delivered, as it turned out. */
  late: ['failed', 'sent', 'delivered'],
} as const satisfies Record<string, readonly Status[]>;
export type Story = keyof typeof STORIES;
export type Status = 'sent' | 'delivered' | 'read' | 'failed';

const expectOk = (told: Told, about: string): Told => {
  if (told.status < 300) return told;
  throw new Error(`${about}: ${told.status} ${JSON.stringify(told.json)}`);
};

/** Body of a new message as the public API has it. */
export function bodyOf(
  { chat, text, id = randomUUID(), from, phone, sentAt, channel }: Saying,
  main: string,
) {
  const senderId = from ?? `customer-of-${chat}`;
  return {
    id,
    direction: 'incoming',
    senderId,
    text,
    ...(sentAt && { sentAt: sentAt.toISOString() }),
    chat: {
      id: chat,
      channelId: channel ?? main,
      participants: [{ id: senderId, name: nameOf(senderId), ...(phone !== undefined && { phone }) }],
    },
  };
}

export class Customers {
  readonly #api: PublicApi;
  readonly #ledger: Ledger;
  readonly #channels: readonly SimChannel[];

  constructor(api: PublicApi, ledger: Ledger, channels: readonly SimChannel[]) {
    this.#api = api;
    this.#ledger = ledger;
    this.#channels = channels;
  }

  get api(): PublicApi {
    return this.#api;
  }

  body(saying: Saying) {
    return bodyOf(saying, this.#channels[0]?.id ?? 'main');
  }

  /** A customer writes. Answers the message's id when the platform has it, and how often it was handed over for that. */
  async say(saying: Saying): Promise<{ id: string; duplicate: boolean; tries: number }> {
    const body = this.body(saying);
    // Whoever answers it at once names a chat of mine.
    this.#ledger.chats.add(saying.chat);
    const told = expectOk(await this.#api.ask('POST', '/messages', body), 'a new message');
    this.#ledger.post({ id: body.id, chat: saying.chat, text: saying.text });
    return { id: body.id, duplicate: told.json.duplicate === true, tries: told.tries };
  }

  /** Up to 100 at once. Answers each one's result. */
  async sayAll(sayings: readonly Saying[]): Promise<string[]> {
    const messages = sayings.map((saying) => this.body(saying));
    for (const { chat } of sayings) this.#ledger.chats.add(chat);
    const told = expectOk(await this.#api.ask('POST', '/bulk/messages', { messages }), 'messages');
    for (const [at, { id, text, chat }] of messages.entries())
      if ((told.json.results as { result: string }[])[at]?.result !== 'error')
        this.#ledger.post({ id, chat: chat.id, text });
    return (told.json.results as { result: string }[]).map(({ result }) => result);
  }

  /** A customer changes what they wrote. */
  async edit(id: string, text: string): Promise<void> {
    expectOk(await this.#api.ask('PATCH', `/messages/${encodeURIComponent(id)}`, { text }), 'an edit');
    const posted = this.#ledger.posted.get(id);
    if (posted !== undefined) this.#ledger.post({ ...posted, text });
  }

  /** The tenant's people have seen a chat somewhere else. */
  async seen(chat: string): Promise<number> {
    const told = expectOk(await this.#api.ask('POST', `/chats/${encodeURIComponent(chat)}/seen`), 'seen');
    return Number(told.json.seen);
  }

  /** How far a message has come; answers how the platform has it now. */
  async status(id: string, status: Status): Promise<string> {
    if (status === 'failed') this.#ledger.saidFailed(id);
    const error = status === 'failed' ? { error: 'The customer has blocked the shop' } : {};
    const path = `/messages/${encodeURIComponent(id)}/status`;
    const told = expectOk(await this.#api.ask('POST', path, { status, ...error }), 'a status');
    return String(told.json.status);
  }

  /** Tells all of a story about a message that was taken, by the platform's id: it is known before ours is. */
  async tell(taken: Taken, story: Story): Promise<void> {
    for (const status of STORIES[story]) await this.status(taken.id, status);
    if (story !== 'lying') return;
    const told = await this.#api.ask('POST', `/messages/nobody-${taken.externalId}/status`, {
      status: 'read',
    });
    if (told.status !== 404) throw new Error(`a status of a message that is not there: ${told.status}`);
  }
}

const NAMES = ['Ann', 'Bob', 'Eve', 'Dan', 'Kim', 'Lee', 'Max', 'Zoe'];

function nameOf(customer: string): string {
  const sum = [...Buffer.from(customer)].reduce((all, byte) => all + byte, 0);
  return `${NAMES[sum % NAMES.length]} Example`;
}
