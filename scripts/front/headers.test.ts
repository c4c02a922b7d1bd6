import { describe, expect, it } from 'vitest';
import { forwarded, withoutHops } from './headers.ts';

const proof = { 'x-trunkline-front': 'secret' };
const rules = { header: 'x-trunkline-address' };
const asObject = (raw: readonly string[]) =>
  Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]]] : [])));

describe('what goes to the Worker', () => {
  it('says the true address and our proof, whatever the client says', () => {
    const raw = [
      'X-Trunkline-Address',
      '6.6.6.6',
      'x-trunkline-front',
      'guess',
      'MF-CF-Blob',
      '{}',
      'Accept',
      '*/*',
    ];
    expect(asObject(forwarded(raw, '::ffff:192.0.2.7', rules, proof))).toEqual({
      accept: '*/*',
      'x-trunkline-address': '192.0.2.7',
      'x-trunkline-front': 'secret',
    });
  });

  it('takes the word of a trusted proxy instead, and says nothing when that says nothing', () => {
    const trusting = { ...rules, trusted: 'X-Real-IP' };
    expect(asObject(forwarded(['x-real-ip', '203.0.113.9'], '127.0.0.1', trusting, proof))).toMatchObject({
      'x-trunkline-address': '203.0.113.9',
    });
    expect(asObject(forwarded([], '127.0.0.1', trusting, proof))).not.toHaveProperty('x-trunkline-address');
  });

  it('leaves out what is about one connection, except in a handshake', () => {
    const raw = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Expect', '100-continue', 'Cookie', 'a=b'];
    expect(asObject(forwarded(raw, undefined, rules, proof))).toEqual({ cookie: 'a=b', ...proof });
    expect(asObject(forwarded(raw, undefined, rules, proof, true))).toMatchObject({ upgrade: 'websocket' });
    expect(withoutHops(['Keep-Alive', 'timeout=5', 'ETag', 'x'])).toEqual(['ETag', 'x']);
  });
});
