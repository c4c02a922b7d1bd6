/**
 * Which addresses we ask on somebody's behalf. A URL that a user typed must never reach what only this deployment can
 * reach: its own loopback, a neighbour in its network, a cloud's metadata. So: https, a public name or address, the
 * default port, no credentials. The operator of a deployment may allow single origins beyond that (`OUTGOING_ORIGINS`),
 * plain http and private addresses included.
 *
 * A public name may still lead to a private address: that is refused where names are resolved, by the runtime
 * (`scripts/start/outbound.ts` on a self-hosted server; the edge reaches no private network). Redirects are not followed,
 * because the next address would be nobody's choice: see `outgoingFetch`.
 */

/** Why a URL is refused. */
export const OUTGOING_PROBLEMS = {
  not_a_url: 'is not a URL',
  too_long: 'is longer than 2048 characters',
  not_https: 'must start with https://',
  credentials: 'must hold no user name or password: use a header',
  port: 'must use the default port',
  local_name: 'names a machine of a private network',
  private_address: 'is an address of a private or reserved network',
} as const;
export type OutgoingProblem = keyof typeof OUTGOING_PROBLEMS;

export type OutgoingUrl = { ok: true; url: URL } | { ok: false; problem: OutgoingProblem; message: string };

const LONGEST = 2_048;

/** Last labels that no public name has; `localhost.` with its dot is covered as well. */
const LOCAL_NAMES =
  /(^|\.)(localhost|local|localdomain|internal|intranet|private|lan|home|corp|arpa|onion|invalid)$/;

/** IPv4 blocks that are not of the public internet, `[first octets as a number, prefix length]`. */
const RESERVED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** IPv6 blocks inside the global unicast space that lead elsewhere: Teredo and the like, documentation, 6to4. */
const RESERVED_V6: readonly (readonly [bigint, number])[] = [
  [0x2001_0000n, 23],
  [0x2001_0db8n, 32],
  [0x2002_0000n, 16],
  [0x3fff_0000n, 20],
];

/**
 * Reads an outgoing URL by the rules. Odd notations of an address (`0x7f.1`, `2130706433`, full-width digits) are
 * brought to their plain form by the URL parser before they are judged. The fragment is dropped.
 *
 * @param allowed origins that the deployment's operator permits beyond the rules, as `originsOf` reads them
 * @example
 * const target = checkOutgoingUrl(body.url, originsOf(env.OUTGOING_ORIGINS));
 * if (!target.ok) throw new PlatformError('INVALID_PARAMS', …, { details: { url: [target.message] } });
 */
export function checkOutgoingUrl(text: string, allowed: ReadonlySet<string> = new Set()): OutgoingUrl {
  if (text.length > LONGEST) return refuse('too_long');
  if (!URL.canParse(text)) return refuse('not_a_url');
  const url = new URL(text);
  url.hash = '';
  if (url.username !== '' || url.password !== '') return refuse('credentials');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('not_https');
  if (allowed.has(url.origin)) return { ok: true, url };
  if (url.protocol !== 'https:') return refuse('not_https');
  const problem = hostProblem(url.hostname);
  if (problem !== null) return refuse(problem);
  if (url.port !== '') return refuse('port');
  return { ok: true, url };
}

/** Reads a list of origins, separated by commas or white space; what is no origin is left out. */
export function originsOf(list: string | undefined): ReadonlySet<string> {
  const origins = (list ?? '')
    .split(/[\s,]+/)
    .filter((item) => /^https?:\/\//.test(item) && URL.canParse(item));
  return new Set(origins.map((item) => new URL(item).origin));
}

const refuse = (problem: OutgoingProblem): OutgoingUrl => ({
  ok: false,
  problem,
  message: OUTGOING_PROBLEMS[problem],
});

function hostProblem(hostname: string): OutgoingProblem | null {
  if (hostname.startsWith('[')) return isPublicV6(hostname.slice(1, -1)) ? null : 'private_address';
  const host = hostname.replace(/\.$/, '');
  if (/^\d+(\.\d+){3}$/.test(host)) return isPublicV4(host) ? null : 'private_address';
  // A name without a dot is a neighbour's, found by a search list.
  if (!host.includes('.') || LOCAL_NAMES.test(host)) return 'local_name';
  return null;
}

const v4Number = (address: string): number =>
  address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

function isPublicV4(address: string): boolean {
  const number = v4Number(address);
  return !RESERVED_V4.some(([block, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(number / size) === Math.floor(v4Number(block) / size);
  });
}

/** Only global unicast (2000::/3): mapped, translated, local and multicast addresses all lie outside of it. */
function isPublicV6(address: string): boolean {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = (tail === undefined ? before : [...before, ...middle, ...after]).map((group) =>
    Number.parseInt(group, 16),
  );
  if (groups.length !== 8 || groups.some((group) => Number.isNaN(group))) return false;
  const first = (BigInt(groups[0] ?? 0) << 16n) | BigInt(groups[1] ?? 0);
  if (first >> 29n !== 1n) return false;
  return !RESERVED_V6.some(
    ([block, prefix]) => first >> BigInt(32 - prefix) === block >> BigInt(32 - prefix),
  );
}
