import type { Channels } from './channels';
import type { Chats, StoredChat } from './chats';
import type { ChannelView, ChatView, MessageView, Participant } from './contract';
import { allowsOf, type ChatState } from './allows';
import { statusOf } from './machine';
import type { Messages, StoredMessage } from './messages';

/** Participants of a group that a list of chats shows. */
const SHOWN = 20;

/** Rows as the contract has them. */
export class Views {
  constructor(
    private readonly channels: Channels,
    private readonly chats: Chats,
    private readonly messages: Messages,
    private readonly clock: () => number = Date.now,
  ) {}

  channel(key: number): ChannelView {
    return { ...this.channels.byKey(key).channel, unread: this.chats.unread().get(key) ?? 0 };
  }

  allChannels(): ChannelView[] {
    const unread = this.chats.unread();
    return this.channels.all().map(({ key, channel }) => ({ ...channel, unread: unread.get(key) ?? 0 }));
  }

  /** `whole`: with all of its participants. */
  chat(chat: StoredChat, whole = false): ChatView {
    const people = whole ? this.chats.people.of(chat.key) : this.chats.people.of(chat.key, SHOWN);
    const last = chat.lastSeq === null ? null : this.messages.bySeq(chat.lastSeq);
    return {
      id: chat.id,
      externalId: chat.externalId,
      channel: this.channels.byKey(chat.channel).channel,
      title: chat.title,
      participants: people.map(({ participant }) => participant),
      unread: chat.unread,
      last: last && this.message(last, chat.id),
      lastAt: chat.lastAt,
      createdAt: chat.createdAt,
      rev: chat.rev,
      allows: allowsOf(this.state(chat), this.clock()),
    };
  }

  /** What decides about what can be done in a chat. */
  state(chat: StoredChat): ChatState {
    const { channel, provider } = this.channels.byKey(chat.channel);
    return { integration: this.channels.integration(provider), channel, customerAt: chat.customerAt };
  }

  message(message: StoredMessage, chatId: string): MessageView {
    return {
      id: message.id,
      number: message.seq,
      chatId,
      externalId: message.externalId,
      direction: message.direction,
      sender: this.#sender(message),
      author: message.author,
      text: message.text,
      sentAt: message.sentAt,
      receivedAt: message.receivedAt,
      editedAt: message.editedAt,
      status: statusOf(message.progress),
      error: message.error,
      seen: message.seen,
    };
  }

  #sender({ chat, sender }: StoredMessage): Participant | null {
    return sender === null ? null : this.chats.people.byKey(chat, sender);
  }
}
