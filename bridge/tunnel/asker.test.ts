import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_IN_FLIGHT } from '../protocol/limits.ts';
import type { BridgeMessage } from '../protocol/messages.ts';
import { Asker } from './asker.ts';

let sent: BridgeMessage[];
let online: boolean;
let asker: Asker;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  sent = [];
  online = true;
  asker = new Asker(
    (message) => {
      if (online) sent.push(message);
      return online;
    },
    () => Date.now(),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const ask = (signal?: AbortSignal): Promise<unknown> => asker.ask('upload.end', { upload: 'u1' }, signal);
const ids = (): string[] => sent.flatMap((message) => (message.t === 'req' ? [message.id] : []));

describe('a request to the edge', () => {
  it('carries its deadline in the time of the edge, and resolves with the answer', async () => {
    const answer = ask();
    expect(sent).toEqual([
      { t: 'req', id: 'b-1', verb: 'upload.end', args: { upload: 'u1' }, deadline: 1_060_000 },
    ]);
    asker.answered('b-1', { ok: true, result: { ok: true } });
    expect(await answer).toEqual({ ok: true });
    // A late or repeated answer finds nobody.
    asker.answered('b-1', { ok: true, result: { ok: false } });
  });

  it.each<[string, string, () => void]>([
    [
      'its own words',
      'NOT_FOUND',
      () => asker.answered('b-1', { ok: false, error: { code: 'NOT_FOUND', message: 'no' } }),
    ],
    ['an answer that fits no schema', 'INTERNAL', () => asker.answered('b-1', { ok: true, result: 'yes' })],
    ['a broken tunnel', 'OFFLINE', () => asker.broken()],
    ['no answer in time', 'DEADLINE', () => void vi.advanceTimersByTime(60_000)],
  ])('ends with %s: %s', async (_, code, happen) => {
    const answer = ask();
    happen();
    await expect(answer).rejects.toMatchObject({ code });
  });

  it('can be given up, which the edge is told', async () => {
    const giveUp = new AbortController();
    const answer = ask(giveUp.signal);
    giveUp.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(sent.at(-1)).toEqual({ t: 'cancel', id: 'b-1' });
    await expect(ask(giveUp.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(ids()).toHaveLength(1);
  });

  it('is refused at once without a tunnel, and beyond what may be open', async () => {
    online = false;
    await expect(ask()).rejects.toMatchObject({ code: 'OFFLINE' });
    online = true;
    const open = Array.from({ length: MAX_IN_FLIGHT }, () => ask());
    await expect(ask()).rejects.toMatchObject({ code: 'OVERLOADED' });
    for (const id of ids()) asker.answered(id, { ok: true, result: { ok: true } });
    expect(await Promise.all(open)).toHaveLength(MAX_IN_FLIGHT);
  });
});
