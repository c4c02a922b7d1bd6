import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, HostPin, isPinned } from './host-key.ts';

/** As an Ed25519 key travels: its kind, then 32 bytes. */
const key = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  randomBytes(32),
]);
const other = Buffer.from(key).fill(7, key.length - 32);
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trunkline-pin-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a pinned key', () => {
  it('is given as OpenSSH prints it, or as a line of known_hosts has it', () => {
    const printed = `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
    expect(fingerprint(key)).toBe(printed);
    for (const pin of [
      printed,
      ` ${printed} `,
      key.toString('base64'),
      `pbx.example ssh-ed25519 ${key.toString('base64')}`,
    ]) {
      expect(isPinned(key, pin)).toBe(true);
      expect(isPinned(other, pin)).toBe(false);
    }
  });

  it('that is empty or half fits nothing', () => {
    for (const pin of ['', 'SHA256:', fingerprint(key).slice(0, -1), key.toString('base64').slice(0, 20)]) {
      expect(isPinned(key, pin)).toBe(false);
    }
  });
});

describe('the first key of a host', () => {
  it('is kept where that is allowed, and counts from then on', () => {
    const file = join(directory, 'host-key-office');
    expect(new HostPin(undefined, file).expected).toBeNull();
    expect(new HostPin(undefined, file).accepts(key)).toBe(true);
    expect(readFileSync(file, 'utf8').trim()).toBe(fingerprint(key));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new HostPin(undefined, file).accepts(other)).toBe(false);
    expect(new HostPin(undefined, file).accepts(key)).toBe(true);
  });

  it('is nothing without that, and never stronger than a configured one', () => {
    expect(new HostPin(undefined, null).accepts(key)).toBe(false);
    expect(new HostPin(fingerprint(other), join(directory, 'x')).accepts(key)).toBe(false);
  });
});
