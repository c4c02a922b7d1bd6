import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff, Runner } from './runner.ts';
import { readAnswer } from './trunkline.ts';

describe('what Trunkline answers', () => {
  const problem = (body: object): string => JSON.stringify(body);
  it.each([
    [201, '{}', null, { kind: 'done' }],
    [429, problem({ code: 'rate_limited' }), '7', { kind: 'later', afterMs: 7_000 }],
    [401, problem({ code: 'unauthorized' }), null, { kind: 'later' }],
    [409, problem({ code: 'key_in_flight' }), '1', { kind: 'later', afterMs: 1_000 }],
    [409, problem({ code: 'channel_inactive' }), null, { kind: 'channel' }],
    [
      400,
      problem({ code: 'invalid_request', errors: [{ field: 'chat.channelId', message: 'no' }] }),
      null,
      { kind: 'channel' },
    ],
    [
      400,
      problem({ code: 'invalid_request', errors: [{ field: 'text', message: 'is empty' }] }),
      null,
      { kind: 'refused', error: 'HTTP 400 invalid_request: text is empty' },
    ],
    [302, '', null, { kind: 'refused' }],
    [503, '<html>', 'soon', { kind: 'later', error: 'HTTP 503' }],
  ])('%i %s means what it says', (status, body, retryAfter, meaning) => {
    expect(readAnswer(status, body, retryAfter)).toMatchObject(meaning);
  });
});

describe('a queue', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tries again at longer and longer times', () => {
    const waits = [1, 2, 3, 8, 99].map((attempt) => backoff(attempt, () => 1));
    expect(waits).toEqual([1_000, 2_000, 5_000, 300_000, 300_000]);
    expect(backoff(1, () => 0, 9_000)).toBe(9_000);
  });

  it('does each once and in the order of its lane, whatever fails', async () => {
    const left = Array.from({ length: 60 }, (_, n) => ({ n, lane: `lane-${n % 4}`, at: 0, tries: n % 3 }));
    const done: number[] = [];
    const heads = (): typeof left => [...new Map(left.toReversed().map((one) => [one.lane, one])).values()];
    let atOnce = 0;
    let most = 0;
    const errors: string[] = [];
    const runner = new Runner<(typeof left)[number]>({
      name: 'test',
      most: 3,
      laneOf: ({ lane }) => lane,
      due: (busy, free) =>
        heads()
          .filter(({ lane, at }) => at <= Date.now() && !busy.has(lane))
          .slice(0, free),
      nextAt: () => (left.length === 0 ? null : Math.min(...heads().map(({ at }) => at))),
      work: async (item) => {
        most = Math.max(most, (atOnce += 1));
        await new Promise((settle) => setTimeout(settle, 5));
        atOnce -= 1;
        if (item.n === 7 && errors.length === 0) throw new Error('a fault');
        if (item.tries > 0) {
          item.tries -= 1;
          item.at = Date.now() + 1_000;
          return;
        }
        done.push(item.n);
        left.splice(left.indexOf(item), 1);
      },
      now: () => Date.now(),
      log: { info: () => undefined, warn: () => undefined, error: (text) => void errors.push(text) },
    });
    runner.kick();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(errors).toEqual(['test: a fault of our own']);
    expect(most).toBe(3);
    for (const lane of [0, 1, 2, 3]) {
      const own = done.filter((n) => n % 4 === lane);
      expect(own).toEqual(Array.from({ length: 15 }, (_, n) => n * 4 + lane));
    }
    await runner.stop();
  });
});
