/** The binding that carries the signing keys; a part of `Env`, so that tests need not make a whole one. */
export interface KeyringEnv {
  JWT_KEYS: string;
}

/** Keys by id: the active one signs or seals, all of them verify or open. */
export interface Keyring {
  activeKid: string;
  activeKey: Uint8Array;
  keys: ReadonlyMap<string, Uint8Array>;
}

const parsed = new Map<string, Keyring>();

/**
 * Reads a keyring binding: JSON `{"active": kid, "keys": {kid: base64 of 32 bytes}}`. To rotate, add a key, make it
 * the active one, and drop the old key when nothing signed or sealed with it is in use any more.
 *
 * @throws when the binding is missing or has another form; the message never contains key material.
 */
export function readKeyring(binding: string): Keyring {
  const known = parsed.get(binding);
  if (known !== undefined) return known;
  const ring = parseKeyring(binding);
  parsed.set(binding, ring);
  return ring;
}

function parseKeyring(binding: string): Keyring {
  let raw: unknown;
  try {
    raw = JSON.parse(binding);
  } catch {
    // The parser's message would quote the text, which holds the keys.
    throw new Error('keyring binding is not JSON');
  }
  if (typeof raw !== 'object' || raw === null || !('active' in raw) || !('keys' in raw)) {
    throw new Error('keyring binding needs "active" and "keys"');
  }
  const { active, keys: entries } = raw;
  if (typeof active !== 'string' || typeof entries !== 'object' || entries === null) {
    throw new Error('keyring binding: "active" is a key id, "keys" an object');
  }
  const keys = new Map<string, Uint8Array>();
  for (const [kid, value] of Object.entries(entries)) {
    const bytes =
      typeof value === 'string' ? Uint8Array.from(Buffer.from(value, 'base64')) : new Uint8Array();
    if (bytes.length !== 32) throw new Error(`keyring binding: key ${kid} is not 32 bytes of base64`);
    keys.set(kid, bytes);
  }
  const activeKey = keys.get(active);
  if (activeKey === undefined) throw new Error('keyring binding: the active key is not among the keys');
  return { activeKid: active, activeKey, keys };
}
