import type { ProviderDelivery } from '../provider-link/contract';
import { allowsOf, whyNoEdit, whyNoReply } from './allows';
import type { StoredChat } from './chats';
import type * as c from './contract';
import { hasFailed } from './machine';
import type { StoredMessage } from './messages';
import type { Task } from './outgoing';
import type { DeskParts } from './desk-parts';

const KEEP_KEYS_MS = 24 * 3_600_000;
/** Messages of which a provider is told one by one that they were read. */
const MOST_READ_ONE_BY_ONE = 100;

interface PeopleParts extends DeskParts {
  sql: SqlStorage;
  /** Has a provider told; a row in the same transaction. */
  send(provider: number, task: Task, now: number): void;
}

const refused = (code: c.PersonRefusalCode, allows?: c.ChatAllows): c.PersonRefusal => ({
  ok: false,
  code,
  ...(allows && { allows }),
});

type Requested<M extends 'reply' | 'edit' | 'resend' | 'saw'> = Parameters<c.PeopleInbox[M]>[0];

/** What people of the tenant do. Each change runs inside the caller's transaction; a refusal has changed nothing. */
export class PeopleDesk {
  constructor(private readonly parts: PeopleParts) {}

  reply({ user, chatId, text, once, now }: Requested<'reply'>): c.PersonResult<c.MessageView> {
    const { chats, messages } = this.parts;
    const before = once === undefined ? null : this.#answered(user.id, once, now);
    if (before !== null) return before;
    const chat = chats.byId(chatId);
    if (chat === null) return refused('no_such_chat');
    const no = this.#noReply(chat, text, now);
    if (no !== null) return no;
    const message = messages.add({
      provider: chat.provider,
      chat: chat.key,
      externalId: null,
      direction: 'outgoing',
      sender: null,
      author: user,
      text,
      sentAt: now,
      receivedAt: now,
      progress: 'queued',
      seen: true,
    });
    if (once !== undefined) this.#remember(user.id, once, message.seq, now);
    chats.came(chat.key, { at: message.sentAt, seq: message.seq }, { customer: false, unread: false });
    this.#send(chat, sending(message, message.id), now);
    return this.#told(message, chat);
  }

  edit({ user, messageId, text, now }: Requested<'edit'>): c.PersonResult<c.MessageView> {
    const { messages, chats, views } = this.parts;
    const found = this.#own(messageId, user);
    if ('code' in found) return found;
    const { message, chat } = found;
    if (hasFailed(message.progress)) return refused('failed');
    if (message.text === text) return this.#told(message, chat, true);
    const state = views.state(chat);
    const allows = allowsOf(state, now);
    const no = whyNoEdit(state, allows, text);
    if (no !== null) return refused(no, allows);
    messages.edit(message, text, now);
    messages.setError(message, null);
    chats.touch(chat.key);
    const edited = {
      id: `${message.id}.e${chats.rev}`,
      kind: 'update_message',
      message: { id: message.id, externalId: message.externalId, text },
    } as const;
    this.#send(chat, edited, now);
    const result = this.#told(message, chat);
    return result.ok ? { ...result, before: message.text } : result;
  }

  resend({ user, messageId, now }: Requested<'resend'>): c.PersonResult<c.MessageView> {
    const { messages, chats } = this.parts;
    const found = this.#own(messageId, user);
    if ('code' in found) return found;
    const { message, chat } = found;
    if (!hasFailed(message.progress)) return refused('not_failed');
    const no = this.#noReply(chat, message.text, now);
    if (no !== null) return no;
    const attempt = message.attempt + 1;
    // What the provider may have goes under the key it may have; what it has had and failed is something new.
    const keyOf = message.progress === 'unsent' ? message.keyOf : attempt;
    messages.sendAgain(message, keyOf);
    chats.touch(chat.key);
    const delivery = sending(message, deliveryId(message, attempt));
    if (keyOf === attempt) this.#send(chat, delivery, now);
    else {
      const before = Array.from({ length: attempt - keyOf }, (_, n) => deliveryId(message, keyOf + n));
      this.#send(chat, { ...delivery, sentAs: deliveryId(message, keyOf) }, now, before);
    }
    return this.#told(message, chat);
  }

