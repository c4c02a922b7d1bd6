import { describe, expect, it } from 'vitest';
import { CURRENT_COST, hashPassword, verifyNobody, verifyPassword } from './passwords';

const env = { PASSWORD_PEPPER: Buffer.alloc(32, 7).toString('base64') };
const CHEAP = { ln: 4, r: 8, p: 1 };

describe('passwords', () => {
  it('are kept as scrypt with its parameters', async () => {
    const stored = await hashPassword('correct horse', env);
    expect(stored).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword('correct horse', stored, env)).toEqual({ ok: true, outdated: false });
    expect(await verifyPassword('correct horsE', stored, env)).toEqual({ ok: false, outdated: false });
  });

  it('never give the same text twice', async () => {
    expect(await hashPassword('x', env, CHEAP)).not.toBe(await hashPassword('x', env, CHEAP));
  });

  it('are worth nothing without the pepper', async () => {
    const stored = await hashPassword('x', env, CHEAP);
    const other = { PASSWORD_PEPPER: Buffer.alloc(32, 8).toString('base64') };
    expect((await verifyPassword('x', stored, other)).ok).toBe(false);
    await expect(hashPassword('x', { PASSWORD_PEPPER: '' }, CHEAP)).rejects.toThrow('PASSWORD_PEPPER');
  });

  it('hashed at a lower cost are right and outdated', async () => {
    const stored = await hashPassword('x', env, CHEAP);
    expect(await verifyPassword('x', stored, env)).toEqual({ ok: true, outdated: true });
    expect(await verifyPassword('y', stored, env)).toEqual({ ok: false, outdated: false });
    expect(CHEAP.ln).toBeLessThan(CURRENT_COST.ln);
  });

  it('typed with other code points for the same letters are the same', async () => {
    const stored = await hashPassword('caf\u00e9', env, CHEAP);
    expect((await verifyPassword('cafe\u0301', stored, env)).ok).toBe(true);
  });

  it.each([
    '',
    'plain',
    '$scrypt$ln=4,r=8,p=1$short$short',
    '$2b$10$abcdefghijklmnopqrstuv',
    `$scrypt$ln=40,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `$scrypt$ln=0,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  ])('refuses a stored text of another form: %s', async (stored) => {
    expect(await verifyPassword('x', stored, env)).toEqual({ ok: false, outdated: false });
  });

  it('of nobody are always wrong', async () => {
    expect(await verifyNobody('', env)).toEqual({ ok: false, outdated: false });
  });
});
