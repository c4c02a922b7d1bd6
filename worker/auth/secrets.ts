import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readKeyring } from './keyring';

/** The binding with the keys of stored secrets; a part of `Env`. */
export interface SecretsEnv {
  SECRETS_KEYS: string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `sealed` is base64 of nonce, ciphertext and tag; `keyId` says with which key of SECRETS_KEYS. */
export interface Sealed {
  keyId: string;
  sealed: string;
}

/** Binds a ciphertext to its tenant and its name: copied to another row it does not open. */
const boundTo = (tenantId: string, name: string): Buffer => Buffer.from(`${tenantId}\0${name}`, 'utf8');

/** Encrypts a secret of a tenant (AES-256-GCM) for storage in D1. `name` says what it is and must be given to open it. */
export function seal(env: SecretsEnv, tenantId: string, name: string, plain: string): Sealed {
  const ring = readKeyring(env.SECRETS_KEYS);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', ring.activeKey, nonce);
  cipher.setAAD(boundTo(tenantId, name));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return {
    keyId: ring.activeKid,
    sealed: Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64'),
  };
}

/** Null when the key is gone, the text was changed, or it belongs to another tenant or name. */
export function open(env: SecretsEnv, tenantId: string, name: string, box: Sealed): string | null {
  const key = readKeyring(env.SECRETS_KEYS).keys.get(box.keyId);
  const bytes = Buffer.from(box.sealed, 'base64');
  if (key === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(boundTo(tenantId, name));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
    return Buffer.concat([body, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** One text for columns without a place for the key id: `keyId.sealed`. */
export const sealText = (env: SecretsEnv, tenantId: string, name: string, plain: string): string => {
  const box = seal(env, tenantId, name, plain);
  return `${box.keyId}.${box.sealed}`;
};

export const openText = (env: SecretsEnv, tenantId: string, name: string, text: string): string | null => {
  const dot = text.indexOf('.');
  return dot < 1
    ? null
    : open(env, tenantId, name, { keyId: text.slice(0, dot), sealed: text.slice(dot + 1) });
};
