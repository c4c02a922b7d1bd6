import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOutgoingUrl, originsOf, type OutgoingProblem } from './outgoing-url';

const problemOf = (text: string, allowed?: string): OutgoingProblem | null => {
  const result = checkOutgoingUrl(text, originsOf(allowed));
  return result.ok ? null : result.problem;
};

describe('what may be asked', () => {
  it.each([
    'https://health.shop.example/ready?deep=1',
    'https://health.shop.example:443/',
    'https://8.8.8.8/',
    'https://172.15.255.255/',
    'https://172.32.0.1/',
    'https://100.128.0.1/',
    'https://[2a00:1450:4001:81b::200e]/',
    'https://xn--80aswg.example/',
    'https://MAGAZIN.Example./',
  ])('%s', (url) => {
    expect(problemOf(url)).toBeNull();
  });

  it('loses its fragment and nothing else', () => {
    const result = checkOutgoingUrl('https://shop.example/a%2Fb?x=1#secret');
    expect(result.ok && result.url.href).toBe('https://shop.example/a%2Fb?x=1');
  });
});

describe('what is refused', () => {
  it.each<[string, OutgoingProblem]>([
    ['', 'not_a_url'],
    ['shop.example/x', 'not_a_url'],
    ['https://', 'not_a_url'],
    [`https://shop.example/${'x'.repeat(2_048)}`, 'too_long'],
    ['http://shop.example/', 'not_https'],
    ['ftp://shop.example/', 'not_https'],
    ['file:///etc/passwd', 'not_https'],
    ['javascript:alert(1)', 'not_https'],
    ['data:text/plain,x', 'not_https'],
    ['https://user:word@shop.example/', 'credentials'],
    ['https://user@shop.example/', 'credentials'],
    ['https://shop.example:8443/', 'port'],
    ['https://shop.example:22/', 'port'],
    ['https://localhost/', 'local_name'],
    ['https://localhost./', 'local_name'],
    ['https://x.localhost/', 'local_name'],
    ['https://LOCALHOST/', 'local_name'],
    ['https://asterisk/', 'local_name'],
    ['https://printer.local/', 'local_name'],
    ['https://metadata.google.internal/', 'local_name'],
    ['https://router.lan/', 'local_name'],
    ['https://1.0.0.127.in-addr.arpa/', 'local_name'],
  ])('%s', (url, problem) => {
    expect(problemOf(url)).toBe(problem);
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '127.0.0.1.',
    '１２７.0.0.1',
    '0',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:8.8.8.8]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[100::1]',
    '[2001::1]',
    '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
    '[2001:db8::1]',
    '[2002:7f00:1::]',
    '[3fff::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[4000::1]',
  ])('https://%s/', (host) => {
    expect(problemOf(`https://${host}/`)).toBe('private_address');
  });

  it('every notation of every loopback address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xff_ff_ff }), fc.constantFrom(8, 10, 16), (rest, base) => {
        const number = 0x7f_00_00_00 + rest;
        const text = { 8: `0${number.toString(8)}`, 10: String(number), 16: `0x${number.toString(16)}` }[
          base
        ];
        return problemOf(`https://${text}/`) === 'private_address';
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webUrl(), fc.ipV6()),
        (text) => typeof checkOutgoingUrl(text).ok === 'boolean',
      ),
    );
    fc.assert(
      fc.property(fc.ipV6(), (address) => typeof checkOutgoingUrl(`https://[${address}]/`).ok === 'boolean'),
    );
  });
});

describe('what the operator of the deployment allows beyond that', () => {
  const allowed = 'http://127.0.0.1:4010, https://zabbix.corp:8443 nonsense ftp://x.example';

  it('is a whole origin: scheme, host and port', () => {
    expect(problemOf('http://127.0.0.1:4010/ready', allowed)).toBeNull();
    expect(problemOf('http://0x7f.1:4010/ready', allowed)).toBeNull();
    expect(problemOf('https://zabbix.corp:8443/', allowed)).toBeNull();
    expect(problemOf('http://127.0.0.1:4011/', allowed)).toBe('not_https');
    expect(problemOf('https://127.0.0.1:4010/', allowed)).toBe('private_address');
    expect(problemOf('https://zabbix.corp/', allowed)).toBe('local_name');
    expect(problemOf('ftp://x.example/', allowed)).toBe('not_https');
  });

  it('holds no credentials either', () => {
    expect(problemOf('http://user:word@127.0.0.1:4010/', allowed)).toBe('credentials');
  });

  it('is nothing by default', () => {
    expect(originsOf(undefined).size).toBe(0);
    expect(originsOf(' , ').size).toBe(0);
  });
});
