import type { PassedOver, ProviderDelivery, ProviderNews } from '../provider-link/contract';
import type { StoredChannel } from './channels';
import type { StoredChat } from './chats';
import type * as c from './contract';
import type { DeskParts } from './desk-parts';
import { storeHistory } from './history';
import { hasArrived, sentAtOf } from './machine';
import type { StoredMessage } from './messages';
import { Sent } from './sent';

type Requested<M extends keyof c.ProviderInbox> = Omit<Parameters<c.ProviderInbox[M]>[0], 'provider'>;

const refused = (code: c.ProviderRefusalCode, field?: string): c.InboxRefusal => ({
  ok: false,
  code,
  ...(field !== undefined && { field }),
});

/** What one provider does. Each change runs inside the caller's transaction; a refusal has changed nothing. */
export class ProviderDesk {
  readonly #sent: Sent;

  constructor(
    private readonly parts: DeskParts,
    /** Key of the provider. */
    private readonly provider: number,
  ) {
    this.#sent = new Sent(parts, provider, (message, changed) => this.#told(message, changed));
  }

  connect({ channel, now }: Requested<'connectChannel'>): c.ProviderResult<c.ChannelView> {
    const { channels, views, tellAll } = this.parts;
    const changed = channels.connect(this.provider, channel, now);
    if (changed !== null) tellAll();
    const key = (changed ?? channels.ofProvider(this.provider, channel.id))?.key;
    if (key === undefined) throw new Error('a channel was connected and is not there');
    return { ok: true, again: changed === null, value: views.channel(key) };
  }

  disconnect({ channelId }: Requested<'disconnectChannel'>): c.ProviderResult<c.ChannelView> {
    const { channels, views, tellAll } = this.parts;
    const known = channels.ofProvider(this.provider, channelId);
    if (known === null) return refused('no_such_channel');
    const changed = channels.disconnect(known);
    if (changed !== null) tellAll();
    return { ok: true, again: changed === null, value: views.channel(known.key) };
  }

  createChat({ chat, now }: Requested<'createChat'>): c.ProviderResult<c.ChatView> {
    const { chats, views, tell } = this.parts;
    const known = chats.ofProvider(this.provider, chat.id);
    if (known !== null) return { ok: true, again: true, value: views.chat(known, true) };
    const channel = this.#channel(chat.channelId, 'channelId');
    if ('code' in channel) return channel;
    const added = this.#addChat(chat, channel, now);
    tell(added.key);
    return { ok: true, again: false, value: views.chat(added, true) };
  }

  updateChat({ chatId, title, participants = [] }: Requested<'updateChat'>): c.ProviderResult<c.ChatView> {
    const { chats, views, tell } = this.parts;
    const known = chats.ofProvider(this.provider, chatId);
    if (known === null) return refused('no_such_chat');
    const changed = chats.change(known, title, participants);
    if (changed) tell(known.key);
    return { ok: true, again: !changed, value: views.chat(chats.byKey(known.key), true) };
  }

  saw({ chatId }: Requested<'providerSaw'>): c.ProviderResult<{ seen: number; chat: c.ChatView }> {
    const { chats, messages, views, tell } = this.parts;
    const known = chats.ofProvider(this.provider, chatId);
    if (known === null) return refused('no_such_chat');
    const seen = messages.see(known.key, Number.MAX_SAFE_INTEGER);
    if (seen.length > 0) {
      chats.seen(known.key, seen.length);
      tell(known.key);
      for (const message of seen) tell(known.key, message);
    }
    const chat = views.chat(chats.byKey(known.key));
    return { ok: true, again: seen.length === 0, value: { seen: seen.length, chat } };
  }

  /** `quiet`: of the time before the provider was connected; nobody has to read it now. */
  add(message: c.NewMessage, now: number, quiet = false): c.AddedMessage {
    const { chats, messages, views, tell } = this.parts;
    const known =
      messages.byExternalId(this.provider, message.id) ??
      // One that was written here, by the name of an earlier attempt.
      (message.direction === 'outgoing' ? messages.byFormerId(this.provider, message.id) : null);
    if (known !== null) {
      const { id, externalId } = chats.byKey(known.chat);
      return { ok: true, duplicate: true, message: views.message(known, id), chatExternalId: externalId };
    }
    const chat = this.#chatFor(message, now);
    if ('code' in chat) return chat;
    const sender = message.senderId === undefined ? null : chats.people.one(chat.key, message.senderId);
    if (message.senderId !== undefined && sender === null)
      throw new Error('a sender was checked and is not there');
    const unread = message.direction === 'incoming' && !quiet;
    const added = messages.add({
      provider: this.provider,
      chat: chat.key,
      externalId: message.id,
      direction: message.direction,
      sender: sender?.key ?? null,
      author: null,
      text: message.text,
      sentAt: sentAtOf(message.sentAt, now),
      receivedAt: now,
      // What a provider hands over has reached us; what its own people wrote it has sent.
      progress: message.direction === 'incoming' ? 'delivered' : 'sent',
      seen: !unread,
    });
    const customer = message.direction === 'incoming';
    chats.came(chat.key, { at: added.sentAt, seq: added.seq }, { customer, unread });
    if (!quiet) tell(chat.key, added);
    return {
      ok: true,
      duplicate: false,
      message: views.message(added, chat.id),
      chatExternalId: chat.externalId,
    };
  }

