/** Which key an SSH server must show. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** OpenSSH's fingerprint of a key as it travels: `SHA256:…`, base64 without padding. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** Whether `key` is the one of `pin`: a fingerprint, or the key itself in base64 as a `known_hosts` line has it. */
export function isPinned(key: Buffer, pin: string): boolean {
  const clean = pin.trim();
  if (clean.startsWith('SHA256:')) return fingerprint(key) === clean.replace(/=+$/, '');
  const base64 = clean.split(/\s+/).find((word) => word.startsWith('AAAA')) ?? clean;
  return key.equals(Buffer.from(base64, 'base64'));
}

/** The pin of one host: from the configuration, or kept in a file from the first connection if that is allowed. */
export class HostPin {
  readonly #configured: string | undefined;
  readonly #file: string | null;

  /** @param file where the first key is kept; null: only the configured one counts */
  constructor(configured: string | undefined, file: string | null) {
    this.#configured = configured;
    this.#file = configured === undefined ? file : null;
  }

  /** What is expected; null before the first connection of a host whose first key is taken. */
  get expected(): string | null {
    if (this.#configured !== undefined) return this.#configured;
    if (this.#file === null) return null;
    try {
      return readFileSync(this.#file, 'utf8').trim() || null;
    } catch {
      return null;
    }
  }

  accepts(key: Buffer): boolean {
    const { expected } = this;
    if (expected !== null) return isPinned(key, expected);
    if (this.#file === null) return false;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    writeFileSync(this.#file, `${fingerprint(key)}\n`, { mode: 0o600 });
    return true;
  }
}
