import { describe, expect, it } from 'vitest';
import { secondsInQueue } from './command-time';
import type { Command } from './model';

const person = { id: 'u1', username: 'op12', display_name: 'Olga' };
const command = (change: Partial<Command>): Command => ({
  id: '6d0e9f1c-8f7e-4a51-9b0e-0a3f4f0a9c11',
  call_id: 'c_1',
  user: person,
  created_by: person,
  phone: '+375290000000',
  company_id: null,
  contact_id: null,
  note: null,
  aimed_at: null,
  delivered_to: null,
  state: 'queued',
  created_at: '2026-11-15T10:00:00.000Z',
  expires_at: '2026-11-15T10:05:00.000Z',
  delivered_at: null,
  redelivered: false,
  ended_at: null,
  cancelled_by: null,
  manual: false,
  result: null,
  ...change,
});
const now = Date.parse('2026-11-15T10:00:42.000Z');

describe('secondsInQueue', () => {
  it('runs while the command waits and stops when it is taken', () => {
    expect(secondsInQueue(command({}), now)).toBe(42);
    expect(secondsInQueue(command({ state: 'result', delivered_at: '2026-11-15T10:00:03.500Z' }), now)).toBe(
      3.5,
    );
  });

  it('ends with a cancelled or expired command', () => {
    expect(secondsInQueue(command({ state: 'cancelled', ended_at: '2026-11-15T10:00:10.000Z' }), now)).toBe(
      10,
    );
    expect(secondsInQueue(command({ state: 'expired' }), now)).toBe(300);
  });

  it('is nothing for a call the phone made by itself, and never negative', () => {
    expect(secondsInQueue(command({ manual: true, state: 'result' }), now)).toBeNull();
    expect(secondsInQueue(command({ created_at: '2026-11-15T10:01:00.000Z' }), now)).toBe(0);
  });
});
