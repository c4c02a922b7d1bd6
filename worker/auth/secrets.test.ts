import { describe, expect, it } from 'vitest';
import { open, openText, seal, sealText } from './secrets';

const KEY_A = Buffer.alloc(32, 1).toString('base64');
const KEY_B = Buffer.alloc(32, 2).toString('base64');
const ring = (active: string, keys: Record<string, string>) => ({
  SECRETS_KEYS: JSON.stringify({ active, keys }),
});
const env = ring('a', { a: KEY_A });

describe('sealed secrets', () => {
  it('open for their own tenant and name only', () => {
    const box = seal(env, '0101', 'push', 's3cret – ключ');
    expect(open(env, '0101', 'push', box)).toBe('s3cret – ключ');
    expect(open(env, '0202', 'push', box)).toBeNull();
    expect(open(env, '0101', 'other', box)).toBeNull();
  });

  it('never look the same twice and do not show what is in them', () => {
    const one = seal(env, '0101', 'push', 'plain words');
    expect(one.sealed).not.toBe(seal(env, '0101', 'push', 'plain words').sealed);
    expect(Buffer.from(one.sealed, 'base64').toString('latin1')).not.toContain('plain');
  });

  it('do not open when one bit was changed', () => {
    const box = seal(env, '0101', 'push', 'x');
    const bytes = Buffer.from(box.sealed, 'base64');
    for (const index of [0, 12, bytes.length - 1]) {
      const bent = Buffer.from(bytes);
      bent.writeUInt8(bent.readUInt8(index) ^ 1, index);
      expect(open(env, '0101', 'push', { ...box, sealed: bent.toString('base64') })).toBeNull();
    }
    expect(open(env, '0101', 'push', { ...box, sealed: 'AAAA' })).toBeNull();
  });

  it('open with an older key of the ring, not without it', () => {
    const box = seal(env, '0101', 'push', 'x');
    const rotated = ring('b', { a: KEY_A, b: KEY_B });
    expect(open(rotated, '0101', 'push', box)).toBe('x');
    expect(seal(rotated, '0101', 'push', 'x').keyId).toBe('b');
    expect(open(ring('b', { b: KEY_B }), '0101', 'push', box)).toBeNull();
  });

  it('travel as one text', () => {
    const text = sealText(env, '0101', 'push', '');
    expect(openText(env, '0101', 'push', text)).toBe('');
    for (const bad of ['', '.', 'a', 'a.', '.AAAA', 'zz.AAAA'])
      expect(openText(env, '0101', 'push', bad)).toBeNull();
  });
});
