import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from './config.ts';

const TEXT = `
trunkline = "https://calls.example/"
state_dir = "state"

[http]
port = 8025
key_file = "key"

[smtp_in]
port = 2525
allow = ["192.0.2.0/24", "::1"]

[smtp_out]
host = "mail.shop.example"
port = 587
auth = { user = "shop", password_file = "password" }

[[tenants]]
id = "0101"
token_file = "key"
mailboxes = [{ address = "Shop@Shop.Example", name = "Shop" }]
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'email-config-'));
  writeFileSync(join(directory, 'key'), 'key-of-mail-post\n');
  writeFileSync(join(directory, 'password'), 'short\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the configuration', () => {
  it('is read with its files and its defaults', () => {
    const config = parseConfig(TEXT, directory);
    expect(config).toMatchObject({
      trunkline: 'https://calls.example',
      state_dir: join(directory, 'state'),
      quotes: 'cut',
      apiKey: 'key-of-mail-post',
      password: 'short',
      smtp_out: { tls: 'starttls', receipts: false, give_up_hours: 48 },
      mailboxes: [{ tenant: '0101', address: 'shop@shop.example', name: 'Shop' }],
    });
    expect(config.tokens.get('0101')).toBe('key-of-mail-post');
    expect(config.allowed.check('192.0.2.9')).toBe(true);
    expect(config.allowed.check('127.0.0.1')).toBe(false);
  });

  it('that is shipped as an example is good', () => {
    for (const name of ['api-key', 'token-0101']) writeFileSync(join(directory, name), 'key-of-mail-post');
    const text = readFileSync(join(import.meta.dirname, 'email.example.toml'), 'utf8');
    const { mailboxes } = parseConfig(text, directory);
    expect(mailboxes.map(({ address }) => address)).toEqual(['shop@shop.example', 'help@shop.example']);
  });

  it.each([
    ['a key it does not know', TEXT.replace('quotes', '').concat('\n[more]\n'), /more/],
    ['no network', TEXT.replace('192.0.2.0/24', '192.0.2.0/33'), /allow\[0\]/],
    ['no address', TEXT.replace('Shop@Shop.Example', 'shop'), /address/],
    [
      'an address twice',
      `${TEXT}[[tenants]]\nid = "0202"\ntoken_file = "key"\nmailboxes = [{ address = "shop@shop.example", name = "S" }]`,
      /shop@shop\.example is there twice/,
    ],
    [
      'a file that is not there',
      TEXT.replace('"password"', '"passwort"'),
      /passwort: the password cannot be read \(ENOENT\)/,
    ],
    ['what is no TOML', 'trunkline = ', /configuration/],
  ])('with %s says so', (_what, text, message) => {
    expect(() => parseConfig(text, directory)).toThrow(ConfigError);
    expect(() => parseConfig(text, directory)).toThrow(message);
  });
});
