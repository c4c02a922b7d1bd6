import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  issuePhoneAccess,
  issuePhoneRefresh,
  signToken,
  verifyPhoneAccess,
  verifyPhoneRefresh,
  verifyToken,
} from './tokens';

const KEY_A = Buffer.alloc(32, 1).toString('base64');
const KEY_B = Buffer.alloc(32, 2).toString('base64');
const ring = (active: string, keys: Record<string, string>) => ({
  JWT_KEYS: JSON.stringify({ active, keys }),
});

const NOW = Date.UTC(2026, 10, 21, 12);
const SUBJECT = { userId: 'u1', tenantId: '0101', sid: 's1' };
const API = { audience: 'api', type: 'access' } as const;

let env = ring('a', { a: KEY_A });
// Every test has a keyring of its own, so that no remembered token of another test answers for it.
let turn = 0;
beforeEach(() => {
  turn += 1;
  env = ring('a', { a: KEY_A, [`spare${turn}`]: KEY_B });
});

const sign = (overrides: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  new SignJWT({ token_type: 'access', user_id: 'u1', tenant: '0101', sid: 's1', ...overrides })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'a', ...header })
    .setIssuer('trunkline')
    .setAudience('api')
    .setJti('j1')
    .setIssuedAt(NOW / 1_000)
    .setExpirationTime(NOW / 1_000 + 3_600);

describe('tokens', () => {
  it('give back what was signed', async () => {
    const token = await signToken(env, { ...SUBJECT, jti: 'j1' }, { ...API, ttlSec: 3_600, now: NOW });
    expect(await verifyToken(token, env, API, NOW)).toEqual({
      ok: true,
      claims: { ...SUBJECT, jti: 'j1', ...API, issuedAt: NOW / 1_000, expiresAt: NOW / 1_000 + 3_600 },
    });
  });

  it('carry the claims of the field', async () => {
    const token = await issuePhoneAccess(env, SUBJECT, 86_400, NOW);
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    expect(payload).toMatchObject({
      token_type: 'access',
      user_id: 'u1',
      tenant: '0101',
      iss: 'trunkline',
      aud: 'phone',
    });
    expect(payload.exp).toBe(NOW / 1_000 + 86_400);
    expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('end on time, also when remembered as good', async () => {
    const token = await signToken(env, { ...SUBJECT, jti: 'j1' }, { ...API, ttlSec: 3_600, now: NOW });
    expect((await verifyToken(token, env, API, NOW)).ok).toBe(true);
    expect((await verifyToken(token, env, API, NOW + 3_599_000)).ok).toBe(true);
    expect(await verifyToken(token, env, API, NOW + 3_600_000)).toEqual({ ok: false, reason: 'expired' });
    expect(await verifyToken(token, env, API, NOW + 3_600_000)).toEqual({ ok: false, reason: 'expired' });
  });

  it('are good for one audience and one type, also when remembered', async () => {
    const access = await issuePhoneAccess(env, SUBJECT, 60, NOW);
    const refresh = await issuePhoneRefresh(env, { ...SUBJECT, jti: 'j1' }, NOW);
    expect((await verifyPhoneAccess(access, env, NOW)).ok).toBe(true);
    expect((await verifyPhoneRefresh(refresh, env, NOW)).ok).toBe(true);
    const invalid = { ok: false, reason: 'invalid' };
    expect(await verifyPhoneRefresh(access, env, NOW)).toEqual(invalid);
    expect(await verifyPhoneAccess(refresh, env, NOW)).toEqual(invalid);
    expect(await verifyToken(access, env, API, NOW)).toEqual(invalid);
    expect(await verifyToken(access, env, { audience: 'cookie', type: 'access' }, NOW)).toEqual(invalid);
  });

  it('of a phone live for decades as refresh tokens', async () => {
    const refresh = await issuePhoneRefresh(env, { ...SUBJECT, jti: 'j1' }, NOW);
    expect((await verifyPhoneRefresh(refresh, env, NOW + 20 * 365 * 86_400_000)).ok).toBe(true);
  });

  it('stay good while their key is in the ring and end with it', async () => {
    const old = ring('a', { a: KEY_A });
    const rotated = ring('b', { a: KEY_A, b: KEY_B });
    const dropped = ring('b', { b: KEY_B });
    const token = await signToken(old, { ...SUBJECT, jti: 'j1' }, { ...API, ttlSec: 60, now: NOW });
    expect((await verifyToken(token, rotated, API, NOW)).ok).toBe(true);
    expect(await verifyToken(token, dropped, API, NOW)).toEqual({ ok: false, reason: 'invalid' });
    const fresh = await signToken(rotated, { ...SUBJECT, jti: 'j2' }, { ...API, ttlSec: 60, now: NOW });
    expect(JSON.parse(Buffer.from(fresh.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      kid: 'b',
    });
    expect((await verifyToken(fresh, rotated, API, NOW)).ok).toBe(true);
  });

  it.each([
    ['garbage', () => Promise.resolve('not.a.token')],
    ['nothing', () => Promise.resolve('')],
    ['megabytes', () => Promise.resolve('a'.repeat(3_000_000))],
    [
      'no algorithm',
      () =>
        Promise.resolve(
          new UnsecuredJWT({ user_id: 'u1', token_type: 'access' }).setIssuer('trunkline').encode(),
        ),
    ],
    ['another algorithm', () => sign({}, { alg: 'HS512' }).sign(Buffer.alloc(64, 1))],
    ['another key', () => sign().sign(Buffer.alloc(32, 9))],
    ['an unknown key id', () => sign({}, { kid: 'z' }).sign(Buffer.alloc(32, 1))],
    ['no key id', () => sign({}, { kid: undefined }).sign(Buffer.alloc(32, 1))],
    ['another issuer', () => sign().setIssuer('someone').sign(Buffer.alloc(32, 1))],
    ['another header type', () => sign({}, { typ: 'at+jwt' }).sign(Buffer.alloc(32, 1))],
    ['no session', () => sign({ sid: undefined }).sign(Buffer.alloc(32, 1))],
    ['a number as the user', () => sign({ user_id: 7 }).sign(Buffer.alloc(32, 1))],
  ])('refuses %s', async (_, make) => {
    expect(await verifyToken(await make(), env, API, NOW)).toEqual({ ok: false, reason: 'invalid' });
  });

  it('accepts the well-formed one the refusals are variations of', async () => {
    expect((await verifyToken(await sign().sign(Buffer.alloc(32, 1)), env, API, NOW)).ok).toBe(true);
  });
});
