import { describe, expect, it } from 'vitest';
import { commandOf, faultsOf, type Asked } from './faults.ts';
import type { Answer } from './http.ts';

const pull: Asked = { call: 'pull', waitSeconds: 25, generation: 'new', sessionLives: true };
const refresh: Asked = { call: 'token/refresh', generation: 'new', sessionLives: true };
const command = { id: '0b54f3a2-6a3f-4f43-9d0e-0f6a3c1e5d11', phone: '+375290000000', company_id: null };

function answer(status: number, body: unknown, more: Partial<Answer> = {}): Answer {
  return {
    ok: true,
    status,
    body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    tookMs: 1_200,
    ...more,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...more.headers },
  };
}
const rules = (asked: Asked, given: Answer): string[] => faultsOf(asked, given).map((fault) => fault.rule);

describe('a pull', () => {
  it('finds nothing wrong with a good answer', () => {
    expect(rules(pull, answer(200, command))).toEqual([]);
    expect(rules(pull, answer(204, undefined, { tookMs: 25_100 }))).toEqual([]);
    expect(commandOf(answer(200, command))).toEqual({ id: command.id, phone: command.phone });
  });

  it.each([
    [
      'an empty long poll in under 1 s',
      answer(204, undefined, { tookMs: 999 }),
      'empty long poll answered too soon',
    ],
    ['a hold near 30 s', answer(204, undefined, { tookMs: 28_000 }), 'held near 30 s'],
    ['a 204 with a body', answer(204, 'x'), '204 with a body'],
    [
      'a 204 that announces one',
      answer(204, undefined, { headers: { 'content-length': '2' } }),
      '204 with a body',
    ],
    ['a null phone', answer(200, { ...command, phone: null }), '200 without a command'],
    ['a blank phone', answer(200, { ...command, phone: ' ' }), '200 without a command'],
    ['a null id', answer(200, { ...command, id: null }), '200 without a command'],
    ['an id that is no uuid', answer(200, { ...command, id: '17' }), 'command id is no uuid'],
    ['a redirect', answer(301, {}, { headers: { location: '/api/phone/calls/pull/' } }), 'redirect'],
    ['HTML', answer(404, '<html>', { headers: { 'content-type': 'text/html' } }), 'not JSON'],
    ['a refusal of a live session', answer(401, { detail: 'no' }), 'refused a live session'],
    ['a rate limit', answer(429, { detail: 'slow down' }), 'refused a live session'],
    ['a server error', answer(500, { detail: 'sorry' }), 'server error'],
    [
      'a cacheable answer',
      answer(200, command, { headers: { 'cache-control': 'max-age=5' } }),
      'cacheable pull',
    ],
  ])('finds %s', (_, given, rule) => {
    expect(rules(pull, given)).toContain(rule);
  });

  it('lets a revoked session be refused', () => {
    expect(rules({ ...pull, sessionLives: false }, answer(401, { detail: 'no' }))).toEqual([]);
  });

  it('leaves the old generation its quick empty polls', () => {
    expect(
      rules({ ...pull, generation: 'old', waitSeconds: null }, answer(204, undefined, { tookMs: 5 })),
    ).toEqual([]);
  });
});

describe('a refresh', () => {
  it('takes an access token and nothing else', () => {
    expect(rules(refresh, answer(200, { access: 'a.b.c' }))).toEqual([]);
    expect(rules(refresh, answer(200, { access: 'a.b.c', refresh: 'd.e.f' }))).toEqual(['rotated refresh']);
    expect(rules(refresh, answer(200, {}))).toEqual(['refresh without access']);
  });

  it.each([400, 401, 403, 429, 500])('may not answer %s to a live session', (status) => {
    expect(rules(refresh, answer(status, { detail: 'no' }))).not.toEqual([]);
  });
});
