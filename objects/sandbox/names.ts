/**
 * Names of sandboxes. The object is named by a digest of the app version it belongs to; each opening of it plays a tenant of
 * its own, `sandbox-<object>-<opening>`, whose name says which object to ask. Real tenants are four digits, so that no name
 * is of both.
 */
import { sha256Hex } from '../../worker/auth/digest';

const TENANT = /^sandbox-([0-9a-f]{16})-[0-9a-z]{8}$/;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The object of an app version. */
export const sandboxName = (appCode: string, appVersion: string): string =>
  sha256Hex(`${appCode}\n${appVersion}`).slice(0, 16);

/** A tenant that no opening of the object had before. */
export function newSandboxTenant(
  name: string,
  random: (bytes: number) => Uint8Array = (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
): string {
  let tail = '';
  for (const byte of random(8)) tail += ALPHABET[byte % ALPHABET.length];
  return `sandbox-${name}-${tail}`;
}

/** The object that plays this tenant; null for a real one. */
export const sandboxOf = (tenantId: string): string | null => TENANT.exec(tenantId)?.[1] ?? null;
