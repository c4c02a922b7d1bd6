import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './refusal.ts';

/** The secrets the Worker reads from its bindings; forms are described at `Env` in worker/env.ts. */
export interface Secrets {
  JWT_KEYS: string;
  PASSWORD_PEPPER: string;
  SECRETS_KEYS: string;
  METRICS_TOKEN: string;
}

const NAMES = ['JWT_KEYS', 'PASSWORD_PEPPER', 'SECRETS_KEYS', 'METRICS_TOKEN'] as const;

/** A keyring with one fresh 32-byte key, JSON `{"active": kid, "keys": {kid: base64}}`. */
function newKeyring(): string {
  const kid = `k${randomBytes(4).toString('hex')}`;
  return JSON.stringify({ active: kid, keys: { [kid]: randomBytes(32).toString('base64') } });
}

/** A whole set of fresh random secrets. */
export function newSecrets(): Secrets {
  return {
    JWT_KEYS: newKeyring(),
    PASSWORD_PEPPER: randomBytes(32).toString('base64'),
    SECRETS_KEYS: newKeyring(),
    METRICS_TOKEN: randomBytes(24).toString('base64url'),
  };
}

/**
 * Secrets of a state directory: made on the first start, kept in `secrets.json` (readable by the owner only), since a
 * lost pepper or keyring makes every stored password and secret useless. A variable of the environment of the same
 * name wins and is not written down.
 */
export function loadSecrets(stateDir: string, environment: NodeJS.ProcessEnv): Secrets {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'secrets.json');
  const kept: Partial<Secrets> = existsSync(file) ? readSecrets(file) : {};
  const missing = NAMES.filter((name) => typeof kept[name] !== 'string');
  if (missing.length > 0) {
    const fresh = newSecrets();
    for (const name of missing) kept[name] = fresh[name];
    // Written beside and renamed: a crash leaves the old file or the new one, never half of it.
    writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const secrets = { ...newSecrets(), ...kept };
  for (const name of NAMES) secrets[name] = environment[name] || secrets[name];
  return secrets;
}

function readSecrets(file: string): Partial<Secrets> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>;
  } catch (error) {
    // Making new ones here would silently lock everybody out.
    throw new Refusal(`${file} cannot be read as JSON; restore it, or remove the whole state directory`, {
      cause: error,
    });
  }
}
