import { describe, expect, it } from 'vitest';
import type { Slot } from './model';
import { bridgesOf, countByStatus, matchesFilter } from './slot-filter';

const NONE = {
  battery: null,
  temperature: null,
  signal: null,
  cpu: null,
  ram: null,
  storage: null,
  latency_ms: null,
  at: null,
  age_sec: null,
  why: {},
};
const slot = (change: Partial<Slot>): Slot => ({
  id: 44,
  status: 'ONLINE',
  device: 'Redmi 9',
  label: 'Shelf 2, left',
  user: { id: 'u1', username: 'op12', name: 'Olga Operator' },
  trunk: 'gsm-1',
  last_activity: null,
  metrics: NONE,
  bridge: { id: 'b1', name: 'Minsk' },
  serial: 'R58M1234',
  usb: '1-1.2',
  remedy: null,
  idle_since: null,
  holder: null,
  call_id: null,
  ...change,
});
const ALL = { search: '', status: 'all', bridge: '' } as const;

describe('filter of the wall', () => {
  it.each([
    ['shelf', true],
    ['#44', true],
    ['OLGA left', true],
    ['r58m', true],
    ['minsk gsm', true],
    ['shelf right', false],
    ['   ', true],
  ])('finds %j: %j', (search, found) => {
    expect(matchesFilter(slot({}), { ...ALL, search })).toBe(found);
  });

  it('keeps to the status and the bridge', () => {
    expect(matchesFilter(slot({}), { ...ALL, status: 'BUSY' })).toBe(false);
    expect(matchesFilter(slot({}), { ...ALL, status: 'ONLINE', bridge: 'b1' })).toBe(true);
    expect(matchesFilter(slot({}), { ...ALL, bridge: 'b2' })).toBe(false);
  });
});

it('counts by status and names each bridge once', () => {
  const slots = [
    slot({ id: 1 }),
    slot({ id: 2, status: 'BUSY', bridge: { id: 'b2', name: 'Brest' } }),
    slot({ id: 3 }),
  ];
  expect(countByStatus(slots)).toMatchObject({ ONLINE: 2, BUSY: 1, OFFLINE: 0 });
  expect(bridgesOf(slots).map(({ name }) => name)).toEqual(['Brest', 'Minsk']);
});
