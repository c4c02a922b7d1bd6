import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** The binding with the secret mixed into every password; a part of `Env`. */
export interface PepperEnv {
  /** base64 of 32 bytes. */
  PASSWORD_PEPPER: string;
}

/** scrypt's cost: `ln` is log2 of N. Memory is 128 · 2^ln · r bytes. */
export interface ScryptCost {
  ln: number;
  r: number;
  p: number;
}

/** What new hashes are made with: 16 MiB, tens of milliseconds. See docs/decisions for why not more. */
export const CURRENT_COST: ScryptCost = { ln: 14, r: 8, p: 1 };

const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Costs beyond these never came from us; a row of D1 must not be able to stall the runtime. */
const MAX_COST: ScryptCost = { ln: 17, r: 16, p: 4 };

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

function derive(password: string, salt: Uint8Array, cost: ScryptCost, env: PepperEnv): Promise<Buffer> {
  const pepper = Buffer.from(env.PASSWORD_PEPPER, 'base64');
  if (pepper.length !== 32) throw new Error('PASSWORD_PEPPER is not 32 bytes of base64');
  // NFKC: the same password typed on a phone and on a keyboard may differ in its code points.
  const peppered = createHmac('sha256', pepper).update(password.normalize('NFKC'), 'utf8').digest();
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 256 * 2 ** cost.ln * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(peppered, salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** `$scrypt$ln=14,r=8,p=1$salt$hash`, both parts base64 without padding. */
export async function hashPassword(
  password: string,
  env: PepperEnv,
  cost: ScryptCost = CURRENT_COST,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, cost, env);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${unpadded(salt)}$${unpadded(key)}`;
}

export interface PasswordVerdict {
  ok: boolean;
  /** The hash is good but was made with a lower cost than today's: hash the password anew. */
  outdated: boolean;
}

const WRONG: PasswordVerdict = { ok: false, outdated: false };

/** Compares in constant time. A stored text of another form is wrong, never an error. */
export async function verifyPassword(
  password: string,
  stored: string,
  env: PepperEnv,
): Promise<PasswordVerdict> {
  const [, ln, r, p, salt = '', hash = ''] = FORM.exec(stored) ?? [];
  const cost: ScryptCost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const inRange = cost.ln >= 1 && cost.r >= 1 && cost.p >= 1;
  if (!inRange || cost.ln > MAX_COST.ln || cost.r > MAX_COST.r || cost.p > MAX_COST.p) return WRONG;
  const key = await derive(password, Buffer.from(salt, 'base64'), cost, env);
  if (!timingSafeEqual(key, Buffer.from(hash, 'base64'))) return WRONG;
  return {
    ok: true,
    outdated: cost.ln < CURRENT_COST.ln || cost.r < CURRENT_COST.r || cost.p < CURRENT_COST.p,
  };
}

/** A well-formed hash no password matches: checking it costs what checking a real one does. */
const NOBODY = `$scrypt$ln=${CURRENT_COST.ln},r=${CURRENT_COST.r},p=${CURRENT_COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** The work of a check for a user who does not exist, so that the time of the answer says nothing. */
export async function verifyNobody(password: string, env: PepperEnv): Promise<PasswordVerdict> {
  await verifyPassword(password, NOBODY, env);
  return WRONG;
}
