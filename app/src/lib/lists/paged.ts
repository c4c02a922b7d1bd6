import type { Page } from '#lib/lists/page.js';

export interface Merged<T> {
  items: T[];
  /** Nothing older than the page is kept, so its `next` is where the list goes on. */
  reachesEnd: boolean;
}

/**
 * Puts a fresh first page in place of what it covers of a newest-first list. What it covers but does not have has
 * gone (removed, or out of the filter); older items, past the page's last one, stay as they were.
 */
export function mergeFirstPage<T>(
  known: readonly T[],
  page: Page<T>,
  keyOf: (item: T) => string | number,
): Merged<T> {
  const last = page.items.at(-1);
  if (page.next === null || last === undefined) return { items: page.items, reachesEnd: true };
  const end = known.findIndex((item) => keyOf(item) === keyOf(last));
  const fresh = new Set(page.items.map(keyOf));
  const older = end === -1 ? [] : known.slice(end + 1).filter((item) => !fresh.has(keyOf(item)));
  return { items: [...page.items, ...older], reachesEnd: older.length === 0 };
}
