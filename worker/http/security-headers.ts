import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './context';

/** On every answer that is not a socket: nothing of ours is another type than it says, or shown in a frame. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'X-Frame-Options': 'DENY',
};

const COMMON = Object.entries(COMMON_HEADERS);

/** API answers belong to one signed-in user: no cache keeps them unless their route says so. */
export const apiHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  // An upgraded socket's answer must reach the runtime as it is.
  if (c.res.status === 101) return;
  // An answer made here can be written to; one passed on from elsewhere is copied, once and not per header.
  if (isFrozen(c.res.headers)) c.res = new Response(c.res.body, c.res);
  const { headers } = c.res;
  for (const [name, value] of COMMON) headers.set(name, value);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
};

/** Whether headers refuse to be changed, as those of an answer fetched from an object do. */
function isFrozen(headers: Headers): boolean {
  try {
    headers.set('x-content-type-options', 'nosniff');
    return false;
  } catch {
    return true;
  }
}

/**
 * The app's content security policy. Scripts come from our origin only; the one inline script of the built page is
 * named by its hash. Styles may be inline: panels and charts place themselves that way.
 */
export const contentSecurityPolicy = (scriptHashes: readonly string[]): string =>
  [
    `default-src 'self'`,
    `script-src 'self'${scriptHashes.map((hash) => ` '${hash}'`).join('')}`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self'`,
    `object-src 'none'`,
    `base-uri 'self'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** `sha256-…` of each inline script of a page of our own build. */
export async function inlineScriptHashes(html: string): Promise<string[]> {
  const hashes: string[] = [];
  for (const [, script = ''] of html.matchAll(INLINE_SCRIPT)) {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script));
    hashes.push(`sha256-${Buffer.from(digest).toString('base64')}`);
  }
  return hashes;
}
