import { describe, expect, it } from 'vitest';
import { maskSecrets } from './audit';

describe('maskSecrets', () => {
  it('masks by the name of the field, at any depth and in lists', () => {
    expect(
      maskSecrets({
        username: 'op12',
        password: 'p',
        passwordHash: 'h',
        settings: { push: { private_key: 'k', client_email: 'a@b.example' } },
        phones: [{ fcm_token: 't', name: 'n' }],
        apiKey: 1,
        PIN: '1234',
      }),
    ).toEqual({
      username: 'op12',
      password: '•••',
      passwordHash: '•••',
      settings: { push: { private_key: '•••', client_email: 'a@b.example' } },
      phones: [{ fcm_token: '•••', name: 'n' }],
      apiKey: '•••',
      PIN: '•••',
    });
  });

  it('masks whole objects under a secret name', () => {
    expect(maskSecrets({ credentials: { user: 'u', word: 'w' } })).toEqual({ credentials: '•••' });
  });

  it('keeps what says that a secret is unset, and what is no object', () => {
    expect(maskSecrets({ token: null, shipping: true })).toEqual({ token: null, shipping: true });
    expect(maskSecrets(null)).toBeNull();
    expect(maskSecrets(7)).toBe(7);
  });

  it('stops at long texts and deep trees', () => {
    expect(maskSecrets('x'.repeat(5_000))).toHaveLength(2_001);
    let tree: unknown = 'leaf';
    for (let i = 0; i < 10_000; i += 1) tree = { tree };
    expect(JSON.stringify(maskSecrets(tree))).toContain('…');
  });
});
