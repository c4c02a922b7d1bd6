import { PagedList } from '#lib/lists/paged.svelte.js';
import { listChats, MOST_CHATS } from './api';
import { fits, withChanged, type ChatFilter } from './chat-list';
import type { InboxListener } from './inbox.svelte';
import type { Chat } from './model';

/** The list of chats under one filter, newest first, kept current as chats change. */
export class Chats implements InboxListener {
  readonly list: PagedList<Chat>;
  /** Chats that changed while a page was under way: its answer may be older than they are. */
  #meanwhile: Chat[] = [];

  constructor(
    readonly filter: ChatFilter,
    /** The chat that is open, which stays though it does not fit any more. */
    private readonly open: () => string | null,
  ) {
    this.list = new PagedList(
      async (request, signal) => {
        this.#meanwhile = [];
        const page = await listChats(filter, request, signal);
        const items = this.#meanwhile.reduce<readonly Chat[]>(
          (chats, chat) => this.#with(chats, chat, request.cursor === undefined && page.next === null),
          page.items,
        );
        return { items: [...items], next: page.next };
      },
      ({ id }) => id,
      MOST_CHATS,
    );
  }

  changed = (chat: Chat): void => {
    if (this.list.loading || this.list.loadingMore) this.#meanwhile.push(chat);
    if (this.list.items !== null)
      this.list.items = this.#with(this.list.items, chat, this.list.next === null);
  };

  missed = (chats: readonly Chat[] | null): void => {
    if (chats === null) void this.list.load(true);
  };

  /** Another chat was opened: the one before may not fit any more. */
  sift(): void {
    const { items } = this.list;
    const kept = items?.filter((chat) => fits(chat, this.filter, this.open()));
    if (kept && kept.length !== items?.length) this.list.items = kept;
  }

  #with(chats: readonly Chat[], chat: Chat, atEnd: boolean): readonly Chat[] {
    return withChanged(chats, chat, { belongs: fits(chat, this.filter, this.open()), atEnd });
  }
}
