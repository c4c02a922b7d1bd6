import { describe, expect, it } from 'vitest';
import { mergeFirstPage } from '#lib/lists/paged.js';

const merge = (known: number[], items: number[], next: string | null) =>
  mergeFirstPage(known, { items, next }, (n) => n);

describe('mergeFirstPage', () => {
  it('keeps older pages and puts new items on top', () => {
    expect(merge([5, 4, 3, 2, 1], [6, 5, 4], 'c')).toEqual({ items: [6, 5, 4, 3, 2, 1], reachesEnd: false });
  });

  it('drops what the page covers but does not have', () => {
    expect(merge([5, 4, 3, 2, 1], [5, 3], 'c')).toEqual({ items: [5, 3, 2, 1], reachesEnd: false });
  });

  it('takes a last page for the whole list', () => {
    expect(merge([5, 4], [6], null)).toEqual({ items: [6], reachesEnd: true });
    expect(merge([5, 4], [], null)).toEqual({ items: [], reachesEnd: true });
  });

  it('starts over when the pages no longer meet', () => {
    expect(merge([5, 4, 3], [9, 8], 'c')).toEqual({ items: [9, 8], reachesEnd: true });
  });
});
