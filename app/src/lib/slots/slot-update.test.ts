import { expect, it } from 'vitest';
import type { Slot } from './model';
import { slotIdOf, updated } from './slot-update';

const slot = {
  id: 44,
  status: 'ONLINE',
  device: 'Redmi 9',
  label: null,
  user: null,
  trunk: null,
  last_activity: null,
  metrics: {
    battery: 82,
    temperature: null,
    signal: null,
    cpu: null,
    ram: null,
    storage: null,
    latency_ms: null,
    at: null,
    age_sec: null,
    why: {},
  },
  bridge: { id: 'b1', name: 'Minsk' },
  serial: 'R58M1234',
  usb: '1-1.2',
  remedy: null,
  idle_since: '2026-11-15T10:00:00.000Z',
  holder: null,
  call_id: null,
} satisfies Slot;

const told = {
  slot: 44,
  id: 44,
  status: 'BUSY',
  remedy: null,
  device: 'Redmi 9',
  label: 'Shelf 2',
  user: { id: 'u1', username: 'op12', name: 'Olga Operator' },
  trunk: null,
  call_id: 'c_1',
  holder: { kind: 'call', id: 'c_1', user: null },
  last_activity: '2026-11-15T10:30:00.000Z',
  idle_since: null,
  usb: '1-1.3',
  bridge_id: 'b1',
};

it('takes the state from the feed and keeps the readings and the bridge', () => {
  expect(updated(slot, told)).toMatchObject({
    status: 'BUSY',
    label: 'Shelf 2',
    user: { id: 'u1', username: 'op12', name: 'Olga Operator' },
    call_id: 'c_1',
    holder: { kind: 'call', id: 'c_1', user: null, until: null },
    idle_since: null,
    usb: '1-1.3',
    metrics: { battery: 82 },
    bridge: { name: 'Minsk' },
  });
});

it.each([
  ['another slot', { ...told, slot: 45 }],
  ['a status of a newer server', { ...told, status: 'MELTED' }],
  ['nothing', null],
  ['a text', 'slot 44'],
])('does not understand %s', (_, data) => {
  expect(updated(slot, data)).toBeNull();
});

it('knows whom an event is about', () => {
  expect([slotIdOf(told), slotIdOf({}), slotIdOf(null)]).toEqual([44, null, null]);
});
