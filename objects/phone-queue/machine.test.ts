import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_QUEUE,
  mayComeAgain,
  nextDue,
  REDELIVERY_WINDOW_MS,
  step,
  type Decision,
  type LiveCommand,
  type Poll,
  type QueueEvent,
  type UserQueue,
} from './machine';

const command = (id: string, seq: number, more: Partial<LiveCommand> = {}): LiveCommand => ({
  id,
  seq,
  aimedAt: null,
  expiresAt: 300_000,
  lease: null,
  redelivered: false,
  ...more,
});
const poll = (key: string, device: string, more: Partial<Poll> = {}): Poll => ({
  key,
  device,
  sid: `s-${device}`,
  long: true,
  simulator: false,
  ...more,
});

/** Runs events one after another; answers the last state and every decision. */
function run(...events: QueueEvent[]): { queue: UserQueue; decisions: Decision[] } {
  let queue = EMPTY_QUEUE;
  const decisions: Decision[] = [];
  for (const event of events) {
    const after = step(queue, event);
    queue = after.queue;
    decisions.push(...after.decisions);
  }
  return { queue, decisions };
}
const told = (decisions: readonly Decision[]) =>
  decisions.map((d) =>
    d.type === 'deliver'
      ? `${d.id}→${d.poll.key}`
      : d.type === 'release'
        ? `${d.reason} ${d.poll.key}`
        : `${d.type} ${d.id}`,
  );

describe('the queue of one user', () => {
  it('prefers the newest poll of a real phone to a simulator', () => {
    const { decisions } = run(
      { type: 'polled', poll: poll('p1', 'a'), now: 0 },
      { type: 'polled', poll: poll('p2', 'b'), now: 1 },
      { type: 'polled', poll: poll('p3', 'sim', { simulator: true }), now: 2 },
      { type: 'enqueued', command: command('c1', 1), now: 3 },
      { type: 'enqueued', command: command('c2', 2), now: 4 },
      { type: 'enqueued', command: command('c3', 3), now: 5 },
    );
    expect(told(decisions)).toEqual(['c1→p2', 'c2→p1', 'c3→p3']);
  });

  it('keeps one that waits for its phone from holding up the rest', () => {
    const { decisions, queue } = run(
      { type: 'enqueued', command: command('c1', 1, { aimedAt: 'b' }), now: 0 },
      { type: 'enqueued', command: command('c2', 2), now: 0 },
      { type: 'polled', poll: poll('p1', 'a'), now: 1 },
    );
    expect(told(decisions)).toEqual(['c2→p1']);
    expect(nextDue(queue)).toBe(300_000);
  });

  it('puts a command that was not handed over back to the head, for the next poll at once', () => {
    const { decisions } = run(
      { type: 'enqueued', command: command('c1', 1), now: 0 },
      { type: 'enqueued', command: command('c2', 2), now: 0 },
      { type: 'polled', poll: poll('p1', 'a', { long: false }), now: 1 },
      { type: 'poll_ended', key: 'p1', now: 2 },
      { type: 'polled', poll: poll('p2', 'b', { long: false }), now: 3 },
    );
    expect(told(decisions)).toEqual(['c1→p1', 'return c1', 'c1→p2']);
  });

  it('keeps the lease when a channel breaks without a word', () => {
    const { decisions } = run(
      { type: 'polled', poll: poll('p1', 'a'), now: 0 },
      { type: 'enqueued', command: command('c1', 1), now: 1 },
      { type: 'poll_lost', key: 'p1' },
      { type: 'polled', poll: poll('p2', 'a', { long: false }), now: 2 },
      { type: 'polled', poll: poll('p3', 'b'), now: 3 },
    );
    expect(told(decisions)).toEqual(['c1→p1']);
  });

  it.each([
    ['a plain poll', { long: false }, 10_000, 300_000, []],
    ['a long poll', { long: true }, 10_000, 300_000, ['c1→p2']],
    ['a long poll at the end of the window', { long: true }, REDELIVERY_WINDOW_MS + 1, 300_000, ['c1→p2']],
    ['a long poll after the window', { long: true }, REDELIVERY_WINDOW_MS + 2, 300_000, []],
    ['a long poll after the command’s life', { long: true }, 10_000, 9_000, []],
  ])('gives a delivered command once more to %s only by the rule', (_, kind, at, expiresAt, expected) => {
    const { decisions } = run(
      { type: 'enqueued', command: command('c1', 1, { expiresAt }), now: 0 },
      { type: 'polled', poll: poll('p1', 'a'), now: 1 },
      { type: 'polled', poll: poll('p2', 'a', kind), now: at },
      { type: 'polled', poll: poll('p3', 'a'), now: at + 1 },
    );
    const delivered = told(decisions).filter((text) => text.includes('→'));
    expect(delivered[0]).toBe('c1→p1');
    // p3 long-polls: it gets what p2 was not given, if that is still allowed, and never a third time.
    const third = !kind.long && at + 1 - 1 <= REDELIVERY_WINDOW_MS ? ['c1→p3'] : [];
    expect(delivered.slice(1)).toEqual([...expected, ...third]);
  });

  it('takes every event twice without a difference', () => {
    const events: QueueEvent[] = [
      { type: 'polled', poll: poll('p1', 'a'), now: 0 },
      { type: 'enqueued', command: command('c1', 1), now: 1 },
      { type: 'poll_ended', key: 'p1', now: 2 },
      { type: 'settled', id: 'c1' },
    ];
    const once = run(...events);
    const twice = run(...events.flatMap((event) => [event, event]));
    expect(told(twice.decisions)).toEqual(told(once.decisions));
    expect(twice.queue).toEqual(once.queue);
  });
});