  saw({ chatId, upTo, now }: Requested<'saw'>): c.PersonResult<{ seen: number; chat: c.ChatView }> {
    const { chats, messages, views, tell } = this.parts;
    const chat = chats.byId(chatId);
    if (chat === null) return refused('no_such_chat');
    const seen = messages.see(chat.key, upTo ?? Number.MAX_SAFE_INTEGER);
    if (seen.length > 0) {
      chats.seen(chat.key, seen.length);
      this.#tellRead(chat, seen, now);
      tell(chat.key);
      for (const message of seen) tell(chat.key, message);
    }
    const value = { seen: seen.length, chat: views.chat(chats.byKey(chat.key)) };
    return { ok: true, again: seen.length === 0, value };
  }

  prune(now: number): void {
    this.parts.sql.exec('DELETE FROM once WHERE at < ?', now - KEEP_KEYS_MS);
  }

  /** The whole chat was read, or only some of its messages. */
  #tellRead(chat: StoredChat, seen: readonly StoredMessage[], now: number): void {
    const { chats, views } = this.parts;
    // Nobody would take it, and nobody waits for it.
    if (!allowsOf(views.state(chat), now).read) return;
    if (chats.byKey(chat.key).unread === 0 || seen.length > MOST_READ_ONE_BY_ONE) {
      this.#send(chat, { id: `${chat.id}.r${chats.rev}`, kind: 'mark_read' }, now);
      return;
    }
    for (const { id, externalId } of seen)
      this.#send(
        chat,
        { id: `${id}.read`, kind: 'update_status', message: { id: externalId ?? id, status: 'read' } },
        now,
      );
  }

  #send(
    chat: StoredChat,
    {
      message,
      ...what
    }: Pick<ProviderDelivery, 'id' | 'kind' | 'sentAs'> & { message?: Record<string, unknown> },
    now: number,
    replay?: string[],
  ): void {
    const { send, channels } = this.parts;
    const { externalId: channelId } = channels.byKey(chat.channel).channel;
    const payload = { chat: { id: chat.externalId, channelId }, ...(message && { message }) };
    const delivery: ProviderDelivery = { ...what, chatId: chat.externalId, payload };
    send(chat.provider, { delivery, ...(replay && { replay }) }, now);
  }

  /** The refusal of a text that can't go out now; null: it can. */
  #noReply(chat: StoredChat, text: string, now: number): c.PersonRefusal | null {
    const allows = allowsOf(this.parts.views.state(chat), now);
    const why = whyNoReply(allows, text);
    return why === null ? null : refused(why, allows);
  }

  /** A message that this user wrote here. */
  #own(messageId: string, user: c.Author): { message: StoredMessage; chat: StoredChat } | c.PersonRefusal {
    const message = this.parts.messages.byId(messageId);
    if (message === null) return refused('no_such_message');
    if (message.author?.id !== user.id) return refused('not_yours');
    return { message, chat: this.parts.chats.byKey(message.chat) };
  }

  #told(before: StoredMessage, chat: StoredChat, again = false): c.PersonResult<c.MessageView> {
    const { messages, views, tell } = this.parts;
    const message = messages.bySeq(before.seq);
    if (message === null) throw new Error('a message was changed and is not there');
    if (!again) tell(chat.key, message);
    return { ok: true, again, value: views.message(message, chat.id) };
  }

  #answered(userId: string, { key, fingerprint }: c.Once, now: number): c.PersonResult<c.MessageView> | null {
    const { sql, messages, chats, views } = this.parts;
    const [known] = sql
      .exec<{ fingerprint: string; seq: number }>(
        'SELECT fingerprint, seq FROM once WHERE user_id = ? AND key = ? AND at >= ?',
        userId,
        key,
        now - KEEP_KEYS_MS,
      )
      .toArray();
    if (known === undefined) return null;
    if (known.fingerprint !== fingerprint) return refused('key_reused');
    const message = messages.bySeq(known.seq);
    if (message === null) return null;
    return { ok: true, again: true, value: views.message(message, chats.byKey(message.chat).id) };
  }

  #remember(userId: string, { key, fingerprint }: c.Once, seq: number, now: number): void {
    const sql = 'INSERT OR REPLACE INTO once (user_id, key, fingerprint, seq, at) VALUES (?, ?, ?, ?, ?)';
    this.parts.sql.exec(sql, userId, key, fingerprint, seq, now);
  }
}

/** The first goes by the message's own id; each further one by a new one, so that nobody drops it. */
const deliveryId = ({ id }: StoredMessage, attempt: number): string =>
  attempt === 1 ? id : `${id}.${attempt}`;

const sending = ({ id: messageId, text, sentAt }: StoredMessage, id: string) =>
  ({
    id,
    kind: 'send_message',
    message: { id: messageId, text, sentAt: new Date(sentAt).toISOString() },
  }) as const;
