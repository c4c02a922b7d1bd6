import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkConfig } from './contract';
import { backoff, consequences, judge, LANES, readAnswer, retryAfter, type LaneName } from './machine';

const NOW = Date.UTC(2026, 0, 31);
const random = fc.double({ min: 0, max: 0.999, noNaN: true });
const lane = fc.constantFrom<LaneName>('calls', 'webhook');

const answer = (status: number, headers: Record<string, string> = {}) =>
  ({ ok: true, status, headers: new Headers(headers), body: '', truncated: false, ms: 1 }) as const;

describe('an answer', () => {
  it.each([
    [200, 1, 'delivered'],
    [204, 1, 'delivered'],
    [301, 1, 'refused'],
    [400, 1, 'refused'],
    [401, 1, 'failed'],
    [409, 1, 'refused'],
    [409, 2, 'delivered'],
    [410, 1, 'refused'],
    [429, 1, 'limited'],
    [500, 1, 'failed'],
    [503, 1, 'failed'],
  ] as const)('%i to attempt %i is %s', (status, attempt, kind) => {
    expect(readAnswer(answer(status), attempt > 1, NOW).kind).toBe(kind);
  });

  it('says when to come back, in seconds or as a date', () => {
    expect(retryAfter('7', NOW)).toBe(7_000);
    expect(retryAfter(new Date(NOW + 9_000).toUTCString(), NOW)).toBe(9_000);
    expect(retryAfter('soon', NOW)).toBeUndefined();
    expect(retryAfter(null, NOW)).toBeUndefined();
    const outcome = readAnswer(answer(429, { 'retry-after': '30' }), false, NOW);
    const message = { attempts: 1, createdAt: NOW };
    const verdict = judge('calls', message, outcome, NOW, () => 0);
    expect(verdict).toMatchObject({ kind: 'retry', at: NOW + 30_500 });
  });
});

describe('a failed delivery', () => {
  it('comes again later and later, never sooner than half the wait and never after its life', () => {
    fc.assert(
      fc.property(lane, fc.integer({ min: 1, max: 40 }), random, (name, attempts, chance) => {
        const most = LANES[name].delaysMs.at(Math.min(attempts, LANES[name].delaysMs.length) - 1) ?? 0;
        const wait = backoff(name, attempts, () => chance);
        expect(wait).toBeGreaterThanOrEqual(most / 2);
        expect(wait).toBeLessThanOrEqual(most + 1);
        const failed = { kind: 'failed', error: 'x' } as const;
        const old = { attempts, createdAt: NOW - LANES[name].lifeMs };
        expect(judge(name, old, failed, NOW, () => chance).kind).toBe('dead');
        const verdict = judge(name, { attempts, createdAt: NOW }, failed, NOW, () => chance);
        expect(verdict).toMatchObject({ kind: 'retry', at: NOW + wait });
      }),
    );
  });
});

const ENDPOINTS = {
  sendMessage: 'https://a.example.com',
  updateMessageContent: 'https://a.example.com',
  updateMessageStatus: 'https://a.example.com',
  markChatRead: 'https://a.example.com',
  disconnect: 'https://a.example.com',
  getChannels: 'https://a.example.com',
};

const config = (tie: string | null, tokens: string[], optional: string[] = []): LinkConfig => ({
  tie:
    tie === null
      ? null
      : {
          configurationId: tie,
          appVersion: '1',
          configurationVersion: '1.0.0',
          content: {
            providerLabel: 'P',
            endpoints: {
              ...ENDPOINTS,
              ...Object.fromEntries(optional.map((name) => [name, 'https://a.example.com'])),
            },
            authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key' },
          },
          key: 'sealed',
        },
  tokens: tie === null ? [] : tokens,
});

describe('what follows from a change', () => {
  const ALL = ['setWebhook', 'deleteWebhook', 'getMessageHistory'];

  it('is set up with the first token and taken down with the last, whatever comes between', () => {
    const installed = config('a', [], ALL);
    const one = config('a', ['t1'], ALL);
    const two = config('a', ['t1', 't2'], ALL);
    expect(consequences(null, installed)).toEqual({ stop: false, tasks: [], uninstalled: false });
    expect(consequences(installed, one).tasks).toEqual(['set_webhook', 'get_channels', 'history']);
    expect(consequences(one, two).tasks).toEqual([]);
    expect(consequences(two, config('a', ['t2'], ALL)).tasks).toEqual([]);
    expect(consequences(one, installed)).toEqual({
      stop: true,
      tasks: ['delete_webhook', 'disconnect'],
      uninstalled: false,
    });
    expect(consequences(one, config(null, []))).toMatchObject({ stop: true, uninstalled: true });
    // Its good-bye was said when the last token went.
    expect(consequences(installed, config(null, []))).toEqual({ stop: false, tasks: [], uninstalled: true });
    expect(consequences(one, config('b', ['t1'])).tasks).toEqual(['get_channels']);
  });

  it('is asked for once, however often and late a copy is read', () => {
    const copies = fc.constantFrom(
      config(null, []),
      config('a', []),
      config('a', ['t1'], ALL),
      config('a', ['t1', 't2']),
      config('b', ['t2'], ALL),
    );
    fc.assert(
      fc.property(fc.array(copies, { maxLength: 30 }), (story) => {
        let before: LinkConfig | null = null;
        let connected = false;
        for (const after of story) {
          const { stop, tasks } = consequences(before, after);
          expect(consequences(after, after)).toEqual({ stop: false, tasks: [], uninstalled: false });
          // Good-byes and greetings take turns, beginning with a greeting.
          if (tasks.includes('disconnect')) {
            expect(connected && stop).toBe(true);
            connected = false;
          }
          if (tasks.includes('get_channels')) connected = true;
          expect(connected).toBe(after.tokens.length > 0);
          before = after;
        }
      }),
    );
  });
});
