import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseEndpoints } from './parsers/endpoints.ts';
import { parseRegistrations } from './parsers/registrations.ts';
import { failedOverTrunk, trunkState } from './trunks.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'parsers/fixtures', name), 'utf8');
const endpoints = parseEndpoints(fixture('endpoints.txt'));
const registrations = parseRegistrations(fixture('registrations.txt'));
const state = (name: string, registers = true) => trunkState({ name, registers }, endpoints, registrations);

describe('the state of a trunk', () => {
  it('is what Asterisk says of it', () => {
    expect(state('trunk-main')).toEqual({
      state: 'OK',
      reason: null,
      registration: 'Registered',
      endpoint: 'Not in use',
    });
    // Its endpoint looks fine.
    expect(state('trunk-denied')).toMatchObject({
      state: 'DOWN',
      registration: 'Rejected',
      endpoint: 'Not in use',
    });
    expect(state('trunk-dead')).toMatchObject({ state: 'DOWN', endpoint: 'Unavailable' });
    expect(state('trunk-none')).toMatchObject({
      state: 'DOWN',
      endpoint: null,
      reason: expect.stringContaining('no PJSIP endpoint'),
    });
  });

  it('does not ask for a registration of one that has none', () => {
    expect(state('trunk-main', false)).toMatchObject({ state: 'OK', registration: null });
    expect(state('trunk-denied', false)).toMatchObject({
      state: 'WARN',
      reason: expect.stringContaining('qualify'),
    });
    expect(state('trunk-dead', false)).toMatchObject({ state: 'DOWN' });
  });

  it('is never OK with another word than Registered', () => {
    for (const status of ['Unregistered', 'Rejected', 'Stopped', 'Something New']) {
      const other = registrations.map((one) => ({ ...one, status }));
      expect(trunkState({ name: 'trunk-main', registers: true }, endpoints, other).state).not.toBe('OK');
    }
    expect(trunkState({ name: 'trunk-main', registers: true }, endpoints, []).state).toBe('DOWN');
  });

  it('finds a registration of another name by the wizard, or by its address', () => {
    const named = (name: string) => registrations.slice(2).map((one) => ({ ...one, name }));
    for (const name of ['trunk-main-reg-0', 'carrier']) {
      expect(trunkState({ name: 'trunk-main', registers: true }, endpoints, named(name)).state).toBe('OK');
    }
  });

  it('is DOWN when it is registered and its carrier does not answer', () => {
    const silent = endpoints.map((one) => ({ ...one, state: 'Unavailable' }));
    expect(trunkState({ name: 'trunk-main', registers: true }, silent, registrations)).toMatchObject({
      state: 'DOWN',
      registration: 'Registered',
    });
  });
});

describe('a call that ended over a trunk', () => {
  it.each([
    ['ANSWER', true, 16, false],
    ['BUSY', false, 17, false],
    ['CANCEL', true, null, false],
    ['NOANSWER', true, 21, false],
    ['NOANSWER', false, 21, true],
    ['NOANSWER', false, null, false],
    ['CONGESTION', false, null, true],
    ['CHANUNAVAIL', false, null, true],
  ])('%s, rang %s, cause %s: failed %s', (status, rang, cause, failed) => {
    expect(failedOverTrunk(status, rang, cause)).toBe(failed);
  });
});
