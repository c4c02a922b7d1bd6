/** Who this bridge is: an Ed25519 key that never leaves the machine, and what the edge answered when it was enrolled. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { helloText } from '../protocol/messages.ts';

const Enrolment = z.object({
  bridge_id: z.string().min(1).max(100),
  tenant: z.string().max(100),
  name: z.string().max(200),
  /** Address of the deployment it was enrolled at. */
  edge: z.string(),
});
export type Enrolment = z.infer<typeof Enrolment>;

export interface Identity extends Enrolment {
  key: KeyObject;
}

/** The identity can't be used; `message` says what to do. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

export const keyFile = (stateDir: string): string => join(stateDir, 'bridge.key');
export const enrolmentFile = (stateDir: string): string => join(stateDir, 'bridge.json');

/** Null: not enrolled yet. @throws IdentityError when the files are damaged or open to others */
export function loadIdentity(stateDir: string): Identity | null {
  const enrolment = enrolmentFile(stateDir);
  if (!existsSync(enrolment)) return null;
  let known: Enrolment;
  try {
    known = Enrolment.parse(JSON.parse(readFileSync(enrolment, 'utf8')));
  } catch {
    throw new IdentityError(`${enrolment} is damaged: remove it and enrol again with a new code`);
  }
  return { ...known, key: loadKey(stateDir) };
}

/** The key of this state directory, made if there is none: on the disk before anybody hears of it. */
export function loadOrMakeKey(stateDir: string): KeyObject {
  const file = keyFile(stateDir);
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx', flush: true });
    // The umask may take bits away, never give some; this is for file systems that know no modes at creation.
    chmodSync(file, 0o600);
  }
  return loadKey(stateDir);
}

function loadKey(stateDir: string): KeyObject {
  const file = keyFile(stateDir);
  let pem: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new IdentityError(
        `${file} can be read by others: chmod 600 it (and enrol again if others are on this host)`,
      );
    }
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw new IdentityError(
      `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw new IdentityError(
    `${file} is no Ed25519 key: remove it and bridge.json, and enrol again with a new code`,
  );
}

export function saveEnrolment(stateDir: string, enrolment: Enrolment): void {
  const file = enrolmentFile(stateDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(enrolment, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** base64 of the 32 bytes of the public key. */
export function publicKeyOf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new IdentityError('the key has no public part');
  return Buffer.from(x, 'base64url').toString('base64');
}

/** base64 of the signature that answers a challenge. */
export const signHello = (identity: Identity, nonce: string, protocol: number): string =>
  sign(null, Buffer.from(helloText(identity.bridge_id, nonce, protocol)), identity.key).toString('base64');
