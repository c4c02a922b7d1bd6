/** Set by our own app on every request: a foreign form or link cannot add it, a foreign script needs CORS, which we never grant. */
export const APP_HEADER = 'x-trunkline';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export const isSafeMethod = (method: string): boolean => SAFE_METHODS.has(method);

/**
 * Whether the browser itself vouches that the request comes from a page of ours: `Sec-Fetch-Site: same-origin`, or
 * where that is missing an `Origin` with our host. Neither header means no proof. Hosts are compared, not schemes: a
 * proxy that ends TLS in front of us hands plain http on.
 */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const origin = request.headers.get('origin');
  if (origin === null || !URL.canParse(origin)) return false;
  return new URL(origin).host === (request.headers.get('host') ?? new URL(request.url).host);
}

/** For unsafe methods carried by a cookie: proof of origin and the app's header, both. */
export const isOurApp = (request: Request): boolean =>
  request.headers.get(APP_HEADER) === '1' && isSameOrigin(request);
