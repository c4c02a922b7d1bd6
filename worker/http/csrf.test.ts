import { describe, expect, it } from 'vitest';
import { isOurApp, isSafeMethod, isSameOrigin } from './csrf';

const request = (headers: Record<string, string>) =>
  new Request('http://pbx.example:8787/api/auth/logout', { method: 'POST', headers });

describe('isSameOrigin', () => {
  it.each([
    [{}, false],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ origin: 'http://pbx.example:8787' }, true],
    [{ origin: 'https://pbx.example:8787' }, true],
    [{ origin: 'http://pbx.example' }, false],
    [{ origin: 'http://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'nonsense' }, false],
    // The browser's own word counts more than an Origin that would do.
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://pbx.example:8787' }, false],
  ])('%o: %s', (headers, expected) => {
    expect(isSameOrigin(request(headers as Record<string, string>))).toBe(expected);
  });
});

describe('isOurApp', () => {
  it('wants the header and the origin, both', () => {
    const proof = { 'sec-fetch-site': 'same-origin' };
    expect(isOurApp(request({ ...proof, 'x-trunkline': '1' }))).toBe(true);
    expect(isOurApp(request(proof))).toBe(false);
    expect(isOurApp(request({ ...proof, 'x-trunkline': '0' }))).toBe(false);
    expect(isOurApp(request({ 'x-trunkline': '1' }))).toBe(false);
  });
});

it('knows the methods that change nothing', () => {
  expect(['GET', 'HEAD', 'OPTIONS'].every(isSafeMethod)).toBe(true);
  expect(['POST', 'PUT', 'PATCH', 'DELETE', 'get'].some(isSafeMethod)).toBe(false);
});
