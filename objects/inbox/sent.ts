import type { DeliveryKind, ProviderNews } from '../provider-link/contract';
import { hasArrived } from './machine';
import type { StoredMessage } from './messages';
import type { DeskParts } from './desk-parts';

/** What became of messages that were written here, as one provider's link tells it. */
export class Sent {
  constructor(
    private readonly parts: DeskParts,
    /** Key of the provider. */
    private readonly provider: number,
    /** Has live sockets told of a message, where something changed. */
    private readonly told: (message: StoredMessage, changed: boolean) => void,
  ) {}

  delivered({ delivery, deliveryId, externalId }: Extract<ProviderNews, { kind: 'delivered' }>): void {
    const { messages } = this.parts;
    const of = this.#ofDelivery(deliveryId);
    if (of === null) return;
    const { message } = of;
    if (delivery === 'update_message') {
      if (message.error === null) return;
      messages.setError(message, null);
      this.told(message, true);
    } else if (delivery === 'send_message') {
      const named = externalId !== null && this.#takeId(message, externalId, of.current);
      this.told(message, (of.current && messages.heard(message, 'sent', null)) || named);
    }
  }

  /** Given up: nothing of it goes out any more by itself. */
  lost(deliveryId: string, delivery: DeliveryKind, error: string): void {
    const { messages } = this.parts;
    const of = this.#ofDelivery(deliveryId);
    if (of === null) return;
    const { message } = of;
    if (delivery === 'update_message') {
      messages.setError(message, error);
      this.told(message, true);
    } else if (delivery === 'send_message' && of.current) {
      this.told(message, messages.heard(message, 'unsent', error));
    }
  }

  /**
   * The provider's own id of a message that was written here. It may have told us of that message already, as of one that
   * its people wrote: then that one goes, and what was heard of it stays.
   */
  #takeId(message: StoredMessage, externalId: string, current: boolean): boolean {
    const { messages, chats, tell } = this.parts;
    const known = messages.ofProvider(this.provider, externalId);
    if (known?.seq === message.seq) return false;
    if (known !== null) {
      if (known.direction === 'incoming' || known.author !== null || known.chat !== message.chat)
        return false;
      messages.remove(known);
      if (current || hasArrived(known.progress)) messages.heard(message, known.progress, known.error);
      const chat = chats.byKey(message.chat);
      chats.setLast(chat.key, messages.last(chat.key), chat.createdAt);
      tell(chat.key, null);
    }
    if (current && message.externalId === null) messages.setExternalId(message, externalId);
    else messages.addFormerId(message, externalId);
    return true;
  }

  /**
   * `<message>`, and for each further attempt or edit `<message>.<n>`. `current`: it travels under the key that the
   * newest attempt has; what became of those before says nothing of it.
   */
  #ofDelivery(deliveryId: string): { message: StoredMessage; current: boolean } | null {
    const [id = '', attempt = '1'] = deliveryId.split('.');
    const message = this.parts.messages.byId(id);
    return message?.provider === this.provider
      ? { message, current: !(Number(attempt) < message.keyOf) }
      : null;
  }
}
