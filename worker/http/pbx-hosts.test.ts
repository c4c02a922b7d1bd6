import { describe, expect, it } from 'vitest';
import { routedPath } from './pbx-hosts';

const path = (url: string, list?: string): string =>
  routedPath(new Request(url), { env: list === undefined ? {} : { PBX_HOSTS: list } });

describe('routedPath', () => {
  it.each([
    ['https://events.example/start', '/asterisk/start'],
    ['https://EVENTS.example:8443/start?x=1', '/asterisk/start'],
    ['https://events.example/asterisk/start', '/asterisk/start'],
    ['https://events.example/asterisks', '/asterisk/asterisks'],
    ['https://events.example/', '/asterisk/'],
    ['https://events.example/api/auth/login', '/asterisk/api/auth/login'],
    ['https://other.example/start', '/start'],
    ['https://sub.events.example/start', '/start'],
  ])('of %s is %s', (url, wanted) => {
    expect(path(url, 'second.example, Events.example')).toBe(wanted);
  });

  it('is the request’s own where no host is kept for PBXs', () => {
    expect(path('https://events.example/start')).toBe('/start');
    expect(routedPath(new Request('https://events.example/start'))).toBe('/start');
  });
});
