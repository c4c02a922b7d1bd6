import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { checkOutgoingUrl, originsOf } from '../../objects/lib/outgoing-url.ts';

/** Name of the Worker that all outgoing requests of ours leave through. */
export const OUTBOUND = 'outbound';

type Lookup = (host: string) => Promise<{ address: string }[]>;

/**
 * The network that the Worker may reach: the public internet, and the addresses of the origins that the operator of this
 * server allowed. The runtime asks it after a name was resolved, so a public name that leads to a private address is
 * refused as well.
 *
 * @param origins OUTGOING_ORIGINS, as `originsOf` reads it
 * @param loopback whether this machine may be asked as well: a demo has stand-ins there
 * @throws Error when the name of an allowed origin cannot be resolved
 */
export async function reachable(
  origins: string | undefined,
  resolve: Lookup = resolveAll,
  loopback = false,
): Promise<string[]> {
  const blocks = new Set<string>(loopback ? ['127.0.0.0/8', '::1/128'] : []);
  const allowed = originsOf(origins);
  for (const origin of allowed) {
    // Where the rules refuse nothing but the scheme or port, the network is open anyway.
    const host = new URL(origin).hostname.replace(/^\[|\]$/g, '');
    if (checkOutgoingUrl(`https://${new URL(origin).hostname}/`).ok && isIP(host) !== 0) continue;
    const addresses = isIP(host) === 0 ? await resolve(host) : [{ address: host }];
    for (const { address } of addresses) blocks.add(`${address}/${isIP(address) === 6 ? 128 : 32}`);
  }
  return ['public', ...blocks];
}

const resolveAll: Lookup = (host) =>
  lookup(host, { all: true }).catch(() => {
    throw new Error(`OUTGOING_ORIGINS names "${host}", which cannot be resolved here`);
  });

/** A Worker that does nothing but pass requests on to the network it may reach. */
export const outboundWorker = (root: string, compatibilityDate: string, allow: string[]) => ({
  name: OUTBOUND,
  rootPath: root,
  compatibilityDate,
  modules: [
    {
      type: 'ESModule' as const,
      path: 'outbound.js',
      contents: 'export default { fetch: (request, env) => env.NETWORK.fetch(request) };',
    },
  ],
  serviceBindings: { NETWORK: { network: { allow, deny: [], tlsOptions: { trustBrowserCas: true } } } },
});
