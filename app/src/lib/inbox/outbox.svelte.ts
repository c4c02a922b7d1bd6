import { asApiError, type ApiError } from '#lib/api/errors.js';
import { session } from '#lib/state/session.svelte.js';
import { postReply } from './api';
import { keepDraft, readDraft } from './drafts';
import type { Message } from './model';
import type { Unsent } from './unsent';

/** A refusal that names a pause this short is waited out, seconds. */
const PATIENCE_S = 30;

/** What somebody writes in one chat: the draft, and replies on their way, which outlive a look at another chat. */
export class Outbox {
  #draft = $state('');
  rows = $state.raw<readonly Unsent[]>([]);
  /** Why the first of them is still here; null while it is on its way. */
  error = $state.raw<ApiError | null>(null);
  #sending = false;
  #turn: ReturnType<typeof setTimeout> | undefined;
  readonly #chat: string;
  readonly #user: string;
  #onsent: ((message: Message) => void) | null = null;

  constructor(chat: string, user: string) {
    this.#chat = chat;
    this.#user = user;
    const { text, unsent } = readDraft(localStorage, user, chat);
    this.#draft = text;
    // Nobody knows any more what was there before them.
    this.rows = unsent.map((one) => ({ ...one, after: Number.MAX_SAFE_INTEGER }));
    if (unsent.length > 0) void this.retry();
  }

  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    keepDraft(localStorage, this.#user, this.#chat, { text });
  }

  /** Who is shown the answers. Ends with what it answers. */
  show(onsent: (message: Message) => void): () => void {
    this.#onsent = onsent;
    return () => {
      if (this.#onsent === onsent) this.#onsent = null;
    };
  }

  /** Sends a reply after those that are under way, for a chat is read in the order it was written. */
  send(text: string, after: number): void {
    this.#set([...this.rows, { key: crypto.randomUUID(), text, after }]);
    if (this.error === null) void this.#drain();
  }

  retry = async (): Promise<void> => {
    clearTimeout(this.#turn);
    this.error = null;
    await this.#drain();
  };

  /** Takes a reply that was refused back into the field. */
  takeBack(key: string): void {
    const row = this.rows.find((one) => one.key === key);
    if (row === undefined) return;
    this.#set(this.rows.filter((one) => one !== row));
    this.draft = this.draft === '' ? row.text : `${row.text}\n${this.draft}`;
    if (this.rows.length > 0) void this.retry();
    else this.error = null;
  }

  /** No answer will be taken any more. */
  close(): void {
    clearTimeout(this.#turn);
    this.#onsent = null;
  }

  async #drain(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let row = this.rows[0]; row !== undefined; row = this.rows[0]) {
        // Somebody else has signed in since: it is not theirs to send.
        if (session.user?.id !== this.#user) return;
        const message = await postReply(this.#chat, row.text, row.key);
        this.#onsent?.(message);
        this.#set(this.rows.filter((one) => one.key !== row?.key));
      }
    } catch (cause) {
      const error = asApiError(cause);
      this.error = error;
      const { retryAfter } = error;
      if (retryAfter !== null && retryAfter <= PATIENCE_S)
        this.#turn = setTimeout(() => void this.retry(), retryAfter * 1_000);
    } finally {
      this.#sending = false;
    }
  }

  #set(rows: readonly Unsent[]): void {
    this.rows = rows;
    keepDraft(localStorage, this.#user, this.#chat, { unsent: rows.map(({ key, text }) => ({ key, text })) });
  }
}

const made = new Map<string, Outbox>();

/** The one of a chat and of who is signed in. */
export function outboxOf(chat: string): Outbox {
  const user = session.user?.id ?? '';
  const name = `${user} ${chat}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const outbox = new Outbox(chat, user);
  made.set(name, outbox);
  return outbox;
}

/** What the user has begun to write in a chat, also before this page was opened. */
export function keptDraft(chat: string): string {
  const user = session.user?.id ?? '';
  const known = made.get(`${user} ${chat}`);
  return (known?.draft ?? readDraft(localStorage, user, chat).text).trim();
}

/** What one user wrote is not there for the next. */
export function closeOutboxes(): void {
  for (const outbox of made.values()) outbox.close();
  made.clear();
}
