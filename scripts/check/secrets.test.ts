import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scanText } from './secrets.ts';

const rules = (text: string): string[] => scanText('a.ts', text).map((finding) => finding.rule);

describe('scanText', () => {
  it('finds a random literal under a secret name, whatever the quotes and case', () => {
    const value = randomBytes(32).toString('base64');
    for (const line of [`const apiKey = '${value}'`, `"JWT_SECRET": "${value}"`, `token=\`${value}\``]) {
      expect(rules(line)).toEqual(['random literal under a secret name']);
    }
  });

  it('finds keys and tokens by their shape and names the line', () => {
    const header = ['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' ');
    const material = randomBytes(48).toString('base64');
    const found = [{ file: 'k.txt', line: 2, rule: 'private key' }];
    expect(scanText('k.txt', `first\n${header}\n${material}\n`)).toEqual(found);
    expect(scanText('k.txt', `first\nkey: "${header}\\n${material}"`)).toEqual(found);
    expect(rules(`// a PEM file starts with ${header}`)).toEqual([]);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS256' })}.${part({ user: 'somebody' })}.${randomBytes(32).toString('base64url')}`;
    expect(rules(`curl -H "Authorization: Bearer ${token}"`)).toEqual(['signed token']);
    expect(rules(`AKIA${'Q7'.repeat(8)}`)).toEqual(['AWS access key']);
    expect(rules(['https://admin', 'hunter22@db.internal/x'].join(':'))).toEqual(['password in an address']);
  });

  it('lets names, invented values and placeholders pass', () => {
    expect(rules("const token = 'the-token-of-a-demo-tenant'")).toEqual([]);
    expect(rules("password: 'demo-supervisor-of-tenant'")).toEqual([]);
    expect(rules("const secret = environment.JWT_KEYS ?? ''")).toEqual([]);
    expect(rules('https://user:password@sip.example/')).toEqual([]);
  });
});
