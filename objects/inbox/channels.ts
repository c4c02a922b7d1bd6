import { newChannelId } from '../lib/ids';
import type { Integration } from './allows';
import type { ChannelView } from './contract';

interface ChannelRow extends Record<string, SqlStorageValue> {
  key: number;
  id: string;
  provider: number;
  ext: string;
  code: string;
  name: string;
  parent: string | null;
  active: number;
}

interface ProviderRow extends Record<string, SqlStorageValue> {
  key: number;
  code: string;
  integration: string | null;
}

/** A channel with its keys in this storage. */
export interface StoredChannel {
  key: number;
  /** Key of its provider. */
  provider: number;
  channel: Omit<ChannelView, 'unread'>;
}

export interface ChannelSaying {
  id: string;
  code: string;
  name: string;
  parent?: string | null;
}

/**
 * Providers and the channels they connected. Few, and asked for with every message: kept in memory, which follows the
 * storage also when a transaction fails (`reload`).
 */
export class Channels {
  readonly #providers = new Map<string, number>();
  readonly #codes = new Map<number, string>();
  readonly #integrations = new Map<number, Integration>();
  readonly #byKey = new Map<number, StoredChannel>();

  constructor(private readonly sql: SqlStorage) {
    this.reload();
  }

  reload(): void {
    this.#providers.clear();
    this.#codes.clear();
    this.#integrations.clear();
    this.#byKey.clear();
    for (const { key, code, integration } of this.sql.exec<ProviderRow>('SELECT * FROM providers')) {
      this.#providers.set(code, key);
      this.#codes.set(key, code);
      // Written by `integrate` only.
      if (integration !== null) this.#integrations.set(key, JSON.parse(integration) as Integration);
    }
    for (const row of this.sql.exec<ChannelRow>('SELECT * FROM channels ORDER BY key')) this.#keep(row);
  }

  /** Key of a provider, made on its first request. */
  provider(code: string): number {
    const known = this.#providers.get(code);
    if (known !== undefined) return known;
    const { key } = this.sql
      .exec<{ key: number }>('INSERT INTO providers (code) VALUES (?) RETURNING key', code)
      .one();
    this.#providers.set(code, key);
    this.#codes.set(key, code);
    return key;
  }

  codeOf(provider: number): string {
    const code = this.#codes.get(provider);
    if (code === undefined) throw new Error(`no provider ${provider}`);
    return code;
  }

  /** What the provider's link said last; null: nothing yet. */
  integration(provider: number): Integration | null {
    return this.#integrations.get(provider) ?? null;
  }

  /** Answers whether it was something else before. */
  integrate(provider: number, integration: Integration): boolean {
    const text = JSON.stringify(integration);
    if (text === JSON.stringify(this.integration(provider))) return false;
    this.sql.exec('UPDATE providers SET integration = ? WHERE key = ?', text, provider);
    this.#integrations.set(provider, integration);
    return true;
  }

  byKey(key: number): StoredChannel {
    const found = this.#byKey.get(key);
    if (found === undefined) throw new Error(`no channel ${key}`);
    return found;
  }

  all(): StoredChannel[] {
    return [...this.#byKey.values()];
  }

  byId(id: string): StoredChannel | null {
    return this.all().find(({ channel }) => channel.id === id) ?? null;
  }

  /** A provider's channel by its own id. */
  ofProvider(provider: number, externalId: string): StoredChannel | null {
    const isIt = (one: StoredChannel) => one.provider === provider && one.channel.externalId === externalId;
    return this.all().find(isIt) ?? null;
  }

  /** Makes it or switches it on, called as it is called now. Null: it was so already. */
  connect(provider: number, { id: ext, code, name, parent = null }: ChannelSaying, now: number) {
    const known = this.ofProvider(provider, ext);
    if (known === null) {
      const sql = `INSERT INTO channels (id, provider, ext, code, name, parent, active, created_at)
        VALUES (?, ?, ?, ?, ?, ?, 1, ?) RETURNING *`;
      const id = newChannelId(now);
      return this.#keep(this.sql.exec<ChannelRow>(sql, id, provider, ext, code, name, parent, now).one());
    }
    const { channel } = known;
    const isSo =
      channel.active && channel.code === code && channel.name === name && channel.parent === parent;
    if (isSo) return null;
    const sql = 'UPDATE channels SET code = ?, name = ?, parent = ?, active = 1 WHERE key = ? RETURNING *';
    return this.#keep(this.sql.exec<ChannelRow>(sql, code, name, parent, known.key).one());
  }

  /** Null: it was off already. */
  disconnect({ key, channel }: StoredChannel): StoredChannel | null {
    if (!channel.active) return null;
    const sql = 'UPDATE channels SET active = 0 WHERE key = ? RETURNING *';
    return this.#keep(this.sql.exec<ChannelRow>(sql, key).one());
  }

  #keep(row: ChannelRow): StoredChannel {
    const { key, id, provider, ext, code, name, parent, active } = row;
    const stored = {
      key,
      provider,
      channel: {
        id,
        externalId: ext,
        provider: this.codeOf(provider),
        code,
        name,
        parent,
        active: active === 1,
      },
    };
    this.#byKey.set(key, stored);
    return stored;
  }
}
