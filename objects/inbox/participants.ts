import { Recent } from '../lib/recent';
import type { NewParticipant, Participant } from './contract';
import type { ParticipantRole } from './machine';

interface ParticipantRow extends Record<string, SqlStorageValue> {
  key: number;
  chat: number;
  ext: string;
  name: string | null;
  phone: string | null;
  role: string;
}

export interface StoredParticipant {
  key: number;
  participant: Participant;
}

/** A group has no more of them here: those who come later are known by the messages they write. */
const MOST = 1_000;
/** Chats whose participants are remembered, and how many of them one may have. */
const REMEMBERED_CHATS = 5_000;
const REMEMBERED = 20;

/** Participants of chats. Those of busy chats stay in memory, which follows the storage (`reload`). */
export class Participants {
  readonly #few = new Recent<number, readonly StoredParticipant[]>(REMEMBERED_CHATS);

  constructor(private readonly sql: SqlStorage) {}

  /** A transaction failed: what is kept in memory may be wrong. */
  reload(): void {
    this.#few.clear();
  }

  /** In the order they were added. */
  of(chat: number, limit = MOST): readonly StoredParticipant[] {
    const few = this.#remembered(chat);
    if (few !== null) return few.length > limit ? few.slice(0, limit) : few;
    return this.#read('SELECT * FROM participants WHERE chat = ? ORDER BY key LIMIT ?', chat, limit);
  }

  /** By the provider's own id. */
  one(chat: number, externalId: string): StoredParticipant | null {
    const few = this.#remembered(chat);
    if (few !== null) return few.find(({ participant }) => participant.id === externalId) ?? null;
    return this.#read('SELECT * FROM participants WHERE chat = ? AND ext = ?', chat, externalId)[0] ?? null;
  }

  byKey(chat: number, key: number): Participant | null {
    const known = this.#remembered(chat)?.find((one) => one.key === key);
    const [found] =
      known === undefined ? this.#read('SELECT * FROM participants WHERE key = ?', key) : [known];
    return found?.participant ?? null;
  }

  add(chat: number, { id, name, phone, role = 'customer' }: NewParticipant): void {
    this.#few.delete(chat);
    this.sql.exec(
      'INSERT INTO participants (chat, ext, name, phone, role) VALUES (?, ?, ?, ?, ?)',
      chat,
      id,
      name ?? null,
      phone ?? null,
      role,
    );
  }

  /** Changes what is given. Answers whether anything was. */
  change(chat: number, { key, participant }: StoredParticipant, given: NewParticipant): boolean {
    const after = {
      name: given.name ?? participant.name,
      phone: given.phone ?? participant.phone,
      role: given.role ?? participant.role,
    };
    const isSo =
      after.name === participant.name && after.phone === participant.phone && after.role === participant.role;
    if (isSo) return false;
    this.#few.delete(chat);
    const sql = 'UPDATE participants SET name = ?, phone = ?, role = ? WHERE key = ?';
    this.sql.exec(sql, after.name, after.phone, after.role, key);
    return true;
  }

  /** Null: there are too many of them. */
  #remembered(chat: number): readonly StoredParticipant[] | null {
    const known = this.#few.get(chat);
    if (known !== undefined) return known;
    const sql = 'SELECT * FROM participants WHERE chat = ? ORDER BY key LIMIT ?';
    const all = this.#read(sql, chat, REMEMBERED + 1);
    if (all.length > REMEMBERED) return null;
    this.#few.set(chat, all);
    return all;
  }

  #read(query: string, ...bindings: SqlStorageValue[]): StoredParticipant[] {
    return [...this.sql.exec<ParticipantRow>(query, ...bindings)].map(participantOf);
  }
}

const participantOf = (row: ParticipantRow): StoredParticipant => ({
  key: row.key,
  // Written by this class only.
  participant: { id: row.ext, name: row.name, phone: row.phone, role: row.role as ParticipantRole },
});
