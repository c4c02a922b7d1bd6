import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  modeOf,
  newPhone,
  step,
  TIMES,
  type PhoneEffect,
  type PhoneEvent,
  type PhoneState,
} from './machine.ts';

/** A phone on a clock of its own. */
class Bench {
  now = 1_000;
  state: PhoneState;
  effects: PhoneEffect[] = [];

  constructor(generation: 'new' | 'old' = 'new', quiet = false) {
    this.state = newPhone(generation);
    this.tell({ type: 'started', quiet });
  }

  tell(event: PhoneEvent): PhoneEffect[] {
    const [state, effects] = step(this.state, event, this.now);
    this.state = state;
    this.effects.push(...effects);
    return [...effects];
  }

  get poll(): number {
    return this.state.live?.poll ?? 0;
  }

  /** The live poll is answered after `tookMs`. */
  answer(
    status: number,
    tookMs: number,
    more: { retryAfterSec?: number; command?: { id: string; phone: string } } = {},
  ) {
    this.now += tookMs;
    return this.tell({ type: 'answered', poll: this.poll, status, ...more });
  }

  /** Runs the clock to the next poll; returns how long that took and what was asked. */
  next(): { after: number; waitSeconds: number | null } {
    const at = this.state.nextPollAt ?? Number.NaN;
    const after = at - this.now;
    this.now = at;
    const pull = this.tell({ type: 'due' }).find((effect) => effect.type === 'pull');
    return { after, waitSeconds: pull?.waitSeconds ?? null };
  }

  get mode() {
    return modeOf(this.state, this.now);
  }
}

const command = { id: '0b54f3a2-6a3f-4f43-9d0e-0f6a3c1e5d11', phone: '+375290000000' };

/** Through the first BURST with polls held as long as given. */
function afterBurst(heldMs: number): Bench {
  const bench = new Bench();
  for (bench.answer(204, heldMs); bench.mode === 'BURST'; bench.answer(204, heldMs)) bench.next();
  return bench;
}

describe('new generation', () => {
  it('starts with a BURST of plain polls, 2 s apart', () => {
    const bench = new Bench();
    expect(bench.effects).toEqual([
      { type: 'pull', poll: 1, waitSeconds: null, readTimeoutMs: 30_000, callTimeoutMs: null },
    ]);
    bench.answer(204, 1_200);
    expect(bench.next()).toEqual({ after: 2_000, waitSeconds: null });
  });

  it('long-polls after a BURST whose polls were held, one poll right after another', () => {
    const bench = afterBurst(1_200);
    expect(bench.mode).toBe('LONG_POLL');
    expect(bench.next()).toEqual({ after: 0, waitSeconds: 25 });
    const pull = bench.effects.findLast((effect) => effect.type === 'pull');
    expect(pull).toMatchObject({ readTimeoutMs: 60_000, callTimeoutMs: 70_000 });
    bench.answer(204, 25_000);
    expect(bench.next()).toEqual({ after: 0, waitSeconds: 25 });
  });

  it('falls to SLOW for good when a server answers at once', () => {
    const bench = afterBurst(20);
    for (let i = 0; i < 50; i++) {
      expect(bench.mode).toBe('SLOW');
      expect(bench.next()).toEqual({ after: 10_000, waitSeconds: null });
      bench.answer(204, 20);
    }
  });

  it('falls to SLOW after one empty long poll answered in under a second', () => {
    const bench = new Bench('new', true);
    expect(bench.mode).toBe('LONG_POLL');
    bench.answer(204, 999);
    expect(bench.next()).toEqual({ after: 10_000, waitSeconds: null });
  });

  it('rings for a command and enters a BURST even in the cool-down', () => {
    const bench = afterBurst(1_200);
    expect(bench.state.cooldownUntil).toBeGreaterThan(bench.now);
    bench.next();
    expect(bench.answer(200, 3_000, { command })).toEqual([{ type: 'ring', ...command, again: false }]);
    expect(bench.mode).toBe('BURST');
    expect(bench.next()).toEqual({ after: 2_000, waitSeconds: null });
    expect(bench.answer(200, 3, { command })).toEqual([{ type: 'ring', ...command, again: true }]);
  });

  it('has no command in a 200 that lacks an id or a phone', () => {
    const bench = new Bench('new', true);
    bench.now += 2_000;
    expect(bench.tell({ type: 'answered', poll: bench.poll, status: 200, command: null })).toEqual([]);
    expect(bench.mode).toBe('LONG_POLL');
  });

  it('opens no BURST in the cool-down when the app is opened, and none repeated within 10 s', () => {
    const bench = afterBurst(1_200);
    bench.tell({ type: 'app-opened' });
    expect(bench.mode).toBe('LONG_POLL');
    bench.now = bench.state.cooldownUntil;
    bench.tell({ type: 'app-opened' });
    expect(bench.mode).toBe('BURST');
    const until = bench.state.burstUntil;
    bench.now += 9_000;
    bench.tell({ type: 'app-opened' });
    expect(bench.state.burstUntil).toBe(until);
    bench.tell({ type: 'network-restored' });
    expect(bench.state.burstUntil).toBe(bench.now + TIMES.burst);
  });

  it('opens a second poll on a push and abandons the first', () => {
    const bench = new Bench('new', true);
    const first = bench.poll;
    bench.now += 5_000;
    expect(bench.tell({ type: 'pushed' })).toEqual([
      { type: 'abandon', poll: first },
      { type: 'pull', poll: first + 1, waitSeconds: null, readTimeoutMs: 30_000, callTimeoutMs: null },
    ]);
    expect(bench.tell({ type: 'answered', poll: first, status: 200, command })).toEqual([]);
    expect(bench.state.burstUntil).toBe(bench.now + TIMES.pushBurst);
    expect(bench.next().after).toBe(2_000);
  });

  it('ends a BURST on 429 and cools down', () => {
    const bench = new Bench();
    bench.answer(429, 5);
    expect(bench.mode).toBe('SLOW');
    expect(bench.state.cooldownUntil).toBe(bench.now + TIMES.cooldown);
    expect(bench.next()).toEqual({ after: 10_000, waitSeconds: null });
  });

  it.each([
    ['in a BURST', false, 5, 2_000],
    ['quickly', true, 5, 10_000],
    ['after a second or more', true, 1_000, 0],
  ])('polls again after a server error %s', (_, quiet, took, pause) => {
    const bench = new Bench('new', quiet);
    bench.answer(503, took);
    expect(bench.next().after).toBe(pause);
  });

  it('treats a broken connection as a server error', () => {
    const bench = new Bench('new', true);
    bench.now += 20_000;
    bench.tell({ type: 'failed', poll: bench.poll });
    expect(bench.next()).toEqual({ after: 0, waitSeconds: 25 });
    bench.now += 1;
    bench.tell({ type: 'failed', poll: bench.poll });
    expect(bench.next()).toEqual({ after: 10_000, waitSeconds: null });
  });
});

