import { describe, expect, it } from 'vitest';
import type { Call } from '#lib/api/model.js';
import { isCall, matches, moments, newestFirst, reachedMe, shownSeconds, summarise } from './call';

const call = (over: Partial<Call> = {}): Call => ({
  call_id: 'c_1',
  source: 'phone',
  direction: 'out',
  number: '+375290000000',
  user: { id: 'u1', username: 'op12', name: 'Operator 12' },
  extension: null,
  status: 'ended',
  outcome: 'answered',
  start_time: '2026-03-01T10:00:00Z',
  answer_time: '2026-03-01T10:00:10Z',
  end_time: '2026-03-01T10:01:10Z',
  duration: 60,
  device: null,
  slot: null,
  trunk: null,
  contact_id: null,
  company_id: null,
  note_count: 0,
  recording_count: 0,
  ...over,
});

describe('calls', () => {
  it('takes only what looks like a call', () => {
    expect(isCall(call())).toBe(true);
    for (const bad of [null, {}, { ...call(), status: 'gone' }, { ...call(), call_id: 1 }])
      expect(isCall(bad)).toBe(false);
  });

  it('orders newest first, by id within one second', () => {
    const list = [
      call({ call_id: 'c_1' }),
      call({ call_id: 'c_3' }),
      call({ call_id: 'c_2', start_time: '2026-03-02T00:00:00Z' }),
    ];
    expect(list.sort(newestFirst).map((one) => one.call_id)).toEqual(['c_2', 'c_3', 'c_1']);
  });

  it('notices a caller who has just come through to me', () => {
    const ringing = call({ direction: 'in', status: 'ringing', outcome: null, user: null });
    const mine = call({ direction: 'in', status: 'connected', outcome: null });
    expect(reachedMe(mine, ringing, 'u1')).toBe(true);
    expect(reachedMe(mine, undefined, 'u1')).toBe(true);
    expect(reachedMe(mine, mine, 'u1')).toBe(false);
    expect(reachedMe(mine, ringing, 'u2')).toBe(false);
    expect(reachedMe(ringing, undefined, undefined)).toBe(false);
    expect(reachedMe(call({ direction: 'in' }), ringing, 'u1')).toBe(false);
    expect(reachedMe(call({ status: 'ringing', outcome: null }), undefined, 'u1')).toBe(false);
  });

  it('filters by what became of them', () => {
    const ringing = call({ status: 'ringing', outcome: null });
    const busy = call({ outcome: 'busy' });
    expect([ringing, busy, call()].map((one) => matches(one, 'live'))).toEqual([true, false, false]);
    expect([ringing, busy, call()].map((one) => matches(one, 'missed'))).toEqual([false, true, false]);
    expect([ringing, busy, call()].map((one) => matches(one, 'answered'))).toEqual([false, false, true]);
  });

  it('counts waiting, then talk, then what the server says', () => {
    const now = Date.parse('2026-03-01T10:00:30Z');
    expect(shownSeconds(call({ status: 'ringing', answer_time: null }), now)).toBe(30);
    expect(shownSeconds(call({ status: 'connected' }), now)).toBe(20);
    expect(shownSeconds(call(), now)).toBe(60);
    expect(
      shownSeconds(call({ status: 'ringing', start_time: '2026-03-01T10:09:00Z', answer_time: null }), now),
    ).toBe(0);
  });

  it('lists the moments it knows', () => {
    expect(moments(call({ answer_time: null })).map((one) => one.kind)).toEqual(['start', 'end']);
  });

  it('sums up a day of one user', () => {
    const list = [
      call(),
      call({ call_id: 'c_2', outcome: 'busy', duration: 0 }),
      call({ call_id: 'c_3', status: 'ringing', outcome: null, duration: null }),
      call({ call_id: 'c_4', user: null }),
      call({ call_id: 'c_5', start_time: '2026-02-28T10:00:00Z' }),
    ];
    expect(summarise(list, 'u1', '2026-03-01', (iso) => iso.slice(0, 10))).toEqual({
      total: 3,
      answered: 1,
      missed: 1,
      live: 1,
      talkSeconds: 60,
    });
  });
});
