import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  next,
  REBOOT_LEAVES_WITHIN_MS,
  REBOOT_WITHIN_MS,
  RESTART_WITHIN_MS,
  shown,
  START,
  type Change,
  type Condition,
} from './machine.ts';

const run = (...changes: Change[]): Condition => changes.reduce(next, START);
const status = (...changes: Change[]): string => shown(run(...changes)).status;

const ready: Change = { is: 'link', link: 'ready' };
const absent: Change = { is: 'link', link: 'absent' };
const booting: Change = { is: 'link', link: 'booting' };
const reboot: Change = { is: 'began', what: 'rebooting', at: 0 };

describe('the status of a slot', () => {
  it('is OFFLINE with a remedy until ADB lists the phone, then ONLINE', () => {
    expect(shown(START)).toEqual({ status: 'OFFLINE', remedy: expect.stringContaining('cable') });
    expect(shown(run(ready))).toEqual({ status: 'ONLINE', remedy: null });
    expect(status(ready, { is: 'link', link: 'offline' })).toBe('OFFLINE');
  });

  it('is BUSY only while the phone can be reached', () => {
    expect(status(ready, { is: 'busy', busy: true })).toBe('BUSY');
    expect(status(ready, { is: 'busy', busy: true }, absent)).toBe('OFFLINE');
  });

  it('says what to do where something is to be done', () => {
    expect(shown(run({ is: 'link', link: 'unauthorized' }))).toEqual({
      status: 'UNAUTHORIZED',
      remedy: expect.stringContaining('allow USB debugging'),
    });
    expect(shown(run({ is: 'link', link: 'no_permission' })).remedy).toContain('udev');
    expect(shown(run({ is: 'link', link: 'failed', reason: 'because' }))).toEqual({
      status: 'ERROR',
      remedy: 'because',
    });
    expect(shown(run({ is: 'link', link: 'absent', reason: 'no server' })).remedy).toBe('no server');
  });

  it('stays UNAUTHORIZED while ADB asks again', () => {
    const unauthorized: Change = { is: 'link', link: 'unauthorized' };
    const authorizing: Change = { is: 'link', link: 'authorizing' };
    expect(status(unauthorized, authorizing)).toBe('UNAUTHORIZED');
    expect(status(unauthorized, authorizing, ready)).toBe('ONLINE');
    expect(status(authorizing)).toBe('OFFLINE');
  });

  it('follows a reboot until Android is up', () => {
    expect(status(ready, reboot)).toBe('REBOOTING');
    expect(status(ready, reboot, absent)).toBe('REBOOTING');
    expect(status(ready, reboot, absent, booting)).toBe('REBOOTING');
    expect(status(ready, reboot, absent, booting, ready)).toBe('ONLINE');
    expect(status(ready, reboot, { is: 'left' }, ready)).toBe('ONLINE');
  });

  it('does not take the same start of the phone for a reboot', () => {
    expect(status(ready, reboot, ready)).toBe('REBOOTING');
    expect(status(ready, reboot, { is: 'tick', at: REBOOT_LEAVES_WITHIN_MS - 1 })).toBe('REBOOTING');
    expect(status(ready, reboot, { is: 'tick', at: REBOOT_LEAVES_WITHIN_MS })).toBe('ONLINE');
  });

  it('shows the truth when a phone does not come back, or comes back asking', () => {
    expect(status(ready, reboot, absent, { is: 'tick', at: REBOOT_WITHIN_MS - 1 })).toBe('REBOOTING');
    expect(status(ready, reboot, absent, { is: 'tick', at: REBOOT_WITHIN_MS })).toBe('OFFLINE');
    expect(status(ready, reboot, absent, { is: 'link', link: 'unauthorized' })).toBe('UNAUTHORIZED');
    expect(status(ready, reboot, { is: 'over' })).toBe('ONLINE');
  });

  it('shows a restart until it is over, and not for ever', () => {
    const restart: Change = { is: 'began', what: 'restarting', at: 0 };
    expect(status(ready, restart, absent)).toBe('RESTARTING');
    expect(status(ready, restart, absent, ready)).toBe('RESTARTING');
    expect(status(ready, restart, absent, ready, { is: 'over' })).toBe('ONLINE');
    expect(status(ready, restart, absent, { is: 'tick', at: RESTART_WITHIN_MS })).toBe('OFFLINE');
  });

  it('a phone that starts by itself is REBOOTING', () => {
    expect(status(booting)).toBe('REBOOTING');
  });

  it('is never online without the phone, whatever happened before', () => {
    const change: fc.Arbitrary<Change> = fc.oneof(
      fc
        .constantFrom('absent', 'offline', 'unauthorized', 'booting', 'ready', 'failed')
        .map((link): Change => ({ is: 'link', link: link as 'absent' })),
      fc
        .constantFrom('restarting', 'rebooting')
        .chain((what) => fc.nat(1_000).map((at): Change => ({ is: 'began', what: what as 'rebooting', at }))),
      fc.constantFrom<Change>({ is: 'over' }, { is: 'left' }),
      fc.boolean().map((busy): Change => ({ is: 'busy', busy })),
      fc.nat(2_000_000).map((at): Change => ({ is: 'tick', at })),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const end = run(...changes);
        const { status } = shown(end);
        if (status === 'ONLINE' || status === 'BUSY') expect(end.link).toBe('ready');
        // Whatever went on, it ends: late enough, nothing is shown but the phone itself.
        const late = next(end, { is: 'tick', at: 10_000_000 });
        expect(late.phase).toBeNull();
        expect(shown(next(late, ready)).status).toBe(end.busy ? 'BUSY' : 'ONLINE');
      }),
    );
  });
});
