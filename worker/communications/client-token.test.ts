import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { newSecrets } from '../../scripts/start/secrets';
import { publicKeys, signClientToken, verifyClientToken } from './client-token';

const env = newSecrets();
const CLAIMS = { tenantId: '0101', provider: 'chat-post', jti: 'token-1' };
const NOW = Date.UTC(2026, 0, 1);

describe('a client’s token', () => {
  it('says whose it is, and anybody can verify it by the public keys', async () => {
    const token = await signClientToken(env, CLAIMS, NOW);
    expect(await verifyClientToken(env, token)).toEqual(CLAIMS);
    const keys = await publicKeys(env);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) }), {
      issuer: 'trunkline',
      audience: 'communications',
    });
    expect(payload).toMatchObject({ tenant: '0101', sub: 'chat-post', jti: 'token-1' });
  });

  it('is none when another deployment made it, it was changed, or it is something else', async () => {
    const token = await signClientToken(newSecrets(), CLAIMS, NOW);
    expect(await verifyClientToken(env, token)).toBeNull();
    const [head = '', , tail = ''] = (await signClientToken(env, CLAIMS, NOW)).split('.');
    const other = Buffer.from(JSON.stringify({ iss: 'trunkline', aud: 'communications', sub: 'x' }));
    expect(await verifyClientToken(env, `${head}.${other.toString('base64url')}.${tail}`)).toBeNull();
    const claims = { tenantId: '0101', provider: 'x', jti: 'y' };
    const others = await Promise.all([1, 2].map((now) => signClientToken(newSecrets(), claims, now)));
    for (const text of [...others, ...others]) expect(await verifyClientToken(env, text)).toBeNull();
    for (const text of ['', 'x', 'a.b.c', 'x'.repeat(10_000)])
      expect(await verifyClientToken(env, text)).toBeNull();
  });

  it('stays good when the keys are rotated, until the old one is dropped', async () => {
    const token = await signClientToken(env, CLAIMS, NOW);
    const old = JSON.parse(env.JWT_KEYS) as { active: string; keys: Record<string, string> };
    const fresh = Buffer.alloc(32, 7).toString('base64');
    const rotated = { active: 'new', keys: { ...old.keys, new: fresh } };
    expect(await verifyClientToken({ JWT_KEYS: JSON.stringify(rotated) }, token)).toEqual(CLAIMS);
    const dropped = { active: 'new', keys: { new: fresh } };
    expect(await verifyClientToken({ JWT_KEYS: JSON.stringify(dropped) }, token)).toBeNull();
  });
});
