import type { Channels } from './channels';
import type { Chats } from './chats';
import type { Messages, StoredMessage } from './messages';
import type { Views } from './views';

/** What those who change the inbox work with. */
export interface DeskParts {
  channels: Channels;
  chats: Chats;
  messages: Messages;
  views: Views;
  /**
   * Something of a chat changed that live sockets are told; `message`: what was added to it or changed in it, null where
   * messages have gone.
   */
  tell(chat: number, message?: StoredMessage | null): void;
  /** Something changed that every chat may show. */
  tellAll(): void;
}
