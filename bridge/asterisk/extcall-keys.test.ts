import { describe, expect, it } from 'vitest';
import type { AmiFields, AmiMessage } from './ami/message.ts';
import { ExtcallKeys, extcallName } from './extcall-keys.ts';

/** Asterisk's database, which may refuse keys. */
class Database {
  readonly kept = new Map<string, string>();

  readonly #refused: RegExp | null;

  constructor(refused: RegExp | null = null) {
    this.#refused = refused;
  }

  act = (name: string, fields: AmiFields): Promise<AmiMessage> => {
    const key = `${String(fields['Family'])}/${String(fields['Key'])}`;
    if (name === 'DBDel') this.kept.delete(key);
    else if (this.#refused?.test(key)) return Promise.resolve({ Response: 'Error', Message: 'no' });
    else this.kept.set(key, String(fields['Val']));
    return Promise.resolve({ Response: 'Success' });
  };
}

const keysOf = (database: Database) => new ExtcallKeys({ act: database.act }, '150');
const { signal } = new AbortController();

describe('whom a phone shows', () => {
  it('is the number, and the name where there is one', async () => {
    const database = new Database();
    await keysOf(database).put('+375290000000', 'Ann  Example', signal);
    expect([...database.kept]).toEqual([
      ['extcall/nextcall_150', '+375290000000'],
      ['extcall/nextname_150', 'Ann..Example'],
    ]);
    await keysOf(database).remove();
    expect(database.kept.size).toBe(0);
  });

  it('has no name where that is only the number, or none', async () => {
    const database = new Database();
    await keysOf(database).put('+375290000000', '+375290000000', signal);
    await keysOf(database).put('+375290000000', undefined, signal);
    expect([...database.kept.keys()]).toEqual(['extcall/nextcall_150']);
  });

  it('leaves nothing behind when half of it is refused', async () => {
    const database = new Database(/nextname/);
    await expect(keysOf(database).put('+375290000000', 'Ann', signal)).rejects.toMatchObject({
      code: 'PBX_REFUSED',
    });
    expect(database.kept.size).toBe(0);
  });

  it('holds nothing of the dialplan’s grammar', () => {
    expect(extcallName('Ann, "${SHELL(rm)}" & Co;')).toBe('Ann..SHELL..rm..Co');
  });
});
