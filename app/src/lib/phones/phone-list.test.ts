import { describe, expect, it } from 'vitest';
import type { Phone } from './model';
import { inOrder, matchesFilter, peopleOf, shownName } from './phone-list';

const phone = (change: Partial<Phone>): Phone => ({
  id: 'p1',
  device_id: '00aa11bb22cc33dd',
  name: 'Pixel',
  user: { id: 'u1', username: 'op12', display_name: 'Ольга' },
  simulator: false,
  state: 'recent',
  last_seen_at: '2026-11-15T10:00:00.000Z',
  app_version: '2.4.1',
  last_poll_code: 204,
  last_poll_at: null,
  encryption_enabled: true,
  queue_stuck: false,
  stuck_count: 0,
  oldest_stuck_age_sec: null,
  stuck_by_type: {},
  alerts: [],
  push: false,
  pending_commands: 0,
  registered_at: '2026-11-01T10:00:00.000Z',
  ...change,
});
const all = { search: '', state: 'all', user: '' } as const;

describe('matchesFilter', () => {
  it('finds every word somewhere, whatever its case', () => {
    expect(matchesFilter(phone({}), { ...all, search: ' ольга PIX ' })).toBe(true);
    expect(matchesFilter(phone({}), { ...all, search: '2.4 00AA11' })).toBe(true);
    expect(matchesFilter(phone({}), { ...all, search: 'ольга nokia' })).toBe(false);
  });

  it('narrows by state, stuck queue and user', () => {
    expect(matchesFilter(phone({}), { ...all, state: 'asleep' })).toBe(false);
    expect(matchesFilter(phone({ queue_stuck: true }), { ...all, state: 'stuck' })).toBe(true);
    expect(matchesFilter(phone({}), { ...all, user: 'u2' })).toBe(false);
  });
});

describe('inOrder', () => {
  it('puts stuck phones first, then the ones that can ring', () => {
    const list = [
      phone({ id: 'never', state: 'never', last_seen_at: null }),
      phone({ id: 'old', last_seen_at: '2026-11-15T09:00:00.000Z' }),
      phone({ id: 'polling', state: 'polling' }),
      phone({ id: 'new' }),
      phone({ id: 'stuck', state: 'asleep', queue_stuck: true }),
    ];
    expect(inOrder(list, 'urgency').map(({ id }) => id)).toEqual(['stuck', 'polling', 'new', 'old', 'never']);
  });
});

describe('shownName', () => {
  it('says once that a phone is a simulator, and always says something', () => {
    expect(shownName(phone({ simulator: true, name: 'Simulator: demo phone' }))).toBe('demo phone');
    expect(shownName(phone({ name: 'Simulator: not one' }))).toBe('Simulator: not one');
    expect(shownName(phone({ name: '' }))).toBe('00aa11bb22cc33dd');
  });
});

describe('peopleOf', () => {
  it('names everybody once, by name', () => {
    const a = { id: '1', username: 'b', display_name: '' };
    const b = { id: '2', username: 'z', display_name: 'Anna' };
    expect(peopleOf([a, b, a])).toEqual([b, a]);
  });
});