describe('sign-in that ended', () => {
  it('refreshes once on 401 and repeats the pull with the short time-out', () => {
    const bench = new Bench('new', true);
    const poll = bench.poll;
    expect(bench.answer(401, 5)).toEqual([{ type: 'refresh', poll }]);
    expect(bench.tell({ type: 'refreshed', poll, status: 200 })).toEqual([
      { type: 'pull', poll, waitSeconds: 25, readTimeoutMs: 30_000, callTimeoutMs: null },
    ]);
  });

  it.each([
    [200, 401, 'refused'],
    [401, null, 'logged-out'],
    [429, null, 'logged-out'],
    [500, null, 'refused'],
  ] as const)('stops until a reboot: refresh %s, then pull %s', (refresh, retry, reason) => {
    const bench = new Bench('new', true);
    bench.answer(401, 5);
    bench.tell({ type: 'refreshed', poll: bench.poll, status: refresh });
    if (retry !== null) bench.answer(retry, 5);
    expect(bench.mode).toBe('STOPPED');
    expect(bench.state.stopped).toBe(reason);
    for (const type of ['app-opened', 'network-restored', 'pushed', 'due'] as const) {
      expect(bench.tell({ type })).toEqual([]);
    }
    expect(bench.tell({ type: 'started' })).toHaveLength(1);
  });
});

describe('old generation', () => {
  it('polls every 0.65 s without wait_seconds and obeys Retry-After', () => {
    const bench = new Bench('old');
    bench.answer(204, 1_200);
    expect(bench.next()).toEqual({ after: 650, waitSeconds: null });
    bench.answer(429, 5, { retryAfterSec: 7 });
    expect(bench.next()).toEqual({ after: 7_000, waitSeconds: null });
    bench.answer(200, 5, { command });
    expect(bench.next()).toEqual({ after: 650, waitSeconds: null });
  });

  it('sends heartbeats and telemetry between polls', () => {
    const bench = new Bench('old');
    for (let i = 0; i < 20; i++) {
      bench.answer(204, 1_200);
      bench.next();
    }
    expect(bench.effects.filter((effect) => effect.type === 'heartbeat')).toHaveLength(2);
    expect(bench.effects.filter((effect) => effect.type === 'telemetry')).toHaveLength(1);
  });
});

describe('whatever a server does', () => {
  const answer = fc.record({
    status: fc.constantFrom(0, 200, 204, 400, 403, 404, 429, 500, 503),
    tookMs: fc.constantFrom(1, 30, 999, 1_000, 1_200, 25_000),
    withCommand: fc.boolean(),
    trigger: fc.constantFrom('none', 'app-opened', 'network-restored'),
  });

  it('never polls in a busy loop: a short poll is followed by 2 s at least', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 120 }), fc.boolean(), (answers, quiet) => {
        const bench = new Bench('new', quiet);
        for (const { status, tookMs, withCommand, trigger } of answers) {
          if (trigger !== 'none') bench.tell({ type: trigger });
          if (status === 0) {
            bench.now += tookMs;
            bench.tell({ type: 'failed', poll: bench.poll });
          } else {
            bench.answer(status, tookMs, status === 200 && withCommand ? { command } : {});
          }
          expect(bench.next().after + tookMs).toBeGreaterThanOrEqual(1_000);
        }
      }),
    );
  });

  it('always has exactly one live poll or a time for the next one, until it stops', () => {
    const event = fc.oneof(
      fc.constantFrom<PhoneEvent>(
        { type: 'app-opened' },
        { type: 'pushed' },
        { type: 'due' },
        { type: 'network-restored' },
      ),
      fc.record({
        type: fc.constant('answered' as const),
        poll: fc.nat(20),
        status: fc.constantFrom(200, 204, 401, 429, 500),
      }),
      fc.record({ type: fc.constant('failed' as const), poll: fc.nat(20) }),
      fc.record({
        type: fc.constant('refreshed' as const),
        poll: fc.nat(20),
        status: fc.constantFrom(200, 401),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(30_000)), { maxLength: 80 }), (events) => {
        const bench = new Bench();
        const opened = new Set<number>([1]);
        for (const [happened, later] of events) {
          bench.now += later;
          for (const effect of bench.tell(happened)) if (effect.type === 'pull') opened.add(effect.poll);
          const { stopped, live, nextPollAt, polls } = bench.state;
          if (stopped === null) expect(live !== null || nextPollAt !== null).toBe(true);
          else expect([live, nextPollAt]).toEqual([null, null]);
          expect(opened.size).toBe(polls);
        }
      }),
    );
  });
});
