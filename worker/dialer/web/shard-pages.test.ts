import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePages, readCursor, type ShardCursors } from './shard-pages';

/** Shards with lists of their own; a shard's cursor is a position in its list. */
const reader =
  (lists: readonly (readonly number[])[]) =>
  async (
    shard: number,
    cursor: string | null,
    limit: number,
  ): Promise<{ items: number[]; next: string | null }> => {
    const list = lists[shard] ?? [];
    const from = Number(cursor ?? 0);
    const items = list.slice(from, from + limit);
    return { items, next: from + items.length < list.length ? String(from + items.length) : null };
  };

describe('mergePages', () => {
  it('shows everything once, in order, whatever the pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.nat(1_000), { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (raw, limit) => {
          const lists = raw.map((list, shard) => list.map((n) => n * 5 + shard).sort((a, b) => b - a));
          const seen: number[] = [];
          let cursors: ShardCursors = new Map();
          for (let page = 0; page < 100; page += 1) {
            const merged = await mergePages({
              shards: lists.map((_, shard) => shard),
              cursors,
              limit,
              newerFirst: (a: number, b: number) => b - a,
              read: reader(lists),
            });
            expect(merged.items.length).toBeLessThanOrEqual(limit);
            seen.push(...merged.items);
            if (merged.next === null) break;
            const next = readCursor(merged.next);
            if (next === null) throw new Error('a cursor of ours was not read');
            cursors = next;
          }
          expect(seen).toEqual(lists.flat().sort((a, b) => b - a));
        },
      ),
    );
  });

  it('reads no cursor but its own', () => {
    expect(readCursor(undefined)).toEqual(new Map());
    for (const text of [
      'x',
      'e30',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('[["0","a"]]').toString('base64url'),
    ]) {
      expect(readCursor(text)).toBe(null);
    }
  });
});
