/** The way out: straight, or through an HTTP proxy by CONNECT. */
import type { Agent } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';

/**
 * The proxy for an address, or null. The configuration's counts always; the environment's `HTTPS_PROXY` (`HTTP_PROXY`
 * for `http:`) unless `NO_PROXY` names the host.
 */
export function proxyFor(
  url: URL,
  configured: string | undefined,
  environment: Record<string, string | undefined>,
): string | null {
  if (configured !== undefined) return configured;
  const read = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? '';
  const proxy = read(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isExcepted(url, read('NO_PROXY'))) return null;
  return /^https?:\/\//.test(proxy) ? proxy : `http://${proxy}`;
}

/** `NO_PROXY`: names and addresses with an optional port, a leading dot for what is under a domain, `*` for all. */
function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (only !== undefined && only !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return name === '*' || host === domain || host.endsWith(`.${domain}`);
    });
}

/** Undefined: straight. */
export const agentFor = (proxy: string | null): Agent | undefined =>
  proxy === null ? undefined : new HttpsProxyAgent(proxy, { keepAlive: false });
