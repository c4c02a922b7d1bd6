import { soon, whileVisible } from '#lib/lists/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { unreadChats } from '#lib/state/unread-chats.svelte.js';
import { listChannels, listChats, MOST_CHATS, readChanges } from './api';
import { changeOf, follow } from './follow';
import type { Change, Channel, Chat, Message } from './model';
import { closeOutboxes } from './outbox.svelte';
import { NOTHING_UNREAD, totalOf, unreadFrom, withChat, type Unread } from './unread';

/** How often changes are asked for while nobody tells them. */
const ASK_EVERY_MS = 15_000;
const RETRY_MS = 5_000;

export interface InboxListener {
  /** A chat as it is now, with those of its messages that were added or changed; null: more than can be told. */
  changed(chat: Chat, messages: readonly Message[] | null): void;
  /** Some messages of these chats may have been missed; null: of any, and chats too. */
  missed(chats: readonly Chat[] | null): void;
}

/** The tenant's inbox as far as all its screens share it: channels, unread counts, and how it is followed. */
class Inbox {
  readonly channels = new Resource<Channel[]>(listChannels);
  #unread = $state.raw<Unread>(NOTHING_UNREAD);
  /** How far the inbox is known here; null until it was read. */
  #known: number | null = null;
  #listeners = new Set<InboxListener>();
  #life = 0;
  #catching = false;
  #again = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Told before it was read how far the inbox is. */
  #early: Change[] = [];
  #recount: (() => void) | null = null;

  /** Unread messages of a channel. */
  unreadOf(channel: string): number {
    return this.#unread.counts.get(channel) ?? 0;
  }

  /** Unread messages of a chat, as far as they are known. */
  unreadIn(chat: string): number {
    return this.#unread.chats.get(chat)?.unread ?? 0;
  }

  get unread(): number {
    return totalOf(this.#unread);
  }

  /** Whether changes are told as they happen. */
  get live(): boolean {
    return calls.live.status === 'live';
  }

  /** Answers what ends it. */
  listen(listener: InboxListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the inbox from now on. Answers what ends it. */
  start(): () => void {
    this.#life += 1;
    const stopListening = calls.listen((event, data) => {
      if (event === 'inbox.changes') this.#take(data);
    });
    const stopEffects = $effect.root(() => {
      $effect(() => {
        unreadChats.total = this.unread;
      });
      // Nothing is kept for a socket that was away: whoever is back asks.
      $effect(() => {
        if (this.live) void this.catchUp();
      });
    });
    const stopAsking = whileVisible(() => {
      if (!this.live) void this.catchUp();
    }, ASK_EVERY_MS);
    return () => {
      this.#life += 1;
      stopListening();
      stopEffects();
      stopAsking();
      this.#recount?.();
      this.#recount = null;
      clearTimeout(this.#retry);
      this.#known = null;
      this.#early = [];
      this.#unread = NOTHING_UNREAD;
      this.channels.reset();
      unreadChats.total = 0;
      closeOutboxes();
    };
  }

  /** A chat as an answer of the server says it is. */
  tell(chat: Chat, messages: readonly Message[] = []): void {
    this.#changed(chat, messages);
  }

  /** Asks what changed since what is known; reads everything where nothing is. */
  catchUp = async (): Promise<void> => {
    this.#again = true;
    if (this.#catching) return;
    this.#catching = true;
    clearTimeout(this.#retry);
    try {
      while (this.#again) {
        this.#again = false;
        await this.#catchUp(this.#life);
      }
    } catch {
      // The lists show failures of their own.
      const life = this.#life;
      this.#retry = setTimeout(() => life === this.#life && void this.catchUp(), RETRY_MS);
    } finally {
      this.#catching = false;
    }
  };

  async #catchUp(life: number): Promise<void> {
    if (this.#known === null) return this.#read(life);
    const { rev, chats, reset } = await readChanges(this.#known);
    if (life !== this.#life) return;
    this.#known = reset ? null : rev;
    if (reset) {
      for (const listener of this.#listeners) listener.missed(null);
      return this.#read(life);
    }
    for (const chat of chats) this.#changed(chat, []);
    for (const listener of this.#listeners) listener.missed(chats);
    // A channel may have been connected or switched off, which is no change of a chat.
    await this.channels.load();
  }

  async #read(life: number): Promise<void> {
    const [page] = await Promise.all([
      listChats({ channel: null, unread: true }, { limit: MOST_CHATS }),
      this.channels.load(),
    ]);
    if (life !== this.#life) return;
    this.#known = page.rev;
    this.#unread = unreadFrom(this.channels.value ?? [], page.items, page.next === null);
    // What came while the answer was on its way may not be in it.
    const early = this.#early.filter(({ chat }) => chat === null || chat.rev > page.rev);
    this.#early = [];
    this.#follow(page.rev, early);
  }

  #take(data: unknown): void {
    const changes = Array.isArray(data) ? data.map(changeOf).filter((change) => change !== null) : [];
    if (this.#known !== null) return this.#follow(this.#known, changes);
    this.#early.push(...changes);
    for (const { chat, messages } of changes)
      if (chat !== null) for (const listener of this.#listeners) listener.changed(chat, messages);
  }

  #follow(from: number, changes: readonly Change[]): void {
    const { known, effects } = follow(from, changes);
    this.#known = known;
    for (const effect of effects) {
      if (effect.do === 'apply') this.#changed(effect.change.chat, effect.change.messages);
      else void this.catchUp();
    }
  }

  #changed(chat: Chat, messages: readonly Message[] | null): void {
    const isNew = !(this.channels.value ?? []).some(({ id }) => id === chat.channel.id);
    const { after, exact } = withChat(this.#unread, chat);
    this.#unread = after;
    if (!exact || isNew) this.#recount ??= soon(() => this.#count());
    for (const listener of this.#listeners) listener.changed(chat, messages);
  }

  /** Counts that could not be kept, or a channel that is not known: asked for once things have settled. */
  async #count(): Promise<void> {
    this.#recount = null;
    const life = this.#life;
    await this.channels.load();
    if (life !== this.#life || this.#unread.complete || this.channels.value === null) return;
    const { chats } = this.#unread;
    this.#unread = { ...unreadFrom(this.channels.value, [], false), chats };
  }
}

export const inbox = new Inbox();
