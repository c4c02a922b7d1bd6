import { describe, expect, it } from 'vitest';
import { clientAddress, networkOf } from './client-address';

const request = (headers: Record<string, string>) => new Request('http://localhost/', { headers });
const proxied = { CLIENT_ADDRESS_HEADER: 'X-Real-IP' };

describe('clientAddress', () => {
  it('believes nobody without a configured proxy', () => {
    const claims = {
      'cf-connecting-ip': '192.0.2.1',
      'x-forwarded-for': '192.0.2.1',
      'x-real-ip': '192.0.2.1',
    };
    expect(clientAddress(request(claims), {})).toBeNull();
  });

  it('reads the configured header only', () => {
    expect(
      clientAddress(request({ 'x-real-ip': '192.0.2.7', 'x-forwarded-for': '192.0.2.1' }), proxied),
    ).toBe('192.0.2.7');
    expect(clientAddress(request({ 'x-real-ip': '2001:db8::1' }), proxied)).toBe('2001:db8::1');
    expect(clientAddress(request({}), proxied)).toBeNull();
  });

  it('takes the entry the proxy added last', () => {
    expect(clientAddress(request({ 'x-real-ip': '203.0.113.9, 192.0.2.7' }), proxied)).toBe('192.0.2.7');
  });

  it.each(['', ' ', 'not an address!', 'a'.repeat(100), '192.0.2.1,'])('drops %s', (value) => {
    expect(clientAddress(request({ 'x-real-ip': value }), proxied)).toBeNull();
  });
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0000:0000:0000:0000:0000:0002', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