  edit({ messageId, text, now }: Requested<'providerEdited'>): c.ProviderResult<c.ProviderMessage> {
    const { messages } = this.parts;
    const known = messages.ofProvider(this.provider, messageId);
    if (known === null) return refused('no_such_message');
    const changed = known.text !== text;
    if (changed) messages.edit(known, text, now);
    return this.#told(known, changed);
  }

  status({ messageId, status, error }: Requested<'providerStatus'>): c.ProviderResult<c.ProviderMessage> {
    const { messages } = this.parts;
    const known = messages.ofProvider(this.provider, messageId);
    if (known === null) return refused('no_such_message');
    if (known.direction === 'incoming') return refused('wrong_direction', 'status');
    // Of an earlier attempt of it only what reached the customer counts: the attempt after it is under way.
    const counts = known.id === messageId || known.externalId === messageId || hasArrived(status);
    return this.#told(known, counts && messages.heard(known, status, error ?? null));
  }

  /** The tenant is not connected with the provider any more: what people wrote reaches nobody. */
  refused(deliveries: readonly ProviderDelivery[]): void {
    for (const { id, kind } of deliveries) this.#sent.lost(id, kind, 'The provider is not connected.');
  }

  /** What became of deliveries to the provider, and what it answered when asked. Answers what could not be stored. */
  news(news: ProviderNews): PassedOver | null {
    const { channels, tellAll } = this.parts;
    switch (news.kind) {
      case 'delivered':
        this.#sent.delivered(news);
        return null;
      case 'failed':
        this.#sent.lost(news.deliveryId, news.delivery, news.error);
        return null;
      case 'channels':
        {
          const changed = news.channels.map(({ parentId, ...channel }) =>
            channels.connect(this.provider, { ...channel, parent: parentId }, news.at),
          );
          if (changed.some((one) => one !== null)) tellAll();
        }
        return null;
      case 'integration': {
        const { active, capabilities } = news;
        if (channels.integrate(this.provider, { active, capabilities })) tellAll();
        return null;
      }
      case 'history':
        return storeHistory(news.messages, (message) => this.add(message, news.at, true));
      case 'uninstalled':
        for (const one of channels.all()) if (one.provider === this.provider) channels.disconnect(one);
        tellAll();
        return null;
    }
  }

  #chatFor(message: c.NewMessage, now: number): StoredChat | c.InboxRefusal {
    const { chats, channels } = this.parts;
    const { chat: carried, senderId } = message;
    const given = carried.participants ?? [];
    const isNamed = senderId === undefined || given.some(({ id }) => id === senderId);
    const known = chats.ofProvider(this.provider, carried.id);
    if (known !== null) {
      if (!channels.byKey(known.channel).channel.active) return refused('channel_inactive', 'chat.id');
      if (!isNamed && chats.people.one(known.key, senderId ?? '') === null)
        return refused('no_such_participant', 'senderId');
      chats.addUnknown(known, given);
      return chats.byKey(known.key);
    }
    if (carried.channelId === undefined) return refused('chat_incomplete', 'chat.channelId');
    if (given.length === 0) return refused('chat_incomplete', 'chat.participants');
    if (!isNamed) return refused('no_such_participant', 'senderId');
    const channel = this.#channel(carried.channelId, 'chat.channelId');
    return 'code' in channel ? channel : this.#addChat(carried, channel, now);
  }

  #channel(externalId: string, field: string): StoredChannel | c.InboxRefusal {
    const known = this.parts.channels.ofProvider(this.provider, externalId);
    if (known === null) return refused('no_such_channel', field);
    return known.channel.active ? known : refused('channel_inactive', field);
  }

  #addChat(chat: c.CarriedChat, channel: StoredChannel, now: number): StoredChat {
    const { id, title = null, participants = [] } = chat;
    const fields = { provider: this.provider, externalId: id, channel: channel.key, title };
    return this.parts.chats.add(fields, participants, now);
  }

  #told(before: StoredMessage, changed: boolean): c.ProviderResult<c.ProviderMessage> & { ok: true } {
    const { messages, chats, views, tell } = this.parts;
    const message = messages.bySeq(before.seq);
    if (message === null) throw new Error('a message was changed and is not there');
    if (changed) {
      chats.touch(message.chat);
      tell(message.chat, message);
    }
    const { id, externalId } = chats.byKey(message.chat);
    return {
      ok: true,
      again: !changed,
      value: { message: views.message(message, id), chatExternalId: externalId },
    };
  }
}
