/**
 * One list out of several objects' lists, page by page. The cursor says for each object where the next page starts:
 * after the last item of it that was shown, in the object's own cursor, or that it has no more.
 */

export interface ShardPage<T> {
  items: T[];
  next: string | null;
}

/** By shard: where to go on, null when it is at its end; absent: from its beginning. */
export type ShardCursors = ReadonlyMap<number, string | null>;

interface MergeParts<T> {
  /** Numbers of the objects, which must stay the same from page to page. */
  shards: readonly number[];
  cursors: ShardCursors;
  limit: number;
  /** Sorts as `Array.sort` does. */
  newerFirst(a: T, b: T): number;
  read(shard: number, cursor: string | null, limit: number): Promise<ShardPage<T>>;
}

/** The first `limit` items over all shards from where the cursors stand. */
export async function mergePages<T>(parts: MergeParts<T>): Promise<ShardPage<T>> {
  const open = parts.shards.filter((shard) => parts.cursors.get(shard) !== null);
  const pages = await Promise.all(
    open.map(async (shard) => {
      const from = parts.cursors.get(shard) ?? null;
      return { shard, from, page: await parts.read(shard, from, parts.limit) };
    }),
  );
  const all = pages.flatMap(({ shard, page }) => page.items.map((item) => ({ shard, item })));
  all.sort((a, b) => parts.newerFirst(a.item, b.item));
  const shown = all.slice(0, parts.limit);
  const next = new Map<number, string | null>(parts.cursors);
  for (const { shard, from, page } of pages) {
    const count = shown.filter((entry) => entry.shard === shard).length;
    if (count === page.items.length) next.set(shard, page.next);
    else if (count > 0) {
      // Read again exactly what was shown: its cursor is where the rest begins.
      const again = await parts.read(shard, from, count);
      next.set(shard, again.next);
    }
  }
  const atEnd = parts.shards.every((shard) => next.get(shard) === null);
  return { items: shown.map((entry) => entry.item), next: atEnd ? null : writeCursor(next) };
}

const writeCursor = (cursors: ShardCursors): string =>
  Buffer.from(JSON.stringify([...cursors])).toString('base64url');

/** Null for a text that was not written here. */
export function readCursor(text: string | undefined): ShardCursors | null {
  if (text === undefined || text === '') return new Map();
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(raw)) return null;
  const cursors = new Map<number, string | null>();
  for (const entry of raw) {
    if (!Array.isArray(entry)) return null;
    const [shard, cursor]: unknown[] = entry;
    if (typeof shard !== 'number' || (typeof cursor !== 'string' && cursor !== null)) return null;
    cursors.set(shard, cursor);
  }
  return cursors;
}
