import { describe, expect, it } from 'vitest';
import { readKeyring } from './keyring';

const KEY = Buffer.alloc(32, 3).toString('base64');

describe('readKeyring', () => {
  it('knows the active key and all of them', () => {
    const ring = readKeyring(
      JSON.stringify({ active: 'b', keys: { a: Buffer.alloc(32, 4).toString('base64'), b: KEY } }),
    );
    expect(ring.activeKid).toBe('b');
    expect([...ring.keys.keys()]).toEqual(['a', 'b']);
    expect([...ring.activeKey]).toEqual([...Buffer.alloc(32, 3)]);
  });

  it.each([
    ['nothing', ''],
    ['another shape', '[]'],
    ['no active key', JSON.stringify({ active: 'x', keys: { a: KEY } })],
    ['a short key', JSON.stringify({ active: 'a', keys: { a: 'AAAA' } })],
    ['a key that is no text', JSON.stringify({ active: 'a', keys: { a: 5 } })],
    ['keys that are null', JSON.stringify({ active: 'a', keys: null })],
  ])('refuses %s without quoting it', (_, binding) => {
    expect(() => readKeyring(binding)).toThrow(/keyring binding/);
    try {
      readKeyring(binding);
    } catch (error) {
      expect(String(error)).not.toContain(KEY);
    }
  });
});
