/** The half of the Inbox's contract that providers stand behind. */
import type { MessageDirection, ParticipantRole } from './machine';
import type { ProviderListener } from '../provider-link/contract';
import type { ChannelView, ChatView, MessageView } from './shapes';

/** What every request of a provider says: `provider` comes from its token, never from the request. */
export interface ProviderRequest {
  provider: string;
  now: number;
}

/** Why nothing was changed; `field`, dotted, names what of the request is at fault. */
export interface InboxRefusal<Code extends string = ProviderRefusalCode> {
  ok: false;
  code: Code;
  field?: string;
}

/**
 * `channel_inactive`: its account is switched off; `no_such_channel`, `no_such_chat`, `no_such_message`,
 * `no_such_participant`: not known of this provider; `chat_incomplete`: a chat that is not known yet needs its channel
 * and its participants; `wrong_direction`: how far it has come is said of messages that go out.
 */
export type ProviderRefusalCode =
  | 'channel_inactive'
  | 'no_such_channel'
  | 'no_such_chat'
  | 'no_such_message'
  | 'no_such_participant'
  | 'chat_incomplete'
  | 'wrong_direction';

/** `again`: it was so already, and nothing was changed. */
export type ProviderResult<T> = { ok: true; again: boolean; value: T } | InboxRefusal;

export interface NewParticipant {
  id: string;
  name?: string | undefined;
  /** E.164. */
  phone?: string | undefined;
  role?: ParticipantRole | undefined;
}

/** A chat as a message carries it: what is not known yet is made of it. */
export interface CarriedChat {
  id: string;
  channelId?: string | undefined;
  title?: string | undefined;
  participants?: NewParticipant[] | undefined;
}

export interface NewMessage {
  id: string;
  chat: CarriedChat;
  /** Id of a participant. Of an outgoing message nobody has to be named. */
  senderId?: string | undefined;
  direction: MessageDirection;
  text: string;
  /** When it was sent by the provider's clock; now when absent. */
  sentAt?: number | undefined;
}

/** A message with the provider's own id of its chat. */
export interface ProviderMessage {
  message: MessageView;
  chatExternalId: string;
}

/** One message of several: `duplicate` has been there already and was left as it is. */
export type AddedMessage = ({ ok: true; duplicate: boolean } & ProviderMessage) | InboxRefusal;

/** What a provider may say of a message, besides nothing at all. */
export type ProviderStatus = 'sent' | 'delivered' | 'read' | 'failed';

export interface ProviderInbox extends ProviderListener {
  /** Makes or activates the account of a channel, with the code and name given. */
  connectChannel(
    input: ProviderRequest & { channel: { id: string; code: string; name: string } },
  ): Promise<ProviderResult<ChannelView>>;
  disconnectChannel(input: ProviderRequest & { channelId: string }): Promise<ProviderResult<ChannelView>>;
  /** A chat that is there already is left as it is. */
  createChat(
    input: ProviderRequest & { chat: CarriedChat & { channelId: string; participants: NewParticipant[] } },
  ): Promise<ProviderResult<ChatView>>;
  /** Title; participants are added, and those known are changed in what is given of them. */
  updateChat(
    input: ProviderRequest & {
      chatId: string;
      title?: string | null | undefined;
      participants?: NewParticipant[] | undefined;
    },
  ): Promise<ProviderResult<ChatView>>;
  /** Every unread message of the chat becomes seen; answers how many. */
  providerSaw(
    input: ProviderRequest & { chatId: string },
  ): Promise<ProviderResult<{ seen: number; chat: ChatView }>>;
  /** Up to 100 messages in one step, each accepted or refused by itself, in their order. */
  addMessages(input: ProviderRequest & { messages: NewMessage[] }): Promise<ProviderResult<AddedMessage[]>>;
  /** Replaces the text and nothing else. `messageId`: the provider's own id, or ours of a message written here. */
  providerEdited(
    input: ProviderRequest & { messageId: string; text: string },
  ): Promise<ProviderResult<ProviderMessage>>;
  /** Never back; asking for less than what is known changes nothing. */
  providerStatus(
    input: ProviderRequest & { messageId: string; status: ProviderStatus; error?: string | undefined },
  ): Promise<ProviderResult<ProviderMessage>>;
}
