import { expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const edge = new URL('https://calls.example/');

it.each<[string, Record<string, string>, string | null]>([
  ['nothing set', {}, null],
  ['HTTPS_PROXY', { HTTPS_PROXY: 'http://proxy.example:3128' }, 'http://proxy.example:3128'],
  ['lower case', { https_proxy: 'http://proxy.example:3128' }, 'http://proxy.example:3128'],
  ['without its scheme', { HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128'],
  ['only HTTP_PROXY', { HTTP_PROXY: 'http://proxy.example:3128' }, null],
  ['NO_PROXY with the host', { HTTPS_PROXY: 'http://p.example', NO_PROXY: 'a.example, calls.example' }, null],
  ['NO_PROXY with a domain', { HTTPS_PROXY: 'http://p.example', NO_PROXY: '.example' }, null],
  ['NO_PROXY with its port', { HTTPS_PROXY: 'http://p.example', NO_PROXY: 'calls.example:443' }, null],
  [
    'NO_PROXY with another port',
    { HTTPS_PROXY: 'http://p.example', NO_PROXY: 'calls.example:8443' },
    'http://p.example',
  ],
  [
    'NO_PROXY with another host that ends alike',
    { HTTPS_PROXY: 'http://p.example', NO_PROXY: 'lls.example' },
    'http://p.example',
  ],
  ['NO_PROXY with all', { HTTPS_PROXY: 'http://p.example', NO_PROXY: '*' }, null],
])('%s', (_, environment, expected) => {
  expect(proxyFor(edge, undefined, environment)).toBe(expected);
});

it('takes the proxy of the configuration before any other', () => {
  expect(proxyFor(edge, 'http://own.example:8080', { HTTPS_PROXY: 'http://p.example', NO_PROXY: '*' })).toBe(
    'http://own.example:8080',
  );
});
