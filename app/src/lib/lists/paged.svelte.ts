import { asApiError, type ApiError } from '#lib/api/errors.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import { mergeFirstPage } from '#lib/lists/paged.js';

const PAGE = 50;

/** A list read page by page, newest first: the pages so far, whether there are more, and what went wrong. */
export class PagedList<T> {
  items = $state.raw<readonly T[] | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** A further page failed; what is on screen stays. */
  moreError = $state.raw<ApiError | null>(null);
  loading = $state(false);
  loadingMore = $state(false);
  next = $state<string | null>(null);
  #turn: AbortController | null = null;

  constructor(
    private readonly fetchPage: (page: PageRequest, signal: AbortSignal) => Promise<Page<T>>,
    private readonly keyOf: (item: T) => string | number,
    /** The most items one request may ask for. */
    private readonly most: number,
  ) {}

  get pending(): boolean {
    return this.items === null && this.error === null;
  }

  /** Reads from the start; what was there before is dropped when `anew`. */
  load = async (anew = false): Promise<void> => {
    if (anew) {
      this.items = null;
      this.error = null;
    }
    this.moreError = null;
    // A refresh asks for as much as is on screen, so that older lines change their state too.
    const limit = Math.min(this.most, Math.max(PAGE, this.items?.length ?? 0));
    await this.#run('loading', { limit }, (page) => {
      const merged = mergeFirstPage(this.items ?? [], page, this.keyOf);
      this.items = merged.items;
      if (merged.reachesEnd) this.next = page.next;
      this.error = null;
    });
  };

  more = async (): Promise<void> => {
    if (this.next === null || this.loadingMore) return;
    this.moreError = null;
    await this.#run('loadingMore', { limit: PAGE, cursor: this.next }, (page) => {
      const known = new Set((this.items ?? []).map(this.keyOf));
      this.items = [...(this.items ?? []), ...page.items.filter((item) => !known.has(this.keyOf(item)))];
      this.next = page.next;
    });
  };

  cancel = (): void => {
    this.#turn?.abort();
    this.#turn = null;
    this.loading = false;
    this.loadingMore = false;
  };

  async #run(
    flag: 'loading' | 'loadingMore',
    request: PageRequest,
    take: (page: Page<T>) => void,
  ): Promise<void> {
    this.cancel();
    const turn = new AbortController();
    this.#turn = turn;
    this[flag] = true;
    try {
      const page = await this.fetchPage(request, turn.signal);
      if (this.#turn === turn) take(page);
    } catch (cause) {
      if (this.#turn !== turn) return;
      if (flag === 'loading') this.error = asApiError(cause);
      else this.moreError = asApiError(cause);
    } finally {
      if (this.#turn === turn) this[flag] = false;
    }
  }
}
