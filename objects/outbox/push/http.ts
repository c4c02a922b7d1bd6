/** The part of `fetch` a destination needs; passed in, so that tests give their own. */
export type Fetcher = (url: string, init: RequestInit) => Promise<Response>;

/** `Retry-After` in milliseconds, from seconds or an HTTP date; empty when absent or unreadable. */
export function retryAfterMs(response: Response, now: number): { retryAfterMs?: number } {
  const value = response.headers.get('retry-after')?.trim();
  if (!value) return {};
  if (/^\d{1,9}$/.test(value)) return { retryAfterMs: Number(value) * 1_000 };
  const at = Date.parse(value);
  return Number.isNaN(at) ? {} : { retryAfterMs: Math.max(0, at - now) };
}
