import { findable, wordsIn } from './machine';

/** Messages indexed at once: an index is written by the page, and a page holds the words of many messages. */
const BATCH = 128;
/** Shorter beginnings have an index of their own. */
const SHORTEST = 4;
/** Words with one beginning that are looked up one by one. */
const MOST_WORDS = 256;
/** Of a longer word only its beginning is known, so that FTS5 has to find it. */
const LONGEST = 100;
/** Words that are remembered to be known. */
const MOST_KNOWN = 50_000;

/**
 * What finds messages by their words: the index `finder`, and `terms`, which says what words there are. Messages are
 * indexed a batch at a time; `state` says up to which, and whoever searches has the rest indexed first.
 *
 * FTS5 looks a word up lazily, the newest message first, but to find the beginning of one it puts together every message
 * that has such a word before it answers the first. So a beginning is searched for as the words that have it.
 */
export class Finder {
  #upTo: number | null = null;
  readonly #known = new Set<string>();

  constructor(private readonly sql: SqlStorage) {}

  /** A transaction failed: what is kept in memory may be wrong. */
  reload(): void {
    this.#upTo = null;
    this.#known.clear();
  }

  /** A message was added; in its transaction. */
  added(seq: number): void {
    if (seq - this.#indexed >= BATCH) this.takeIn();
  }

  /** The text of a message was changed; in its transaction. */
  changed(seq: number): void {
    if (seq > this.#indexed) return;
    this.removed(seq);
    this.#index('messages.seq = ?', seq);
  }

  /** In the transaction that removes a message, or before it is indexed anew. */
  removed(seq: number): void {
    if (seq <= this.#indexed) this.sql.exec('DELETE FROM finder WHERE rowid = ?', seq);
  }

  /** Whether there are messages that a search would not find. */
  get isBehind(): boolean {
    return this.sql.exec('SELECT 1 FROM messages WHERE seq > ? LIMIT 1', this.#indexed).toArray().length > 0;
  }

  /** Indexes what came since; in a transaction. */
  takeIn(): void {
    const last = this.#index('messages.seq > ?', this.#indexed);
    if (last === null) return;
    this.sql.exec("INSERT OR REPLACE INTO state (name, value) VALUES ('indexed', ?)", String(last));
    this.#upTo = last;
  }

  /**
   * The words to be looked up for the beginning of one, besides the beginning itself; null: all that have it, as FTS5
   * finds them. A single letter is a whole word.
   */
  readonly complete = (beginning: string): string[] | null => {
    const length = Array.from(beginning).length;
    if (length === 1) return [];
    const [word] = length < SHORTEST ? [] : wordsIn(beginning);
    if (word === undefined) return null;
    const sql = `SELECT word FROM terms WHERE word >= ? AND word < ? LIMIT ${MOST_WORDS + 1}`;
    const words = this.sql.exec<{ word: string }>(sql, word, `${word}\u{10FFFF}`).toArray();
    const isWhole = words.length <= MOST_WORDS && words.every((row) => row.word.length < LONGEST);
    return isWhole ? words.map((row) => row.word) : null;
  };

  get #indexed(): number {
    if (this.#upTo === null) {
      const sql = "SELECT value FROM state WHERE name = 'indexed'";
      const [row] = this.sql.exec<{ value: string }>(sql).toArray();
      this.#upTo = row === undefined ? 0 : Number(row.value);
    }
    return this.#upTo;
  }

  /** Answers the last message that was indexed; null: there was none. */
  #index(which: string, seq: number): number | null {
    const rows = this.sql
      .exec<{ seq: number; text: string; chat: number; channel: number }>(
        `SELECT messages.seq, messages.text, messages.chat, chats.channel
         FROM messages CROSS JOIN chats ON chats.key = messages.chat WHERE ${which} ORDER BY messages.seq`,
        seq,
      )
      .toArray();
    const last = rows.at(-1);
    if (last === undefined) return null;
    const entries = rows.map((row) => [row.seq, findable(row.text), `h${row.chat} c${row.channel}`]);
    this.sql.exec(
      `INSERT INTO finder (rowid, words, facets)
       SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`,
      JSON.stringify(entries),
    );
    this.#learn(rows.map(({ text }) => text));
    return last.seq;
  }

  #learn(texts: readonly string[]): void {
    if (this.#known.size > MOST_KNOWN) this.#known.clear();
    const fresh = new Set<string>();
    for (const text of texts)
      for (const word of wordsIn(text))
        if (word.length >= SHORTEST && !this.#known.has(word)) fresh.add(word.slice(0, LONGEST));
    if (fresh.size === 0) return;
    this.sql.exec(
      'INSERT OR IGNORE INTO terms (word) SELECT value FROM json_each(?)',
      JSON.stringify([...fresh]),
    );
    for (const word of fresh) this.#known.add(word);
  }
}
