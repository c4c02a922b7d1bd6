import { describe, expect, it, vi } from 'vitest';
import { issuePhoneRefresh, verifyPhoneAccess } from '../../auth/tokens';
import type { Env } from '../../env';
import { tokenEndpoints } from './token';

const JWT_KEYS = JSON.stringify({ active: 'k', keys: { k: Buffer.alloc(32, 7).toString('base64') } });
const NOW = Date.parse('2026-11-15T10:00:00Z');
const subject = { userId: 'u', tenantId: '0101', sid: 's', jti: 'j' };

/** A deployment whose session gate answers `check` as told; nothing else of it is reached by a refresh. */
const envWith = (check: () => Promise<unknown>) =>
  ({ JWT_KEYS, SESSION_GATE: { getByName: () => ({ check }) } }) as unknown as Env;

async function refresh(env: Env, token: string): Promise<Response> {
  const endpoint = tokenEndpoints.find(({ path }) => path === '/api/token/refresh');
  if (endpoint?.who !== 'public') throw new Error('no refresh endpoint');
  const url = new URL('http://dialer.example/api/token/refresh/');
  const headers = { 'content-type': 'application/json' };
  const request = new Request(url, { method: 'POST', body: JSON.stringify({ refresh: token }), headers });
  return endpoint.run({ request, env, now: NOW, url });
}

describe('a refresh while the session gate cannot be reached', () => {
  const broken = envWith(() => Promise.reject(new Error('the object is overloaded')));

  it('gives a short-lived token instead of signing the phone out', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const response = await refresh(broken, await issuePhoneRefresh({ JWT_KEYS }, subject, NOW));
    const { access } = (await response.json()) as { access: string };
    const verified = await verifyPhoneAccess(access, { JWT_KEYS }, NOW);
    expect(verified).toMatchObject({ ok: true, claims: { userId: 'u', tenantId: '0101', sid: 's' } });
    if (verified.ok) expect(verified.claims.expiresAt - verified.claims.issuedAt).toBe(300);
    expect(warned).toHaveBeenCalledOnce();
    warned.mockRestore();
  });

  it('still refuses a token that is not ours', async () => {
    await expect(refresh(broken, 'forged')).rejects.toMatchObject({
      status: 401,
      body: { code: 'token_not_valid' },
    });
  });
});

it('refuses a revoked session when the gate says so', async () => {
  const gone = envWith(() => Promise.resolve({ ok: false, reason: 'revoked' }));
  const token = await issuePhoneRefresh({ JWT_KEYS }, subject, NOW);
  await expect(refresh(gone, token)).rejects.toMatchObject({
    status: 401,
    body: { detail: 'Token is invalid' },
  });
});
