import { describe, expect, it } from 'vitest';
import { configFor, enrolmentOf } from './enrolment';

const EXPIRES = 1_000;

describe('enrolmentOf', () => {
  it('waits until the code ends', () => {
    const bridge = { enrolled_at: null, state: 'new' } as const;
    expect(enrolmentOf(bridge, null, EXPIRES, 999)).toBe('waiting');
    expect(enrolmentOf(bridge, null, EXPIRES, 1_000)).toBe('expired');
  });

  it('tells a key that is registered from a tunnel that is up', () => {
    const at = '2026-03-01T10:00:00.000Z';
    expect(enrolmentOf({ enrolled_at: at, state: 'offline' }, null, EXPIRES, 0)).toBe('enrolled');
    expect(enrolmentOf({ enrolled_at: at, state: 'online' }, null, EXPIRES, 2_000)).toBe('connected');
  });

  it('is not deceived by the key that was there before', () => {
    const before = '2026-02-01T10:00:00.000Z';
    expect(enrolmentOf({ enrolled_at: before, state: 'online' }, before, EXPIRES, 0)).toBe('waiting');
    expect(enrolmentOf({ enrolled_at: before, state: 'online' }, before, EXPIRES, 1_000)).toBe('expired');
  });
});

describe('configFor', () => {
  it('puts the address of this deployment in', () => {
    const example = '# comment\nedge = "https://calls.example"\nstate_dir = "/x"\n';
    expect(configFor(example, 'https://mine.example')).toBe(
      '# comment\nedge = "https://mine.example"\nstate_dir = "/x"\n',
    );
  });
});
