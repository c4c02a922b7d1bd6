import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channels } from './channels';
import { Chats } from './chats';
import { Finder } from './finder';
import { Messages } from './messages';
import { INBOX_MIGRATIONS } from './migrations';
import { PeopleDesk } from './people-desk';
import { ProviderDesk } from './provider-desk';
import { Views } from './views';

const OLGA = { id: 'olga', name: 'Olga Example' };
type Status = 'sent' | 'delivered' | 'read' | 'failed';

/** One message written here, with a link that loses, repeats and reorders, and a provider that gives each key one id. */
class Story {
  readonly messages: Messages;
  readonly provider: ProviderDesk;
  readonly people: PeopleDesk;
  readonly id: string;
  /** Deliveries with their keys, oldest first. */
  readonly deliveries: { id: string; key: string }[] = [];
  /** Keys whose ids were answered. */
  readonly answered = new Set<string>();
  /** Of keys that the provider said to have failed. */
  readonly failed = new Set<string>();

  constructor() {
    const db = new DatabaseSync(':memory:');
    for (const { sql } of INBOX_MIGRATIONS) db.exec(sql);
    const exec = (query: string, ...bindings: (string | number | null)[]) => {
      const rows = db.prepare(query).all(...bindings);
      return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows.values() };
    };
    const sql = { exec } as unknown as SqlStorage;
    const channels = new Channels(sql);
    const chats = new Chats(sql, channels);
    this.messages = new Messages(sql, new Finder(sql));
    const views = new Views(channels, chats, this.messages);
    const deaf = { tell: () => undefined, tellAll: () => undefined };
    const parts = { channels, chats, messages: this.messages, views, ...deaf };
    this.provider = new ProviderDesk(parts, channels.provider('chat-post'));
    this.people = new PeopleDesk({
      ...parts,
      sql,
      send: (_, { delivery: { id, sentAs } }) => this.deliveries.push({ id, key: sentAs ?? id }),
    });
    this.provider.connect({ channel: { id: 'main', code: 'telegram', name: 'Shop' }, now: 1 });
    const chat = { id: 'ann', channelId: 'main', participants: [{ id: 'u' }] };
    const added = this.provider.createChat({ chat, now: 1 });
    const written = added.ok
      ? this.people.reply({ user: OLGA, chatId: added.value.id, text: 'Hello', now: 2 })
      : added;
    if (!written.ok) throw new Error(written.code);
    this.id = written.value.id;
  }

  get status() {
    return this.messages.byId(this.id)?.progress;
  }

  get key(): string {
    return this.deliveries.at(-1)?.key ?? '';
  }

  news(kind: 'delivered' | 'failed', { id, key }: { id: string; key: string }): void {
    const about = { id: `n-${id}`, at: 3, deliveryId: id, delivery: 'send_message' } as const;
    if (kind === 'failed') this.provider.news({ ...about, kind, error: 'given up' });
    else {
      this.provider.news({ ...about, kind, externalId: `ext-${key}` });
      this.answered.add(key);
    }
  }

  say(key: string, status: Status): void {
    const known = this.answered.has(key);
    const result = this.provider.status({ messageId: `ext-${key}`, status, now: 4 });
    expect(result.ok).toBe(known);
    if (known && status === 'failed') this.failed.add(key);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('delivered' as const, 'failed' as const), at: fc.nat(5) }),
  fc.record({
    kind: fc.constant('says' as const),
    at: fc.nat(5),
    status: fc.constantFrom<Status>('sent', 'delivered', 'read', 'failed', 'failed'),
  }),
  fc.record({ kind: fc.constant('resend' as const), at: fc.constant(0) }),
);

describe('the attempts of a message, whatever is lost, repeated and late', () => {
  it('are one message, never sent anew where the provider may have it, never failed by an attempt before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const story = new Story();
        for (const one of steps) {
          const { status: before, key: current } = story;
          const delivery = story.deliveries[one.at % story.deliveries.length];
          if (delivery === undefined) throw new Error('nothing was sent');
          const { key } = delivery;
          if (one.kind === 'says') story.say(key, one.status);
          else if (one.kind !== 'resend') story.news(one.kind, delivery);
          else if (story.people.resend({ user: OLGA, messageId: story.id, now: 5 }).ok) {
            expect(['unsent', 'failed']).toContain(before);
            expect(story.status).toBe('queued');
            // A new key is another message to the provider: only where it said that it failed with this one.
            if (story.key !== current) expect(story.failed).toContain(current);
            continue;
          }
          if (before === 'read' || before === 'delivered') expect(['read', before]).toContain(story.status);
          const isFormer = key !== current;
          const arrived = one.kind === 'says' && (one.status === 'delivered' || one.status === 'read');
          if (isFormer && !arrived) expect(story.status).toBe(before);
          for (const known of story.answered)
            expect(story.messages.ofProvider(1, `ext-${known}`)?.id).toBe(story.id);
        }
      }),
    );
  });
});
