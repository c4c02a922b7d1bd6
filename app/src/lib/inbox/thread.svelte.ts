import { asApiError, type ApiError } from '#lib/api/errors.js';
import { session } from '#lib/state/session.svelte.js';
import { editReply, markSeen, readChat, readMessages, resendReply } from './api';
import { inbox, type InboxListener } from './inbox.svelte';
import type { Chat, Message } from './model';
import { outboxOf, type Outbox } from './outbox.svelte';
import {
  append,
  messagesOf,
  newerOf,
  olderOf,
  prepend,
  put,
  renew,
  type MessagePage,
  type Pages,
} from './pages';
import { notYetThere } from './unsent';

const PAGE = 50;
/** The server's limit on one page. */
const MOST = 200;
/** Participants that a chat of a list carries. */
const SHOWN_PEOPLE = 20;

type Way = 'older' | 'newer';

/** One chat on screen: its messages as far as they are read, and what can be done with them. */
export class Thread implements InboxListener {
  chat = $state.raw<Chat | null>(null);
  #pages = $state.raw<Pages>([]);
  loaded = $state(false);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** The way a further page is being read, or the one that failed. */
  reading = $state<Way | null>(null);
  moreError = $state.raw<{ way: Way; error: ApiError } | null>(null);
  /** The message that was asked for is not there. */
  lost = $state(false);
  readonly outbox: Outbox;
  readonly messages = $derived(messagesOf(this.#pages));
  readonly unsent = $derived.by(() => notYetThere(this.outbox.rows, this.messages, session.user?.id ?? ''));
  #turn = 0;
  #seeing = false;
  /** Messages that came while pages were on their way, whose answers may be older than they are. */
  #meanwhile: Message[] = [];
  #reads = 0;

  constructor(
    readonly id: string,
    private readonly around: string | null,
  ) {
    this.outbox = outboxOf(id);
  }

  get older(): string | null {
    return olderOf(this.#pages);
  }

  /** Where what is newer than the messages on screen goes on; null: they reach up to now. */
  get newer(): string | null {
    return newerOf(this.#pages);
  }

  /** Answers what ends it. */
  start(): () => void {
    const stops = [inbox.listen(this), this.outbox.show((message) => this.#sent(message))];
    void this.load();
    return () => {
      this.#turn += 1;
      for (const stop of stops) stop();
    };
  }

  load = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    this.loading = true;
    try {
      const [chat, page] = await Promise.all([readChat(this.id), this.#reading(this.#first())]);
      if (turn !== this.#turn) return;
      this.#take(chat);
      this.#show([page]);
      this.loaded = true;
      this.error = null;
    } catch (cause) {
      if (turn === this.#turn) this.error = asApiError(cause);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  };

  /** Reads the page before or after those on screen. */
  more = async (way: Way): Promise<void> => {
    const cursor = way === 'older' ? this.older : this.newer;
    if (cursor === null || this.reading !== null) return;
    const turn = this.#turn;
    this.reading = way;
    this.moreError = null;
    try {
      const where = way === 'older' ? { before: cursor } : { after: cursor };
      const page = await this.#reading(readMessages(this.id, { ...where, limit: PAGE }));
      if (turn !== this.#turn) return;
      this.#show(way === 'older' ? prepend(this.#pages, page) : append(this.#pages, page));
    } catch (cause) {
      if (turn === this.#turn) this.moreError = { way, error: asApiError(cause) };
    } finally {
      this.reading = null;
    }
  };

  /** Leaves the place in the history for the newest messages. Throws ApiError. */
  toNewest = async (): Promise<void> => {
    if (this.newer === null) return;
    const turn = (this.#turn += 1);
    const page = await this.#reading(readMessages(this.id, { limit: PAGE }));
    if (turn === this.#turn) this.#show([page]);
  };

  changed = (chat: Chat, messages: readonly Message[] | null): void => {
    if (chat.id !== this.id) return;
    this.#take(chat);
    if (messages === null) void this.#renew();
    else for (const message of messages) this.#put(message);
  };

  /** What may be done in the chat may have changed without it, so it is read anew as well. */
  missed = (chats: readonly Chat[] | null): void => {
    if (!this.loaded) return;
    void this.#again();
    if (chats === null || chats.some(({ id }) => id === this.id)) void this.#renew();
  };

  send(text: string): void {
    // In the history nobody knows what else of one's own stands below: it is shown until the server has answered.
    const after = this.newer === null ? this.#highest() : Number.MAX_SAFE_INTEGER;
    this.outbox.send(text, after);
  }

  /** Throws ApiError. */
  edit = async (message: Message, text: string): Promise<void> => {
    this.#put({ ...message, text });
    try {
      this.#put(await editReply(message.id, text));
    } catch (cause) {
      this.#put(message);
      throw asApiError(cause);
    }
  };

  /** Throws ApiError. */
  resend = async (message: Message): Promise<void> => this.#put(await resendReply(message.id));

  /** Everything up to the newest message on screen was seen. Throws ApiError. */
  see = async (): Promise<void> => {
    if (this.#seeing || this.chat === null || this.chat.unread === 0) return;
    this.#seeing = true;
    const upTo = this.#highest();
    try {
      inbox.tell(await markSeen(this.id, upTo));
      this.#pages = this.#pages.map((page) => ({
        ...page,
        messages: page.messages.map((one) => (one.seen || one.number > upTo ? one : { ...one, seen: true })),
      }));
    } finally {
      this.#seeing = false;
    }
  };

  #first = async () => {
    // One begins to read at the first that is unread, with a little of what was before.
    const limit = Math.min(MOST, Math.max(PAGE, inbox.unreadIn(this.id) + 20));
    if (this.around === null) return readMessages(this.id, { limit });
    try {
      return await readMessages(this.id, { around: this.around, limit: PAGE });
    } catch (cause) {
      if (asApiError(cause).code !== 'NOT_FOUND') throw cause;
      // The chat itself may be there: if it is not, reading it says so.
      const page = await readMessages(this.id, { limit: PAGE });
      this.lost = true;
      return page;
    }
  };

  async #again(): Promise<void> {
    const turn = this.#turn;
    const chat = await readChat(this.id).catch(() => null);
    if (chat !== null && turn === this.#turn) this.#take(chat);
  }

  /** Reads the newest page again, where it is on screen at all. */
  async #renew(): Promise<void> {
    if (this.newer !== null) return;
    const turn = this.#turn;
    const limit = Math.min(MOST, PAGE + (this.#pages.at(-1)?.messages.length ?? 0));
    const page = await this.#reading(readMessages(this.id, { limit })).catch(() => null);
    if (page !== null && turn === this.#turn && this.newer === null) this.#show(renew(this.#pages, page));
  }

  async #reading(page: Promise<MessagePage>): Promise<MessagePage> {
    if (this.#reads === 0) this.#meanwhile = [];
    this.#reads += 1;
    try {
      return await page;
    } finally {
      this.#reads -= 1;
    }
  }

  #show(pages: Pages): void {
    this.#pages = this.#meanwhile.reduce(put, pages);
  }

  #take(chat: Chat): void {
    const before = this.chat;
    if (before !== null && before.rev > chat.rev) return;
    // A list carries the first of them only.
    const isShort = before !== null && chat.participants.length >= SHOWN_PEOPLE;
    const participants =
      isShort && before.participants.length > chat.participants.length
        ? before.participants
        : chat.participants;
    this.chat = { ...chat, participants };
  }

  #highest(): number {
    return Math.max(0, ...this.messages.map(({ number }) => number));
  }

  #sent(message: Message): void {
    this.#put(message);
    // Nobody will tell of it.
    if (!inbox.live) void inbox.catchUp();
  }

  #put(message: Message): void {
    if (this.#reads > 0) this.#meanwhile.push(message);
    this.#pages = put(this.#pages, message);
  }
}
