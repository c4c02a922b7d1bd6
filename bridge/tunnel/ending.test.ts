import { expect, it } from 'vitest';
import { TUNNEL_CLOSE, type TunnelCloseReason } from '../protocol/messages.ts';
import { verdictOf } from './ending.ts';

it.each<[TunnelCloseReason, string]>([
  ['restart', 'retry'],
  ['dead', 'retry'],
  ['protocol', 'retry'],
  ['unauthenticated', 'retry_slowly'],
  ['revoked', 'stop'],
  ['replaced', 'stop'],
  ['version', 'stop'],
])('after "%s": %s', (reason, next) => {
  const bye = { t: 'bye', reason: 'words', ...TUNNEL_CLOSE[reason] } as const;
  const verdict = verdictOf({ bye, status: null });
  expect(verdict.next).toBe(next);
  if (verdict.next !== 'retry') expect(verdict.remedy.length).toBeGreaterThan(5);
});

it.each([
  [401, 'retry_slowly'],
  [403, 'stop'],
  [404, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [502, 'retry'],
])('after an upgrade refused with %i: %s', (status, next) => {
  expect(verdictOf({ bye: null, status }).next).toBe(next);
});

it('stops at a bye of a later edge that says it is for good', () => {
  const bye = { t: 'bye', code: 4999, reason: 'moved to another region', temporary: false } as const;
  expect(verdictOf({ bye, status: null })).toEqual({ next: 'stop', remedy: 'moved to another region' });
});
