import type { Env } from '../env';
import { COMMON_HEADERS, contentSecurityPolicy, inlineScriptHashes } from './security-headers';

/** The page last served and its policy: the build does not change while we run, so it is hashed once. */
let lastPage: { html: string; policy: string } | null = null;

const withHeaders = (response: Response, headers: Record<string, string>): Response => {
  const answer = new Response(response.body, response);
  for (const [name, value] of Object.entries({ ...COMMON_HEADERS, ...headers }))
    answer.headers.set(name, value);
  return answer;
};

/** Whether the browser is opening a page: only then is an unknown path the app's own. */
const isNavigation = (request: Request): boolean =>
  request.method === 'GET' && (request.headers.get('accept') ?? '').includes('text/html');

/**
 * A file of the built app, or its page for a navigation to one of its routes, with security headers. Files whose
 * name carries their hash may be kept for ever, everything else is checked again each time.
 */
export async function serveApp(request: Request, env: Pick<Env, 'ASSETS'>): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname !== '/' && url.pathname !== '/index.html') {
    const file = await env.ASSETS.fetch(request);
    if (file.status !== 404) {
      const immutable = url.pathname.startsWith('/_app/immutable/') && file.ok;
      const isScript = file.headers.get('content-type')?.includes('javascript') === true;
      return withHeaders(file, {
        'Cache-Control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
        // A picture opened in a tab runs nothing. Not on scripts: one that runs as a worker would take it as its own.
        ...(!isScript && {
          'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'`,
        }),
      });
    }
    await file.body?.cancel();
    if (!isNavigation(request)) return plain('Not found\n', 404);
  }
  const page = await env.ASSETS.fetch(new URL('/index.html', url));
  if (!page.ok) return plain('The app is not built: npm start does that.\n', 503);
  const html = await page.text();
  if (lastPage?.html !== html)
    lastPage = { html, policy: contentSecurityPolicy(await inlineScriptHashes(html)) };
  return new Response(request.method === 'HEAD' ? null : html, {
    headers: {
      ...COMMON_HEADERS,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': lastPage.policy,
      'Cache-Control': 'no-cache',
    },
  });
}

const plain = (text: string, status: number): Response =>
  new Response(text, { status, headers: { ...COMMON_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' } });
