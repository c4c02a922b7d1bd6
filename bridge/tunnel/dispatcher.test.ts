import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal, type Ask, type Handlers } from '../part.ts';
import { MAX_IN_FLIGHT } from '../protocol/limits.ts';
import type { BridgeMessage } from '../protocol/messages.ts';
import { Commands } from './commands.ts';
import { Dispatcher, type Request } from './dispatcher.ts';
import { Journal } from './journal.ts';

let directory: string;
let journal: Journal;
let sent: BridgeMessage[];
let online: boolean;
let errors: string[];
let ids = 0;

beforeEach(() => {
  vi.useFakeTimers();
  directory = mkdtempSync(join(tmpdir(), 'trunkline-dispatcher-'));
  journal = new Journal(directory);
  sent = [];
  errors = [];
  online = true;
});

afterEach(() => {
  vi.useRealTimers();
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

const make = (handlers: Handlers): Dispatcher =>
  new Dispatcher({
    handlers,
    commands: new Commands(journal),
    now: () => Date.now(),
    log: { info: () => undefined, warn: () => undefined, error: (text) => errors.push(text) },
    send: (message) => {
      if (online) sent.push(message);
      return online;
    },
  });

const request = (verb: string, args: unknown, more: Partial<Request> = {}): Request => {
  ids += 1;
  return { t: 'req', id: `r${ids}`, verb, args, deadline: Date.now() + 10_000, ...more };
};
const hangup = (more: Partial<Request> = {}): Request => request('pbx.hangup', { linkedid: '1.1' }, more);
const answersOf = (id: string): BridgeMessage[] => sent.filter((m) => m.t === 'res' && m.id === id);
const codeOf = (id: string): string | undefined => {
  const [answer] = answersOf(id);
  return answer?.t === 'res' && !answer.ok ? answer.error.code : undefined;
};
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
/** A handler that goes on until it is let go, or told to stop. */
function held(): { handlers: Handlers; asks: Ask[]; finish: () => void } {
  const asks: Ask[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const handle = async (_: unknown, ask: Ask): Promise<void> => {
    asks.push(ask);
    await promise;
  };
  return {
    asks,
    finish: resolve,
    handlers: {
      'pbx.hangup': async (args, ask) => {
        await handle(args, ask);
        return { channels: 1 };
      },
      'pbx.channels': async (args, ask) => {
        await handle(args, ask);
        return { channels: [] };
      },
    },
  };
}

describe('requests', () => {
  it('are answered with the result of their verb', async () => {
    const dispatcher = make({ 'pbx.queues': () => Promise.resolve({ queues: [] }) });
    const asked = request('pbx.queues', {});
    dispatcher.request(asked);
    await settle();
    expect(answersOf(asked.id)).toEqual([{ t: 'res', id: asked.id, ok: true, result: { queues: [] } }]);
  });

  it.each<[string, string, Request]>([
    ['a verb it does not know', 'UNKNOWN_VERB', request('pbx.explode', {})],
    ['a verb of Object', 'UNKNOWN_VERB', request('constructor', {})],
    ['arguments that fit no schema', 'INVALID_ARGS', request('pbx.hangup', { linkedid: 'a b; rm' })],
    ['a verb of a section that is not configured', 'FORBIDDEN', request('slot.screen', { slot: 'A1' })],
    ['a request past its deadline', 'DEADLINE', request('pbx.hangup', { linkedid: '1.1' }, { deadline: 1 })],
  ])('refuse %s with %s', async (_, code, asked) => {
    let called = 0;
    const dispatcher = make({
      'pbx.hangup': () => {
        called += 1;
        return Promise.resolve({ channels: 0 });
      },
    });
    dispatcher.request(asked);
    await settle();
    expect(codeOf(asked.id)).toBe(code);
    expect(called).toBe(0);
    expect(new Commands(journal).look(asked.id)).toEqual({ state: 'unknown' });
  });

  it('beyond what may be in flight are refused, and taken again when there is room', async () => {
    const { handlers, finish } = held();
    const dispatcher = make(handlers);
    for (let i = 0; i < MAX_IN_FLIGHT; i += 1) dispatcher.request(hangup());
    const oneMore = hangup();
    dispatcher.request(oneMore);
    expect(codeOf(oneMore.id)).toBe('OVERLOADED');
    finish();
    await settle();
    expect(dispatcher.inFlight).toBe(0);
    const later = hangup();
    dispatcher.request(later);
    await settle();
    expect(answersOf(later.id)).toMatchObject([{ ok: true }]);
  });

  it('pass on a refusal in its own words, and hide nothing of a fault from the log', async () => {
    const dispatcher = make({
      'pbx.hangup': () => Promise.reject(new Refusal('PBX_REFUSED', 'No such channel', { words: 'x' })),
      'pbx.queues': () => Promise.reject(new TypeError('undefined is no function')),
      'pbx.status': () => Promise.resolve({ pbx: 'nonsense' } as never),
    });
    const [refused, fault, wrong] = [hangup(), request('pbx.queues', {}), request('pbx.status', {})];
    for (const one of [refused, fault, wrong]) dispatcher.request(one);
    await settle();
    expect(answersOf(refused.id)).toMatchObject([
      { error: { code: 'PBX_REFUSED', message: 'No such channel', details: { words: 'x' } } },
    ]);
    expect(codeOf(fault.id)).toBe('INTERNAL');
    expect(codeOf(wrong.id)).toBe('INTERNAL');
    expect(errors).toHaveLength(2);
  });

  it('end at their deadline: at once without an effect, with the truth of one that has', async () => {
    const { handlers, asks, finish } = held();
    const dispatcher = make(handlers);
    const [look, command] = [request('pbx.channels', {}), hangup()];
    dispatcher.request(look);
    dispatcher.request(command);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(codeOf(look.id)).toBe('DEADLINE');
    expect(answersOf(command.id)).toEqual([]);
    expect(asks.every(({ signal }) => signal.aborted)).toBe(true);
    finish();
    await settle();
    expect(answersOf(command.id)).toMatchObject([{ ok: true }]);
  });

  it('of a handler that never ends are given up after a grace, and their outcome is unknown', async () => {
    const { handlers } = held();
    const dispatcher = make(handlers);
    const command = hangup();
    dispatcher.request(command);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(codeOf(command.id)).toBe('OUTCOME_UNKNOWN');
    expect(dispatcher.inFlight).toBe(0);
  });

  it('can be cancelled', async () => {
    const { handlers, asks } = held();
    const dispatcher = make(handlers);
    const look = request('pbx.channels', {});
    dispatcher.request(look);
    dispatcher.cancel(look.id);
    await settle();
    expect(codeOf(look.id)).toBe('CANCELLED');
    expect(asks[0]?.signal.reason).toBeInstanceOf(Refusal);
    dispatcher.cancel('never asked');
  });
});

describe('commands with an effect', () => {
  it('run once, however often they are asked, and their result is told until it is settled', async () => {
    let effects = 0;
    const handlers: Handlers = {
      'pbx.hangup': () => {
        effects += 1;
        return Promise.resolve({ channels: effects });
      },
    };
    const dispatcher = make(handlers);
    const command = hangup();
    online = false;
    dispatcher.request(command);
    await settle();
    online = true;
    dispatcher.connected();
    expect(answersOf(command.id)).toMatchObject([{ ok: true, result: { channels: 1 } }]);
    // Long past its deadline: what was done is told all the same.
    vi.setSystemTime(Date.now() + 3_600_000);
    dispatcher.request(command);
    await settle();
    expect(answersOf(command.id)).toHaveLength(2);
    expect(effects).toBe(1);
    dispatcher.settled([command.id]);
    sent.length = 0;
    dispatcher.connected();
    expect(sent).toEqual([]);
  });

  it('asked again while they run are answered once', async () => {
    const { handlers, asks, finish } = held();
    const dispatcher = make(handlers);
    const command = hangup();
    dispatcher.request(command);
    dispatcher.broken();
    expect(asks[0]?.signal.aborted).toBe(false);
    dispatcher.connected();
    dispatcher.request(command);
    finish();
    await settle();
    expect(asks).toHaveLength(1);
    expect(answersOf(command.id)).toHaveLength(1);
  });

  it('begun before the bridge was killed are not repeated: their outcome is unknown', async () => {
    const { handlers } = held();
    const command = hangup();
    make(handlers).request(command);
    let effects = 0;
    const restarted = make({
      'pbx.hangup': () => {
        effects += 1;
        return Promise.resolve({ channels: 0 });
      },
    });
    restarted.request(command);
    restarted.request(command);
    await settle();
    expect(codeOf(command.id)).toBe('OUTCOME_UNKNOWN');
    expect(answersOf(command.id)).toHaveLength(2);
    expect(effects).toBe(0);
  });

  it('are not done when they can not be written down', async () => {
    let effects = 0;
    const dispatcher = make({
      'pbx.hangup': () => {
        effects += 1;
        return Promise.resolve({ channels: 0 });
      },
    });
    journal.db.exec(
      'ALTER TABLE commands RENAME TO elsewhere; CREATE VIEW commands AS SELECT * FROM elsewhere',
    );
    const command = hangup();
    dispatcher.request(command);
    await settle();
    expect(codeOf(command.id)).toBe('INTERNAL');
    expect(effects).toBe(0);
  });

  it('may finish when the bridge stops; nothing new is taken', async () => {
    const { handlers, finish } = held();
    const dispatcher = make(handlers);
    const [running, late] = [hangup(), hangup()];
    dispatcher.request(running);
    const stopped = dispatcher.stop(4_000);
    dispatcher.request(late);
    expect(codeOf(late.id)).toBe('OFFLINE');
    finish();
    await stopped;
    expect(answersOf(running.id)).toMatchObject([{ ok: true }]);
  });

  it('that do not end when the bridge stops are handed back as unknown', async () => {
    const { handlers } = held();
    const dispatcher = make(handlers);
    const running = hangup();
    dispatcher.request(running);
    const stopped = dispatcher.stop(4_000);
    await vi.advanceTimersByTimeAsync(6_000);
    await stopped;
    expect(codeOf(running.id)).toBe('OUTCOME_UNKNOWN');
  });
});
