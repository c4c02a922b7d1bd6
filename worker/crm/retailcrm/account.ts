import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { CRM_COOKIE_TTL_SEC, signCrmToken, verifyCrmToken } from '../../auth/crm-sign-in';
import { serveApp } from '../../http/app-files';
import type { AppEnv } from '../../http/context';
import { crmCookie, CRM_SCREENS, standingSignIn } from '../../http/crm-identity';
import { newApiApp } from '../../http/openapi';

/** A link that opened nothing: a page a person can read, without anything of the inside. */
const refusal = (): Response =>
  new Response(
    '<!doctype html><meta charset="utf-8"><title>403</title><p>This link is not valid any more. Open the integration from the CRM again, or sign in.</p>',
    {
      status: 403,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none'",
      },
    },
  );

/**
 * The account page, as the CRM opens it: by GET or POST with the token in the address. The token is swapped for a cookie of
 * this page and taken out of the address; without one it is the page itself, which asks who is there.
 */
async function account(c: Context<AppEnv>): Promise<Response> {
  const url = new URL(c.req.url);
  const token = url.searchParams.get('token');
  if (token === null) {
    // The journal of a call or a number is the log with its filter set.
    if (url.pathname.endsWith('/journal'))
      return seeOther(`${CRM_SCREENS}/?${journalQuery(url.searchParams)}`);
    // A form that was posted here without a token is no use to anybody: the page is read by GET.
    if (c.req.method === 'POST') return seeOther(`${CRM_SCREENS}/${url.search}`);
    const page = await serveApp(new Request(new URL('/', url), { headers: { accept: 'text/html' } }), c.env);
    const answer = new Response(page.body, page);
    answer.headers.set('referrer-policy', 'no-referrer');
    return answer;
  }
  const now = Date.now();
  const signIn = await verifyCrmToken(c.env, 'account', token, now);
  const asked = url.searchParams.get('enterprise_number');
  if (signIn === null || (asked !== null && asked !== signIn.tenantId)) return refusal();
  if ((await standingSignIn(c.env, signIn)) === null) return refusal();
  const { tenantId, source, version } = signIn;
  const cookie = await signCrmToken(c.env, 'cookie', { tenantId, source, version }, now);
  const answer = seeOther(`${CRM_SCREENS}/?enterprise_number=${tenantId}`);
  answer.headers.append('set-cookie', crmCookie(c.req.raw, c.env, cookie, CRM_COOKIE_TTL_SEC));
  return answer;
}

function journalQuery(asked: URLSearchParams): string {
  const query = new URLSearchParams({ tab: 'logs' });
  for (const name of ['enterprise_number', 'phone', 'call_id']) {
    const value = asked.get(name);
    if (value !== null) query.set(name, value);
  }
  return query.toString();
}

const seeOther = (location: string): Response =>
  new Response(null, {
    status: 303,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  });

export const accountPage = newApiApp();
for (const path of [CRM_SCREENS, `${CRM_SCREENS}/`, `${CRM_SCREENS}/journal`] as const) {
  accountPage.get(path, account);
  accountPage.post(path, account);
}

const query = z.object({
  enterprise_number: z.string().optional().openapi({ example: '0101' }),
  token: z.string().optional().openapi({ description: 'Sign-in that the CRM was given at registration.' }),
});
const PAGES = {
  [`${CRM_SCREENS}/`]: 'The screens of the integration, as the CRM opens them',
  [`${CRM_SCREENS}/journal`]: 'The journal of calls, as the CRM opens it: the log with its filter set',
};
for (const [path, summary] of Object.entries(PAGES))
  for (const method of ['get', 'post'] as const)
    accountPage.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      description: 'With a token: swapped for a cookie of these screens, then 303 to the address without it.',
      tags: ['RetailCRM'],
      security: [],
      request: { query },
      responses: {
        200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
        303: { description: 'Signed in, or a journal: go on at the address given.' },
        403: { description: 'The sign-in is void.', content: { 'text/html': { schema: z.string() } } },
      },
    });
