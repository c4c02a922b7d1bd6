import { goto } from '$app/navigation';
import { page } from '$app/state';

/** Where the last change is still on its way to: a second one at once must not undo it. */
let wanted: URL | null = null;

/** Puts filters into the address, so that it can be shared and survives a reload; an empty value is left out. */
export function setQuery(change: Record<string, string>): void {
  const url = new URL((wanted ?? page.url).href);
  for (const [name, value] of Object.entries(change)) {
    if (value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href === (wanted ?? page.url).href) return;
  wanted = url;
  void goto(url, { replace: true, reset: false }).finally(() => {
    if (wanted === url) wanted = null;
  });
}

/** A value of the address that is one of those allowed, else the first of them. */
export function oneOf<const T extends string>(value: string | null, allowed: readonly [T, ...T[]]): T {
  return allowed.find((one) => one === value) ?? allowed[0];
}