const DEVICES = ['a', 'b', 'sim'];
const anyEvent: fc.Arbitrary<QueueEvent['type'] | 'again'> = fc.constantFrom(
  'enqueued',
  'enqueued',
  'polled',
  'polled',
  'polled',
  'poll_ended',
  'poll_lost',
  'settled',
  'shut_out',
  'tick',
  'again',
);
const script = fc.array(
  fc.record({
    type: anyEvent,
    device: fc.integer({ min: 0, max: 2 }),
    pick: fc.nat({ max: 1_000 }),
    wait: fc.nat({ max: 40_000 }),
    long: fc.boolean(),
    aimed: fc.boolean(),
    life: fc.integer({ min: 1, max: 200_000 }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('whatever happens in whatever order', () => {
  it('shares no command, repeats none beyond the rule, loses none, and keeps the order', () => {
    fc.assert(
      fc.property(script, (moves) => {
        let queue: UserQueue = EMPTY_QUEUE;
        let now = 0;
        const history: QueueEvent[] = [];
        const fate = new Map<string, string>();
        const givenTo = new Map<string, Decision[]>();
        const commands = new Map<string, LiveCommand>();
        let made = 0;
        for (const move of moves) {
          now += move.wait;
          const event = next(move);
          if (event === null) continue;
          history.push(event);
          const before = queue;
          const after = step(before, event);
          check(before, after.decisions);
          queue = after.queue;
          // One poll a device, one command a poll.
          expect(new Set(queue.polls.map(({ device }) => device)).size).toBe(queue.polls.length);
          for (const command of queue.commands)
            if (command.lease === null) expect(fate.get(command.id)).toBe('waiting');
        }
        // Nothing is lost: what waits by the book waits in the machine.
        const waiting = [...fate].filter(([, state]) => state === 'waiting').map(([id]) => id);
        expect(queue.commands.filter(({ lease }) => lease === null).map(({ id }) => id)).toEqual(waiting);
        // A parked poll never stands beside a command it may have.
        const live = step(queue, { type: 'tick', now }).queue;
        for (const command of live.commands) {
          if (command.lease !== null) continue;
          const fit = live.polls.some(({ device }) => command.aimedAt === null || command.aimedAt === device);
          expect(fit).toBe(false);
        }

        function next(move: (typeof moves)[number]): QueueEvent | null {
          const device = DEVICES[move.device] ?? 'a';
          const keys = history.flatMap((event) => (event.type === 'polled' ? [event.poll.key] : []));
          const ids = [...commands.keys()];
          switch (move.type) {
            case 'enqueued': {
              made += 1;
              const fresh = command(`c${made}`, made, {
                aimedAt: move.aimed ? device : null,
                expiresAt: now + move.life,
              });
              commands.set(fresh.id, fresh);
              fate.set(fresh.id, 'waiting');
              return { type: 'enqueued', command: fresh, now };
            }
            case 'polled':
              return {
                type: 'polled',
                poll: poll(`p${history.length}`, device, { long: move.long, simulator: device === 'sim' }),
                now,
              };
            case 'poll_ended':
            case 'poll_lost': {
              const key = keys[move.pick % Math.max(1, keys.length)];
              return key === undefined ? null : { type: move.type, key, now };
            }
            case 'settled': {
              const id = ids[move.pick % Math.max(1, ids.length)];
              if (id === undefined) return null;
              fate.set(id, 'settled');
              return { type: 'settled', id };
            }
            case 'shut_out':
              return { type: 'shut_out', which: (parked) => parked.device === device };
            case 'tick':
              return { type: 'tick', now };
            case 'again': {
              const old = history[move.pick % Math.max(1, history.length)];
              // A command that is stored already is never brought again: the store tells it by its id.
              return old === undefined || old.type === 'enqueued' || old.type === 'polled'
                ? null
                : ({ ...old, now } as QueueEvent);
            }
          }
        }

        function check(before: UserQueue, decisions: readonly Decision[]): void {
          for (const decision of decisions) {
            if (decision.type === 'release') continue;
            const { id } = decision;
            const known = commands.get(id);
            const state = fate.get(id);
            if (decision.type === 'expire') {
              expect(now).toBeGreaterThanOrEqual(known?.expiresAt ?? Infinity);
              expect(state).not.toBe('settled');
              fate.set(id, 'expired');
            } else if (decision.type === 'return') {
              expect(state).toBe('given');
              fate.set(id, 'waiting');
            } else {
              const { poll: to, again } = decision;
              expect(known?.aimedAt ?? to.device).toBe(to.device);
              expect(now).toBeLessThan(known?.expiresAt ?? 0);
              if (again) {
                const last = (givenTo.get(id) ?? []).at(-1);
                expect(to.long && last?.type === 'deliver' && last.poll.device === to.device).toBe(true);
                expect((givenTo.get(id) ?? []).filter((d) => d.type === 'deliver' && d.again)).toEqual([]);
                const lease = before.commands.find((live) => live.id === id);
                expect(lease !== undefined && mayComeAgain(lease, now)).toBe(true);
              } else {
                expect(state).toBe('waiting');
                const older = before.commands.find(
                  (live) =>
                    live.lease === null &&
                    live.seq < (known?.seq ?? 0) &&
                    now < live.expiresAt &&
                    (live.aimedAt === null || live.aimedAt === to.device),
                );
                const alsoGiven = decisions.some((d) => d.type === 'deliver' && d.id === older?.id);
                expect(older === undefined || alsoGiven).toBe(true);
              }
              fate.set(id, 'given');
              givenTo.set(id, [...(givenTo.get(id) ?? []), decision]);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
