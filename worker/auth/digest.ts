import { createHash, createHmac } from 'node:crypto';
import type { PepperEnv } from './passwords';

/** SHA-256 in hex: for one-use tokens of full entropy, which nobody can guess from their digest. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/**
 * Keyed digest in hex of a token a person chose or that is short (a PBX's is 12 digits): without the key nobody can
 * try all of them against a copy of the database. `purpose` keeps digests of one kind from standing in for another.
 */
export const keyedDigest = (env: PepperEnv, purpose: string, text: string): string =>
  createHmac('sha256', Buffer.from(env.PASSWORD_PEPPER, 'base64'))
    .update(`${purpose}\0${text}`, 'utf8')
    .digest('hex');

/** What `pbx_tokens.token_hash` holds. */
export const pbxTokenHash = (env: PepperEnv, token: string): string => keyedDigest(env, 'pbx-token', token);
