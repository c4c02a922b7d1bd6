import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Agent } from '../../../bridge/protocol/messages.ts';

/** Who a simulated bridge is: a real key of its own, registered by a real one-time code. */
export interface Identity {
  bridgeId: string;
  tenant: string;
  name: string;
  key: KeyObject;
}

/** What the enrolment route answers. */
const Enrolled = z.object({ bridge_id: z.string().min(1), tenant: z.string().min(1), name: z.string() });

const Kept = z.object({ bridgeId: z.string(), tenant: z.string(), name: z.string(), key: z.string() });

/** Swaps a one-time code for the registration of a new Ed25519 key. @throws Error with the server's own answer */
export async function enrol(url: string, code: string, agent: Agent): Promise<Identity> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // The last 32 bytes of the SPKI form are the raw key.
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const response = await fetch(`${url}/bridge/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, public_key: raw.toString('base64'), agent }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`enrolment was refused: ${response.status} ${text.slice(0, 300)}`);
  const answer = Enrolled.parse(JSON.parse(text));
  return { bridgeId: answer.bridge_id, tenant: answer.tenant, name: answer.name, key: privateKey };
}

/** base64, as `hello` wants it. */
export const signed = (identity: Identity, text: string): string =>
  sign(null, Buffer.from(text), identity.key).toString('base64');

/** Keeps an identity in a file only its owner can read. */
export function keepIdentity(file: string, identity: Identity): void {
  const key = identity.key.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(file, JSON.stringify({ ...identity, key }), { mode: 0o600 });
}

/** Null when there is no such file yet. */
export function readIdentity(file: string): Identity | null {
  if (!existsSync(file)) return null;
  const kept = Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { ...kept, key: createPrivateKey(kept.key) };
}
