import type { Env } from '../env';

/** Longest text form of an IPv6 address with a zone. */
const MAX_LENGTH = 64;

/**
 * The client's address by the word of a configured front proxy, null when none is configured or it said nothing.
 * `CF-Connecting-IP` and the like are never believed by themselves: whoever reaches us directly can send them.
 */
export function clientAddress(request: Request, env: Pick<Env, 'CLIENT_ADDRESS_HEADER'>): string | null {
  if (!env.CLIENT_ADDRESS_HEADER) return null;
  const value = request.headers.get(env.CLIENT_ADDRESS_HEADER);
  if (value === null) return null;
  // A proxy that appends leaves the client's own claims on the left: only the last entry is the proxy's.
  const address = value.slice(value.lastIndexOf(',') + 1).trim();
  return address === '' || address.length > MAX_LENGTH || !/^[0-9A-Fa-f:.%a-z]+$/.test(address)
    ? null
    : address;
}

/**
 * What limits per address count by: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of a /64
 * usually has all of them.
 */
export function networkOf(address: string): string {
  const plain = address.split('%', 1)[0] ?? address;
  if (!plain.includes(':')) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = plain.toLowerCase().split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
