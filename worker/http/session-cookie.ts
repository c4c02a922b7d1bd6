import { parse, serialize } from 'hono/utils/cookie';
import type { Env } from '../env';

const SECURE_NAME = '__Host-tl_session';
/** Browsers refuse `__Host-` and `Secure` cookies from plain http, which only a machine talking to itself uses. */
const LOOPBACK_NAME = 'tl_session';

/** What of the environment says whether a proxy in front of us is configured, and so believed. */
type ProxyEnv = Pick<Env, 'CLIENT_ADDRESS_HEADER'>;

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

/**
 * How the browser reached us: `https` directly or by the word of a configured front proxy, `loopback` for plain http
 * on this machine, `plain` for plain http from elsewhere, where no session cookie is given out.
 */
export function transportOf(request: Request, env: ProxyEnv): 'https' | 'loopback' | 'plain' {
  const url = new URL(request.url);
  if (url.protocol === 'https:') return 'https';
  if (env.CLIENT_ADDRESS_HEADER && request.headers.get('x-forwarded-proto') === 'https') return 'https';
  return isLoopback(url.hostname) ? 'loopback' : 'plain';
}

const cookieName = (request: Request, env: ProxyEnv): string =>
  transportOf(request, env) === 'https' ? SECURE_NAME : LOOPBACK_NAME;

/** The session token of the request's cookie, undefined when there is none. */
export function readSessionCookie(request: Request, env: ProxyEnv): string | undefined {
  const header = request.headers.get('cookie');
  if (header === null) return undefined;
  const name = cookieName(request, env);
  return parse(header, name)[name];
}

/** `Set-Cookie` for a session. `maxAgeSec` 0 takes the cookie away. */
export const sessionCookie = (request: Request, env: ProxyEnv, token: string, maxAgeSec: number): string =>
  serialize(cookieName(request, env), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: transportOf(request, env) === 'https',
    maxAge: maxAgeSec,
  });
