import { describe, expect, it } from 'vitest';
import { readSessionCookie, sessionCookie, transportOf } from './session-cookie';

const at = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers });
const behindProxy = { CLIENT_ADDRESS_HEADER: 'X-Real-IP' };

describe('transportOf', () => {
  it.each([
    ['https://pbx.example/', 'https'],
    ['http://localhost:8787/', 'loopback'],
    ['http://127.0.0.1:8787/', 'loopback'],
    ['http://127.8.9.1/', 'loopback'],
    ['http://[::1]:8787/', 'loopback'],
    ['http://app.localhost/', 'loopback'],
    ['http://pbx.example/', 'plain'],
    ['http://127.0.0.1.evil.example/', 'plain'],
    ['http://192.168.1.5/', 'plain'],
  ])('%s is %s', (url, expected) => {
    expect(transportOf(at(url), {})).toBe(expected);
  });

  it('believes X-Forwarded-Proto only where a front proxy is configured', () => {
    const request = at('http://pbx.example/', { 'x-forwarded-proto': 'https' });
    expect(transportOf(request, {})).toBe('plain');
    expect(transportOf(request, behindProxy)).toBe('https');
  });
});

describe('the session cookie', () => {
  it('is bound to the host over https', () => {
    expect(sessionCookie(at('https://pbx.example/'), {}, 'tok', 60)).toBe(
      '__Host-tl_session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax',
    );
  });

  it('is a plain one on loopback', () => {
    expect(sessionCookie(at('http://localhost/'), {}, 'tok', 60)).toBe(
      'tl_session=tok; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
    );
  });

  it('is read by the name its transport has, among others', () => {
    const cookie = 'a=1; tl_session=plain; __Host-tl_session=bound; b=2';
    expect(readSessionCookie(at('https://pbx.example/', { cookie }), {})).toBe('bound');
    expect(readSessionCookie(at('http://localhost/', { cookie }), {})).toBe('plain');
    expect(readSessionCookie(at('http://localhost/'), {})).toBeUndefined();
    expect(readSessionCookie(at('http://localhost/', { cookie: 'xtl_session=1' }), {})).toBeUndefined();
  });
});
