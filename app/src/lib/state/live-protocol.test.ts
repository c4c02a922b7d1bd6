import { describe, expect, it } from 'vitest';
import { parseMessage, step, type LiveMessage, type Position } from './live-protocol';

const at = (offset: number): Position => ({ epoch: 'e1', offset });
const event = (offset: number): Extract<LiveMessage, { type: 'event' }> => ({
  type: 'event',
  offset,
  prev: offset - 1,
  event: 'call.update',
  data: { n: offset },
});

describe('parseMessage', () => {
  it('reads every kind and refuses the rest', () => {
    expect(parseMessage('{"type":"hello","epoch":"a","offset":3}')).toEqual({
      type: 'hello',
      epoch: 'a',
      offset: 3,
    });
    expect(parseMessage('{"type":"hello","epoch":17,"offset":3}')).toEqual({
      type: 'hello',
      epoch: '17',
      offset: 3,
    });
    expect(
      parseMessage('{"type":"event","offset":9,"prev":5,"event":"call.update","data":{}}'),
    ).toMatchObject({ prev: 5 });
    expect(parseMessage('{"type":"head","offset":9,"last":5}')).toEqual({ type: 'head', offset: 9, last: 5 });
    expect(parseMessage('{"type":"bye","code":4503,"temporary":true,"reason":"restart"}')).toEqual({
      type: 'bye',
      temporary: true,
      reason: 'restart',
    });
    expect(parseMessage('{"type":"inbox","changes":[{"prev":3}]}')).toEqual({
      type: 'inbox',
      changes: [{ prev: 3 }],
    });
    for (const bad of [
      '',
      '{"type":"inbox"}',
      'null',
      '[]',
      '{"type":"event","offset":"1","event":"x"}',
      '{"type":"head","offset":1.5}',
    ])
      expect(parseMessage(bad), bad).toBeNull();
    expect(parseMessage(new ArrayBuffer(2))).toBeNull();
  });
});

describe('step', () => {
  it('fetches the whole state first, and again when the feed began anew', () => {
    expect(step(null, { type: 'hello', epoch: 'e1', offset: 9 })).toEqual({
      known: at(9),
      effects: [{ do: 'reload' }],
    });
    expect(step(at(9), { type: 'hello', epoch: 'e2', offset: 1 }).effects).toEqual([{ do: 'reload' }]);
  });

  it('keeps its place when the same feed greets again, so that missed events can follow', () => {
    expect(step(at(4), { type: 'hello', epoch: 'e1', offset: 7 })).toEqual({ known: at(4), effects: [] });
    expect(step(at(4), event(5))).toEqual({
      known: at(5),
      effects: [{ do: 'deliver', event: 'call.update', data: { n: 5 } }],
    });
  });

  it('drops what it has seen', () => {
    expect(step(at(5), event(5))).toEqual({ known: at(5), effects: [] });
    expect(step(at(5), event(2))).toEqual({ known: at(5), effects: [] });
  });

  it('never shows an event beyond a hole', () => {
    expect(step(at(5), event(7))).toEqual({ known: at(5), effects: [{ do: 'resume' }] });
    expect(step(at(5), { type: 'head', offset: 6, last: 6 }).effects).toEqual([{ do: 'resume' }]);
    expect(step(at(5), { type: 'head', offset: 5, last: 5 }).effects).toEqual([]);
  });

  it("passes over other people's calls", () => {
    const mine: LiveMessage = { ...event(9), prev: 5 };
    expect(step(at(5), mine)).toMatchObject({ known: at(9), effects: [{ do: 'deliver' }] });
    expect(step(at(4), mine).effects).toEqual([{ do: 'resume' }]);
    expect(step(at(5), { type: 'head', offset: 9, last: 5 })).toEqual({ known: at(9), effects: [] });
    expect(step(at(5), { type: 'head', offset: 9, last: 6 }).effects).toEqual([{ do: 'resume' }]);
  });

  it('hands on what changed in the inbox at once and keeps its place in the feed', () => {
    const changes = [
      { prev: 3, rev: 5 },
      { prev: 3, rev: 5 },
    ];
    expect(step(at(5), { type: 'inbox', changes })).toEqual({
      known: at(5),
      effects: [{ do: 'deliver', event: 'inbox.changes', data: changes }],
    });
    expect(step(null, { type: 'inbox', changes })).toMatchObject({
      known: null,
      effects: [{ do: 'deliver' }],
    });
  });

  it('tells the end of a session from the end of a socket', () => {
    const bye = (reason: string, temporary: boolean) =>
      step(at(1), { type: 'bye', temporary, reason }).effects;
    expect(bye('session_ended', false)).toEqual([{ do: 'close', then: 'sign_in' }]);
    expect(bye('restart', true)).toEqual([{ do: 'close', then: 'later' }]);
    expect(bye('too_many', false)).toEqual([{ do: 'close', then: 'stay' }]);
    expect(step(at(1), { type: 'reload' })).toEqual({ known: null, effects: [{ do: 'reload' }] });
  });

  it('delivers each offset once and in order, whatever is repeated or lost on the way', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      let state: Position | null = at(0);
      const seen: number[] = [];
      let random = seed;
      const next = (n: number) => (random = (random * 48271) % 2147483647) % n;
      let sent = 0;
      while (sent < 30) {
        // A resend starts anywhere at or before what the client has plus one, as the server would after a resume.
        const from = Math.max(1, (state?.offset ?? 0) + 1 - next(3));
        for (let offset = from; offset < from + 1 + next(4); offset += 1) {
          if (next(5) === 0) continue;
          const result = step(state, event(offset));
          state = result.known;
          for (const effect of result.effects)
            if (effect.do === 'deliver') seen.push((effect.data as { n: number }).n);
        }
        sent += 1;
      }
      expect(seen).toEqual(seen.map((_, index) => index + 1));
      expect(state?.offset).toBe(seen.length);
    }
  });
});
