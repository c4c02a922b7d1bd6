import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { Timers } from '../lib/timers';
import { providerLinkName, type PassedOver, type ProviderNews } from '../provider-link/contract';
import { sandboxOf } from '../sandbox/contract';
import { Channels } from './channels';
import { Chats } from './chats';
import type * as c from './contract';
import type { DeskParts } from './desk-parts';
import { Finder } from './finder';
import { both } from './history';
import { Messages } from './messages';
import { INBOX_MIGRATIONS } from './migrations';
import { Outgoing } from './outgoing';
import { PeopleDesk } from './people-desk';
import { changeWire } from './wire-people';
import { ProviderDesk } from './provider-desk';
import { Reading } from './reading';
import { Teller } from './teller';
import { Together } from './together';
import { Views } from './views';

/** What was not handed over, or not told, is tried again after this long. */
const AGAIN_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A link repeats its news within minutes; that long it is known that they were heard. */
const KEEP_HEARD_MS = 7 * 24 * 3_600_000;

/** Chats of one tenant, see `contract.ts`. */
export class Inbox extends DurableObject<Env> implements c.InboxApi {
  readonly #channels: Channels;
  readonly #chats: Chats;
  readonly #views: Views;
  readonly #finder: Finder;
  readonly #reading: Reading;
  readonly #people: PeopleDesk;
  readonly #desk: DeskParts;
  readonly #outgoing: Outgoing;
  readonly #teller: Teller;
  readonly #timers: Timers;
  readonly #together = new Together(
    (work) => this.#commit(work),
    (run) => void setTimeout(run, 0),
  );

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, INBOX_MIGRATIONS);
    const { sql } = ctx.storage;
    const channels = (this.#channels = new Channels(sql));
    const chats = (this.#chats = new Chats(sql, channels));
    const finder = (this.#finder = new Finder(sql));
    const messages = new Messages(sql, finder);
    const views = (this.#views = new Views(channels, chats, messages));
    this.#reading = new Reading(channels, chats, messages, views, finder);
    this.#timers = new Timers(ctx.storage);
    this.#timers.resume();
    this.#teller = new Teller(
      {
        chats,
        views,
        send: async (changes) => {
          // Nobody stands at the live feed of a tenant that is played.
          if (sandboxOf(this.#tenant()) !== null) return;
          await env.CALL_HUB.getByName(this.#tenant()).tellInbox(JSON.stringify(changes.map(changeWire)));
        },
        later: () => this.#timers.setBy('tell', Date.now() + AGAIN_MS),
      },
      this.#timers.at('tell') !== null,
    );
    this.#desk = {
      channels,
      chats,
      messages,
      views,
      tell: (chat, message) => this.#teller.note(chat, message),
      tellAll: () => {
        chats.reset();
        this.#teller.noteAll();
      },
    };
    this.#outgoing = new Outgoing({
      sql,
      take: (provider, deliveries) => this.#link(provider).takeDeliveries(deliveries),
      replay: async (provider, ids) => (await this.#link(provider).replay(ids)).replayed,
      refused: (provider, deliveries) => this.#provider(provider).refused(deliveries),
      transaction: (work) => this.#commit(work),
      later: () => this.#timers.setBy('outgoing', Date.now() + AGAIN_MS),
    });
    this.#people = new PeopleDesk({
      ...this.#desk,
      sql,
      send: (provider, task, now) => this.#outgoing.add(provider, task, now),
    });
  }

  async connectChannel(input: Parameters<c.InboxApi['connectChannel']>[0]) {
    return this.#commit(() => this.#of(input.provider).connect(input));
  }

  async disconnectChannel(input: Parameters<c.InboxApi['disconnectChannel']>[0]) {
    return this.#commit(() => this.#of(input.provider).disconnect(input));
  }

  async createChat(input: Parameters<c.InboxApi['createChat']>[0]) {
    return this.#commit(() => this.#of(input.provider).createChat(input));
  }

  async updateChat(input: Parameters<c.InboxApi['updateChat']>[0]) {
    return this.#commit(() => this.#of(input.provider).updateChat(input));
  }

  async providerSaw(input: Parameters<c.InboxApi['providerSaw']>[0]) {
    return this.#commit(() => this.#of(input.provider).saw(input));
  }

  async addMessages({ provider, messages, now }: Parameters<c.InboxApi['addMessages']>[0]) {
    return this.#together.do((): c.ProviderResult<c.AddedMessage[]> => {
      const desk = this.#of(provider);
      const value = messages.map((message) => desk.add(message, now));
      return { ok: true, again: value.every((one) => one.ok && one.duplicate), value };
    });
  }

  async providerEdited(input: Parameters<c.InboxApi['providerEdited']>[0]) {
    return this.#commit(() => this.#of(input.provider).edit(input));
  }

  async providerStatus(input: Parameters<c.InboxApi['providerStatus']>[0]) {
    return this.#commit(() => this.#of(input.provider).status(input));
  }

  async takeProviderNews(provider: string, news: ProviderNews[]): Promise<PassedOver | null> {
    return this.#commit(() => {
      const desk = this.#of(provider);
      const key = this.#channels.provider(provider);
      let passed: PassedOver | null = null;
      for (const one of news) if (this.#isNew(key, one.id, one.at)) passed = both(passed, desk.news(one));
      return passed;
    });
  }

  async channels(): Promise<c.ChannelView[]> {
    return this.#views.allChannels();
  }

  async chats(query: c.ChatQuery): Promise<c.ChatsPage> {
    return this.#reading.list(query);
  }

  async chat(chatId: string): Promise<c.ChatView | null> {
    const chat = this.#chats.byId(chatId);
    return chat && this.#views.chat(chat, true);
  }

  async messages(query: c.MessageQuery): Promise<c.MessagesPage> {
    return this.#reading.thread(query);
  }

  async search(query: c.SearchQuery): Promise<c.SearchPage> {
    if (this.#finder.isBehind) this.#commit(() => this.#finder.takeIn());
    return this.#reading.search(query);
  }

  async changes(since: number): Promise<c.ChangesPage> {
    return this.#reading.changes(since);
  }

  async reply(input: Parameters<c.InboxApi['reply']>[0]) {
    return this.#commit(() => this.#people.reply(input));
  }

  async edit(input: Parameters<c.InboxApi['edit']>[0]) {
    return this.#commit(() => this.#people.edit(input));
  }

  async resend(input: Parameters<c.InboxApi['resend']>[0]) {
    return this.#commit(() => this.#people.resend(input));
  }

  async saw(input: Parameters<c.InboxApi['saw']>[0]) {
    return this.#commit(() => this.#people.saw(input));
  }

  async erase(): Promise<void> {
    if (sandboxOf(this.#tenant()) === null) throw new Error('this is of a real tenant');
    const { storage } = this.ctx;
    await storage.deleteAlarm();
    await storage.deleteAll();
    migrateObject(storage, INBOX_MIGRATIONS);
    this.#channels.reload();
    this.#chats.reload();
    this.#finder.reload();
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    const due = this.#timers.due(now);
    if (due.includes('prune')) this.#prune(now);
    // What is spent here is set again until it is done: this life may end in between.
    for (const name of due) if (name !== 'prune') this.#timers.set(name, now + AGAIN_MS);
    await Promise.all([this.#teller.tell(), this.#outgoing.drain()]);
    if (this.#teller.idle) this.#timers.clear('tell');
    if (this.#outgoing.idle) this.#timers.clear('outgoing');
  }

  #of(provider: string): ProviderDesk {
    return this.#provider(this.#channels.provider(provider));
  }

  #provider(key: number): ProviderDesk {
    return new ProviderDesk(this.#desk, key);
  }

  #link(provider: number) {
    return this.env.PROVIDER_LINK.getByName(
      providerLinkName(this.#tenant(), this.#channels.codeOf(provider)),
    );
  }

  /** News come at least once. */
  #isNew(provider: number, id: string, at: number): boolean {
    const sql = 'INSERT OR IGNORE INTO heard (provider, id, at) VALUES (?, ?, ?) RETURNING at';
    return this.ctx.storage.sql.exec(sql, provider, id, at).toArray().length > 0;
  }

  #prune(now: number): void {
    this.ctx.storage.transactionSync(() => {
      this.#people.prune(now);
      this.ctx.storage.sql.exec('DELETE FROM heard WHERE at < ?', now - KEEP_HEARD_MS);
      const left = 'SELECT 1 FROM once UNION ALL SELECT 1 FROM heard LIMIT 1';
      if (this.ctx.storage.sql.exec(left).toArray().length > 0)
        this.#timers.setBy('prune', now + PRUNE_EVERY_MS);
    });
  }

  /**
   * One durable write; what others are to be told of it follows once it is there. Should this life end in between, the
   * alarm tells them.
   */
  #commit<T>(work: () => T): T {
    try {
      const result = this.ctx.storage.transactionSync(() => {
        const done = work();
        const now = Date.now();
        this.#remember();
        if (this.#teller.waiting) this.#timers.setBy('tell', now + AGAIN_MS);
        if (this.#outgoing.added) this.#timers.setBy('outgoing', now + AGAIN_MS);
        this.#timers.setBy('prune', now + PRUNE_EVERY_MS);
        return done;
      });
      if (this.#teller.waiting) this.ctx.waitUntil(this.#teller.tell());
      if (this.#outgoing.added) this.ctx.waitUntil(this.#outgoing.drain());
      return result;
    } catch (error) {
      // What is kept in memory follows the storage, also when a transaction fails.
      this.#channels.reload();
      this.#chats.reload();
      this.#finder.reload();
      this.#teller.lookAgain();
      throw error;
    }
  }

  /** An alarm may find the object without its name. */
  #tenant(): string {
    const { name } = this.ctx.id;
    if (name !== undefined) return name;
    const sql = "SELECT value FROM state WHERE name = 'tenant'";
    return this.ctx.storage.sql.exec<{ value: string }>(sql).one().value;
  }

  #named = false;
  #remember(): void {
    const { name } = this.ctx.id;
    if (this.#named || name === undefined) return;
    this.ctx.storage.sql.exec("INSERT OR IGNORE INTO state (name, value) VALUES ('tenant', ?)", name);
    this.#named = true;
  }
}
