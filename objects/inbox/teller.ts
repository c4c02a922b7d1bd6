import type { Chats } from './chats';
import type { InboxChange } from './contract';
import type { StoredMessage } from './messages';
import type { Views } from './views';

/** Chats told at once. */
const MOST_CHATS = 50;
/** Messages told of one chat; of more, a client reads the newest page. */
const MOST_MESSAGES = 50;

export interface TellerParts {
  chats: Chats;
  views: Views;
  send(changes: InboxChange[]): Promise<void>;
  /** Try again later. */
  later(): void;
}

/**
 * Tells live sockets what changed, one message under way at a time: what changes meanwhile goes with the next, so that a
 * flood is told in few of them. Nothing of it is stored: after a restart in between, clients are told to look.
 */
export class Teller {
  #telling = false;
  /** By chat the messages to tell of, null where they are too many. */
  readonly #pending = new Map<number, Map<number, StoredMessage> | null>();
  #told: number;
  #look: boolean;

  /** `missed`: an earlier life may have left something untold. */
  constructor(
    private readonly parts: TellerParts,
    missed: boolean,
  ) {
    this.#told = parts.chats.rev;
    this.#look = missed;
  }

  get waiting(): boolean {
    return this.#look || this.#pending.size > 0;
  }

  /** Nothing is waiting or on its way. */
  get idle(): boolean {
    return !this.#telling && !this.waiting;
  }

  /**
   * To be called inside the transaction of the change: it is told with what stands when it is told. `null`: messages have
   * gone, so that the newest page is to be read anew.
   */
  note(chat: number, message?: StoredMessage | null): void {
    const known = this.#pending.get(chat);
    if (known === null) return;
    if (message === null) {
      this.#pending.set(chat, null);
      return;
    }
    const messages = known ?? new Map<number, StoredMessage>();
    if (message !== undefined) messages.set(message.seq, message);
    this.#pending.set(chat, messages.size > MOST_MESSAGES ? null : messages);
  }

  /** What was noted may not have happened. */
  lookAgain(): void {
    this.#pending.clear();
    this.#look = true;
  }

  /** What changed is not told chat by chat: clients are told to look. */
  noteAll(): void {
    this.#look = true;
  }

  async tell(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    try {
      while (this.waiting) await this.#some();
    } catch (error) {
      console.warn(`inbox: the live feed was not reached (${String(error)})`);
      this.parts.later();
    } finally {
      this.#telling = false;
    }
  }

  async #some(): Promise<void> {
    const { chats, send } = this.parts;
    const wasLook = this.#look;
    // Whoever asks for another look while this one is told gets it.
    this.#look = false;
    const taken = [...this.#pending].slice(0, MOST_CHATS);
    for (const [chat] of taken) this.#pending.delete(chat);
    const prev = this.#told;
    // Not up to now while other chats that changed before are still to be told.
    const rev = this.#pending.size === 0 ? chats.rev : prev;
    try {
      const changes = taken.map(([chat, messages]) => this.#change(chat, messages, prev, rev));
      await send(wasLook ? [{ prev, rev, chat: null, messages: null }, ...changes] : changes);
    } catch (error) {
      this.#look ||= wasLook;
      // With what came meanwhile: messages are read again when they are told.
      for (const [chat, messages] of taken) {
        if (messages === null) this.#pending.set(chat, null);
        else if (messages.size === 0) this.note(chat);
        else for (const message of messages.values()) this.note(chat, message);
      }
      throw error;
    }
    this.#told = rev;
  }

  #change(key: number, messages: Map<number, StoredMessage> | null, prev: number, rev: number): InboxChange {
    const { chats, views } = this.parts;
    const chat = chats.byKey(key);
    const told = messages && [...messages.values()].map((message) => views.message(message, chat.id));
    return { prev, rev, chat: views.chat(chat), messages: told };
  }
}
