import { describe, expect, it } from 'vitest';
import { allowedMethods } from './allowed-methods';
import { apiOf } from './families';

describe('apiOf', () => {
  it.each([
    ['/api/token', 'dialer'],
    ['/api/token/refresh/', 'dialer'],
    ['/api/v1/token/', 'dialer'],
    ['/api/phone/calls/pull/', 'dialer'],
    ['/api/v1/phone/logs', 'dialer'],
    ['/phone/call/', 'dialer'],
    ['/api/phones', 'platform'],
    ['/api/tokens', 'platform'],
    ['/api', 'platform'],
    ['/api/call/start', 'platform'],
    ['/api/v1', 'platform'],
    ['/asterisk/call', 'pbx'],
    ['/bridge/connect', 'platform'],
    ['/socket.io/', 'engine'],
    ['/metrics', 'platform'],
    ['/communications/v1/messages', 'communications'],
    ['/communications/v1', 'communications'],
    ['/communications', 'app'],
    ['/communications/chat-post', 'app'],
    ['/internal/v1/providers', 'communications'],
    ['/.well-known/jwks.json', 'communications'],
    ['/.well-known/other', 'app'],
    ['/bridges', 'app'],
    ['/asterisks', 'app'],
    ['/apis', 'app'],
    ['/phones', 'app'],
    ['/', 'app'],
  ])('%s is of the %s', (path, family) => {
    expect(apiOf(path)).toBe(family);
  });
});

describe('allowedMethods', () => {
  const routes = [
    { method: 'ALL', path: '/api/*' },
    { method: 'GET', path: '/api/call/:id' },
    { method: 'DELETE', path: '/api/call/:id{c_.+}' },
    { method: 'POST', path: '/api/call/start' },
    { method: 'GET', path: '/files/*' },
    { method: 'PUT', path: '/opt/:name?' },
  ];
  it.each([
    ['/api/call/start', ['GET', 'HEAD', 'POST']],
    ['/api/call/c_1', ['DELETE', 'GET', 'HEAD']],
    ['/api/call/c_1/notes', ['DELETE']],
    ['/api/nothing', []],
    ['/files/a/b', ['GET', 'HEAD']],
    ['/opt', ['PUT']],
    ['/opt/x', ['PUT']],
  ])('%s', (path, methods) => {
    expect(allowedMethods(routes, path)).toEqual(methods);
  });
});
