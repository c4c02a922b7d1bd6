import { describe, expect, it } from 'vitest';
import { countsOf, deviceOf, queuesOf, shownOf, toldOf, updated } from './board';
import type { Board, BoardRow } from './model';

const standing = { connected: true, paused: false, priority: 0, reason: null };
const row = (id: string, more: Partial<BoardRow> = {}): BoardRow => ({
  yandex_uuid: id,
  user_id: null,
  login: id,
  full_name: id,
  extension: null,
  in_telephony: true,
  state: 'off',
  reason: null,
  since: null,
  cause: null,
  actor: null,
  missed: 0,
  drift: false,
  queues: [],
  ...more,
});
const board = (...operators: BoardRow[]): Board => ({ operators, actors: { u1: 'Boss' } });

describe('an update', () => {
  const told = (change: Partial<BoardRow>) => ({ ...row('olga', change), removed: false });

  it('changes what it tells and leaves the rest', () => {
    const before = board(row('oleg'), row('olga', { login: 'op12' }));
    const { board: after, reload } = updated(before, told({ login: 'not told', state: 'line', actor: 'u1' }));
    expect(after.operators).toEqual([
      row('oleg'),
      row('olga', { login: 'op12', state: 'line', actor: 'u1' }),
    ]);
    expect(reload).toBe(false);
  });

  it('of somebody new, or by somebody whose name is not known, is a reason to ask', () => {
    expect(updated(board(), told({})).reload).toBe(true);
    expect(updated(board(row('olga')), told({ actor: 'u2' })).reload).toBe(true);
    // By themselves.
    expect(updated(board(row('olga')), told({ actor: 'u2', user_id: 'u2' })).reload).toBe(false);
  });

  it('takes away who was deleted', () => {
    expect(updated(board(row('olga')), { ...told({}), removed: true }).board.operators).toEqual([]);
  });

  it('is read, and nothing else is', () => {
    expect(toldOf(told({}))).not.toBeNull();
    for (const other of [null, 'x', {}, { yandex_uuid: 'a' }, { queue: 'support', members: [] }])
      expect(toldOf(other)).toBeNull();
  });
});

describe('the rows', () => {
  const rows = [
    row('b', {
      full_name: 'Boris',
      state: 'line',
      queues: [{ queue: 'sales', desired: null, seen: null, drift: false }],
    }),
    row('a', { full_name: 'Anna', state: 'line', extension: '7001', drift: true }),
    row('c', { full_name: 'Clara', state: 'paused' }),
    row('d', { full_name: 'Dmitry' }),
  ];
  const shown = (wanted: Partial<Parameters<typeof shownOf>[1]>) =>
    shownOf(rows, { filter: 'all', queue: '', search: '', ...wanted }).map(({ yandex_uuid }) => yandex_uuid);

  it('come with who is paused first, and by name', () => {
    expect(shown({})).toEqual(['c', 'a', 'b', 'd']);
  });

  it('are found by state, drift, queue, name and extension', () => {
    expect(shown({ filter: 'line' })).toEqual(['a', 'b']);
    expect(shown({ filter: 'drift' })).toEqual(['a']);
    expect(shown({ queue: 'sales' })).toEqual(['b']);
    expect(shown({ search: ' 700' })).toEqual(['a']);
    expect(shown({ search: 'CLA' })).toEqual(['c']);
    expect(queuesOf(rows)).toEqual(['sales']);
    expect(countsOf(rows)).toEqual({ all: 4, line: 2, paused: 1, off: 1, drift: 1 });
  });

  it('say of a phone what was told last of it', () => {
    const queue = (name: string, device: string, at: string) => ({
      queue: name,
      desired: null,
      seen: { ...standing, device, at },
      drift: false,
    });
    const one = row('x', {
      queues: [queue('a', 'Ringing', '2026-01-02'), queue('b', 'In use', '2026-01-03')],
    });
    expect(deviceOf(one)).toBe('In use');
    expect(deviceOf(row('y'))).toBeNull();
  });
});
