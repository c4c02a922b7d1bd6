import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { InboxWorld, PROVIDER } from '../../test/worker/support/inbox';
import { migrateObject } from '../lib/migrations';
import { findable, wordsIn } from './machine';
import { INBOX_MIGRATIONS } from './migrations';

let world: InboxWorld;
beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
});

const texts = async (text: string, query = {}): Promise<(string | null)[]> =>
  (await world.found(text, query)).found.map(({ message }) => message.externalId);

const rowsOf = (sql: string): Promise<unknown[]> =>
  runInDurableObject(world.object, (_, { storage }) => storage.sql.exec(sql).toArray());

describe('a search', () => {
  it('finds what came last, and what was changed or taken away before it was indexed and after', async () => {
    const add = (n: number) => world.message(`m${n}`, { text: `saffron ${n}` });
    await world.add([add(1)]);
    expect(await rowsOf('SELECT rowid FROM finder')).toEqual([]);
    expect(await texts('saffron')).toEqual(['m1']);
    expect(await rowsOf('SELECT rowid FROM finder')).toEqual([{ rowid: 1 }]);

    await world.add([add(2)]);
    const edit = (messageId: string, text: string) =>
      world.object.providerEdited({ provider: PROVIDER, messageId, text, now: world.now });
    await edit('m1', 'Cinnamon');
    await edit('m2', 'Cinnamon');
    expect(await texts('saffron')).toEqual([]);
    expect(await texts('cinnamon')).toEqual(['m2', 'm1']);
  });

  it('is told of a flood as it comes, and finds all of it after an eviction', async () => {
    const flood = Array.from({ length: 300 }, (_, n) => world.message(`m${n}`, { text: `saffron x${n}x` }));
    for (let from = 0; from < 300; from += 100) await world.add(flood.slice(from, from + 100));
    expect(await rowsOf('SELECT max(rowid) AS last FROM finder')).toEqual([{ last: 256 }]);
    await evictDurableObject(world.object);
    expect(await texts('x299x')).toEqual(['m299']);
    expect(await texts('x7x')).toEqual(['m7']);
    expect(await texts('saff x12')).toEqual([...range(129, 120), 'm12']);
  });

  it('finds beginnings of words, however many words have them, and a single letter as a word', async () => {
    const forms = Array.from({ length: 300 }, (_, n) => `order${n}`).join(' ');
    await world.add([
      world.message('m1', { text: forms }),
      world.message('m2', { text: 'Ordinary ORDERLY Café и́звестие' }),
      world.message('m3', { text: 'И Z' }),
    ]);
    expect(await texts('order')).toEqual(['m2', 'm1']);
    expect(await texts('order29')).toEqual(['m1']);
    expect(await texts('orderl')).toEqual(['m2']);
    expect(await texts('ordered')).toEqual([]);
    expect(await texts('or')).toEqual(['m2', 'm1']);
    expect(await texts('cafe')).toEqual(['m2']);
    expect(await texts('CAFÉ')).toEqual(['m2']);
    expect(await texts('извес')).toEqual(['m2']);
    expect(await texts('и')).toEqual(['m3']);
    expect(await texts('orde и')).toEqual([]);
  });

  it('finds words longer than anybody types', async () => {
    const long = 'abcdefghij'.repeat(30);
    await world.add([world.message('m1', { text: long }), world.message('m2', { text: 'abcdefg' })]);
    for (const text of ['abcd', long.slice(0, 60)]) expect((await texts(text)).at(-1)).toBe('m1');
    expect(await texts('abcdefg')).toEqual(['m2', 'm1']);
  });

  it('reads scripts that are cut into words otherwise', async () => {
    const greetings = ['हिन्दी में', 'שָׁלוֹם עולם', 'ไทยภาษา', '你好吗', 'İstanbul ığdır', 'ﬁnding', 'Tiếng Việt'];
    await world.add(greetings.map((text, n) => world.message(`m${n}`, { text })));
    for (const [n, text] of greetings.slice(0, 4).entries()) expect(await texts(text)).toEqual([`m${n}`]);
    expect(await texts('istanbul')).toEqual(['m4']);
    expect(await texts('tieng viet')).toEqual(['m6']);
  });

  it('finds by words of before there was a list of them', async () => {
    await runInDurableObject(world.object, async (_, { storage }) => {
      await storage.deleteAll();
      migrateObject(storage, INBOX_MIGRATIONS.slice(0, 3));
      storage.sql.exec(`
        INSERT INTO providers VALUES (1, '${PROVIDER}', NULL);
        INSERT INTO channels VALUES (1, 'chn_old', 1, 'main', 'telegram', 'Old', NULL, 1, 1000);
        INSERT INTO chats VALUES (1, 'chat_old', 1, 'ann', 1, 'Ann', 1, 1000, 1, 7, 1000, 1000);
        INSERT INTO participants VALUES (1, 1, 'ann-1', 'Ann', '+375290000001', 'customer');
        INSERT INTO messages VALUES (1, 'msg_old', 1, 1, 'm1', 'incoming', 1, NULL, NULL, 'Saffrons', 1000, 1000,
          NULL, 1, 'delivered', NULL, 0);
        INSERT INTO finder (rowid, words, facets) VALUES (1, 'Saffrons', 'h1 c1');`);
    });
    await evictDurableObject(world.object);
    expect(await texts('saffron')).toEqual(['m1']);
    expect(await rowsOf('SELECT word FROM terms')).toEqual([{ word: 'saffrons' }]);
    await world.add([world.message('m2', { text: 'saffron' })]);
    expect(await texts('saff')).toEqual(['m2', 'm1']);
  });
});

it('cuts and folds every letter of the scripts it completes as the index does', async () => {
  const all = Array.from({ length: 0x1_0000 }, (_, code) => code)
    .filter((code) => /[\p{L}\p{N}\p{M}]/u.test(String.fromCodePoint(code)))
    .map((code) => ({ code, words: wordsIn(`a${String.fromCodePoint(code)}b`) }))
    .filter(({ words }) => words.length === 1);
  expect(all.length).toBeGreaterThan(1_500);
  const wrong = await runInDurableObject(world.object, (_, { storage: { sql } }) => {
    sql.exec('CREATE VIRTUAL TABLE trial USING fts5(words, tokenize="unicode61 remove_diacritics 2")');
    sql.exec("CREATE VIRTUAL TABLE trial_words USING fts5vocab(trial, 'instance')");
    for (const { code } of all)
      sql.exec(
        'INSERT INTO trial (rowid, words) VALUES (?, ?)',
        code,
        findable(`a${String.fromCodePoint(code)}b`),
      );
    const terms = new Map<number, string[]>();
    for (const { doc, term } of sql.exec<{ doc: number; term: string }>('SELECT doc, term FROM trial_words'))
      terms.set(doc, [...(terms.get(doc) ?? []), term]);
    return all.flatMap(({ code, words }) => {
      const found = sql.exec(
        'SELECT 1 FROM trial WHERE trial MATCH ? AND rowid = CAST(? AS INTEGER)',
        `"${words[0] ?? ''}"`,
        code,
      );
      return terms.get(code)?.length === 1 && found.toArray().length === 1 ? [] : [code.toString(16)];
    });
  });
  expect(wrong).toEqual([]);
});

/** `m<from>` down to `m<to>`. */
const range = (from: number, to: number): string[] =>
  Array.from({ length: from - to + 1 }, (_, n) => `m${from - n}`);
