/** Headers of a request or answer as Node gives them: names and values in turn. */
export type RawHeaders = readonly string[];

/** They speak about one connection, not about the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** How the names of the headers begin in which the front proves itself: a client's are never passed on. */
const FRONT_HEADERS = 'x-trunkline-front';

/** In what the front passes on. */
export const passedOn = (token: string): Record<string, string> => ({ [FRONT_HEADERS]: token });

/** In what it asks for itself (`worker/http/front.ts`). */
export const askedByUs = (token: string): Record<string, string> => ({
  [FRONT_HEADERS]: token,
  [`${FRONT_HEADERS}-own`]: token,
});

export interface AddressRules {
  /** Header in which the Worker looks for the client's address. */
  header: string;
  /** Header of a proxy in front of us whose word about the client's address is taken. */
  trusted?: string;
}

/** Headers without those named; names in lower case. */
export function without(raw: RawHeaders, drop: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!drop(name.toLowerCase())) kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

export const withoutHops = (raw: RawHeaders): string[] => without(raw, (name) => HOP_BY_HOP.has(name));

/**
 * What goes to the Worker: the client's headers, with our word about its address instead of its own and with the
 * front's token. `upgrade` keeps what a WebSocket handshake needs.
 */
export function forwarded(
  raw: RawHeaders,
  remoteAddress: string | undefined,
  rules: AddressRules,
  proof: Readonly<Record<string, string>>,
  upgrade = false,
): string[] {
  const drop = (name: string): boolean =>
    name === rules.header.toLowerCase() ||
    name.startsWith(FRONT_HEADERS) ||
    name === 'expect' ||
    name.startsWith('mf-') ||
    (!upgrade && HOP_BY_HOP.has(name));
  const headers = without(raw, drop);
  const address =
    rules.trusted === undefined ? remoteAddress?.replace(/^::ffff:/, '') : valueOf(raw, rules.trusted);
  if (address) headers.push(rules.header, address);
  for (const [name, value] of Object.entries(proof)) headers.push(name, value);
  return headers;
}

/** All values of a header, joined by commas. */
function valueOf(raw: RawHeaders, wanted: string): string {
  const values = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === wanted.toLowerCase()) values.push(raw[i + 1]);
  }
  return values.join(', ');
}
