import { describe, expect, it } from 'vitest';
import { charsetOf } from '#lib/leads/charset.js';

const of = (...bytes: number[]) => charsetOf(new Blob([Uint8Array.from(bytes)]));

describe('charsetOf', () => {
  it('knows UTF-8, also where it is cut within a letter', async () => {
    expect(await of(0x61, 0xd0, 0xaf)).toBe('utf-8');
    expect(await of(0x61, 0xd0)).toBe('utf-8');
    expect(await of()).toBe('utf-8');
  });
  it('takes what is no UTF-8 for what Windows writes, unless a mark says otherwise', async () => {
    expect(await of(0xdf, 0x3b)).toBe('windows-1251');
    expect(await of(0xff, 0xfe, 0x61, 0x00)).toBe('utf-8');
  });
});
