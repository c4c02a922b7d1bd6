import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Channels } from './channels';
import { Chats } from './chats';
import { Finder } from './finder';
import { Messages } from './messages';
import { INBOX_MIGRATIONS } from './migrations';
import { ProviderDesk } from './provider-desk';
import { Reading } from './reading';
import { Views } from './views';

/** The inbox's tables in Node's SQLite, which says how it would go about each query. */
class Bench {
  readonly #db = new DatabaseSync(':memory:');
  /** Steps of the queries asked since it was emptied. */
  readonly steps: string[] = [];
  readonly chats: Chats;
  readonly reading: Reading;
  readonly desk: ProviderDesk;
  readonly views: Views;

  constructor() {
    for (const { sql } of INBOX_MIGRATIONS) this.#db.exec(sql);
    const exec = (query: string, ...bindings: (string | number | null)[]) => {
      const plan = this.#db.prepare(`EXPLAIN QUERY PLAN ${query}`).all(...bindings);
      this.steps.push(...plan.map(({ detail }) => String(detail)));
      const rows = this.#db.prepare(query).all(...bindings);
      return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows.values() };
    };
    const sql = { exec } as unknown as SqlStorage;
    const channels = new Channels(sql);
    this.chats = new Chats(sql, channels);
    const finder = new Finder(sql);
    const messages = new Messages(sql, finder);
    this.views = new Views(channels, this.chats, messages);
    this.reading = new Reading(channels, this.chats, messages, this.views, finder);
    const deaf = { tell: () => undefined, tellAll: () => undefined };
    const parts = { channels, chats: this.chats, messages, views: this.views, ...deaf };
    this.desk = new ProviderDesk(parts, channels.provider('chat-post'));
    this.desk.connect({ channel: { id: 'main', code: 'telegram', name: 'Shop' }, now: 1 });
    this.add(1);
  }

  add(n: number) {
    const chat = { id: 'ann', channelId: 'main', participants: [{ id: 'u', phone: '+375290000001' }] };
    const message = { id: `m${n}`, chat, senderId: 'u', direction: 'incoming', text: 'Hello' } as const;
    const added = this.desk.add(message, n);
    if (!added.ok) throw new Error(added.code);
    return added.message;
  }
}

describe('what a request costs among a million messages', () => {
  const bench = new Bench();
  const { id, chatId } = bench.add(2);
  const [channel = { id: '' }] = bench.views.allChannels();
  const { reading, desk } = bench;
  const cases: Record<string, () => unknown> = {
    'the list': () => reading.list({ limit: 50, cursor: '9_9' }),
    'the list of a channel': () => reading.list({ limit: 50, channel: channel.id }),
    'the list of what is unread': () => reading.list({ limit: 50, unread: true }),
    'the chats of a number': () => reading.list({ limit: 50, phone: '+375290000001' }),
    'the chats of a name': () => reading.list({ limit: 50, text: 'ann' }),
    'the newest messages of a chat': () => reading.thread({ chatId, limit: 50 }),
    'messages around one': () => reading.thread({ chatId, limit: 50, around: id }),
    'a search': () => reading.search({ text: 'hello', limit: 50 }),
    'a search in a chat': () => reading.search({ text: 'hello', chatId, limit: 50 }),
    'what changed': () => reading.changes(1),
    'counts by channel': () => bench.views.allChannels(),
    'a new message': () => bench.add(3),
    'an edit': () => desk.edit({ messageId: 'm1', text: 'Bye', now: 9 }),
    'marking as seen': () => desk.saw({ chatId: 'ann', now: 9 }),
  };

  it.each(Object.keys(cases))('is a walk along an index: %s', (name) => {
    bench.chats.reload();
    bench.steps.length = 0;
    cases[name]?.();
    expect(bench.steps.length).toBeGreaterThan(0);
    const bad = bench.steps.filter((step) => /^SCAN (messages|chats|participants)\b(?!.* INDEX )/.test(step));
    expect(bad).toEqual([]);
  });

  it('sorts nothing of what is as long as the history', () => {
    for (const name of [
      'the list',
      'the newest messages of a chat',
      'messages around one',
      'a search',
      'what changed',
    ]) {
      bench.steps.length = 0;
      cases[name]?.();
      expect([name, bench.steps.filter((step) => step.includes('TEMP B-TREE'))]).toEqual([name, []]);
    }
  });
});
