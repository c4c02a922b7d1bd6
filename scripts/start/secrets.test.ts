import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSecrets, newSecrets } from './secrets.ts';

describe('loadSecrets', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trunkline-secrets-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('makes keyrings whose active key is 32 bytes', () => {
    const secrets = loadSecrets(directory, {});
    for (const text of [secrets.JWT_KEYS, secrets.SECRETS_KEYS]) {
      const ring = JSON.parse(text) as { active: string; keys: Record<string, string> };
      expect(Buffer.from(ring.keys[ring.active] ?? '', 'base64')).toHaveLength(32);
    }
    expect(Buffer.from(secrets.PASSWORD_PEPPER, 'base64')).toHaveLength(32);
  });

  it('keeps what it made, readable by the owner only', () => {
    const first = loadSecrets(directory, {});
    expect(loadSecrets(directory, {})).toEqual(first);
    expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('makes different ones for every state directory', () => {
    expect(newSecrets()).not.toEqual(newSecrets());
  });

  it('adds what an older file lacks and leaves the rest', () => {
    const { JWT_KEYS, PASSWORD_PEPPER } = newSecrets();
    writeFileSync(join(directory, 'secrets.json'), JSON.stringify({ JWT_KEYS, PASSWORD_PEPPER }));
    const secrets = loadSecrets(directory, {});
    expect(secrets).toMatchObject({ JWT_KEYS, PASSWORD_PEPPER });
    expect(secrets.SECRETS_KEYS).toBeTruthy();
  });

  it('lets the environment win without writing it down', () => {
    const own = loadSecrets(directory, {});
    expect(loadSecrets(directory, { PASSWORD_PEPPER: 'from outside' }).PASSWORD_PEPPER).toBe('from outside');
    expect(loadSecrets(directory, {})).toEqual(own);
  });

  it('stops at a broken file instead of locking everybody out', () => {
    writeFileSync(join(directory, 'secrets.json'), '{"JWT_KEYS": ');
    expect(() => loadSecrets(directory, {})).toThrow(/secrets\.json cannot be read/);
  });
});
