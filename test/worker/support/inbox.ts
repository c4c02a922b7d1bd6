import { env } from 'cloudflare:workers';
import type { NewMessage, ProviderRefusalCode } from '../../../objects/inbox/contract';
import type { ProviderNews } from '../../../objects/provider-link/contract';

export const NOW = 1_800_000_000_000;
export const PROVIDER = 'chat-post';
export const OLGA = { id: 'olga', name: 'Olga Example' };
export const OLEG = { id: 'oleg', name: 'Oleg Example' };

/** One tenant's inbox as a provider and its people use it; each made has a tenant of its own. */
export class InboxWorld {
  static #made = 0;
  readonly tenant = String(8_000 + (InboxWorld.#made += 1));
  now = NOW;
  #news = 0;

  get object() {
    return env.INBOX.getByName(this.tenant);
  }

  connect(id = 'main', code = 'telegram', provider = PROVIDER) {
    return this.object.connectChannel({
      provider,
      channel: { id, code, name: `Channel ${id}` },
      now: this.now,
    });
  }

  /** A message of a customer in a chat that it carries with it. */
  message(id: string, over: Partial<NewMessage> & { chatId?: string } = {}): NewMessage {
    const { chatId = 'ann', ...rest } = over;
    return {
      id,
      chat: {
        id: chatId,
        channelId: 'main',
        title: `Chat ${chatId}`,
        participants: [{ id: `${chatId}-1`, name: 'Ann Example', phone: '+375290000001' }],
      },
      senderId: `${chatId}-1`,
      direction: 'incoming',
      text: `text of ${id}`,
      ...rest,
    };
  }

  async add(messages: NewMessage[], provider = PROVIDER) {
    const result = await this.object.addMessages({ provider, messages, now: (this.now += 1) });
    if (!result.ok) throw new Error(result.code);
    return result.value;
  }

  /** Adds one that has to be accepted. */
  async got(id: string, over: Parameters<InboxWorld['message']>[1] = {}) {
    const [added] = await this.add([this.message(id, over)]);
    if (added?.ok !== true) throw new Error(added?.code ?? 'nothing');
    return added.message;
  }

  async refusal(message: NewMessage): Promise<{ code: ProviderRefusalCode; field?: string } | null> {
    const [added] = await this.add([message]);
    return added === undefined || added.ok ? null : added;
  }

  async chats(query: Partial<Parameters<typeof this.object.chats>[0]> = {}) {
    const page = await this.object.chats({ limit: 50, ...query });
    if (!page.ok) throw new Error(page.code);
    return page;
  }

  async thread(chatId: string, query: Partial<Parameters<typeof this.object.messages>[0]> = {}) {
    const page = await this.object.messages({ chatId, limit: 50, ...query });
    if (!page.ok) throw new Error(page.code);
    return page;
  }

  async found(text: string, query: Partial<Parameters<typeof this.object.search>[0]> = {}) {
    const page = await this.object.search({ text, limit: 50, ...query });
    if (!page.ok) throw new Error(page.code);
    return page;
  }

  async reply(chatId: string, text: string, user = OLGA) {
    const result = await this.object.reply({ user, chatId, text, now: (this.now += 1) });
    if (!result.ok) throw new Error(result.code);
    return result.value;
  }

  news(
    ...news: ({
      [K in ProviderNews['kind']]: Omit<Extract<ProviderNews, { kind: K }>, 'id' | 'at'>;
    }[ProviderNews['kind']] & { id?: string })[]
  ) {
    return this.object.takeProviderNews(
      PROVIDER,
      news.map((one) => ({ id: `n${(this.#news += 1)}`, at: this.now, ...one })),
    );
  }

  async messageById(chatId: string, id: string) {
    return (await this.thread(chatId)).messages.find((message) => message.id === id);
  }
}
