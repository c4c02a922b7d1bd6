import { describe, expect, it } from 'vitest';
import { androidId, readOptions, UsageError } from './options.ts';

describe('the options of sim:phone', () => {
  it('act as the demo’s op12 by default and say that it is a simulator', () => {
    expect(readOptions([])).toMatchObject({
      url: 'http://127.0.0.1:8787',
      signIn: { by: 'password', username: 'op12', password: 'demo-op12' },
      generation: 'new',
      deviceName: 'Simulator: phone of op12',
      answer: 'connected',
    });
  });

  it('take a QR code instead of a password', () => {
    expect(readOptions(['--qr', 'abc']).signIn).toEqual({ by: 'qr', token: 'abc' });
  });

  it('know the password of a demo user named with a tenant', () => {
    expect(readOptions(['--user', 'admin@0101']).signIn).toMatchObject({ password: 'demo-admin' });
  });

  it('keep a device id of 16 hex digits for the same user and name', () => {
    const { deviceId } = readOptions(['--user', 'op13']);
    expect(deviceId).toMatch(/^[0-9a-f]{16}$/);
    expect(readOptions(['--user', 'op13']).deviceId).toBe(deviceId);
    expect(androidId('a')).not.toBe(androidId('b'));
  });

  it.each([
    ['--answer', 'maybe'],
    ['--generation', 'next'],
    ['--url', 'ftp://example.test'],
    ['--ring-ms', '-1'],
    ['--unheard-of', '1'],
  ])('refuse %s %s with a sentence', (option, value) => {
    expect(() => readOptions([`${option}=${value}`])).toThrow(UsageError);
  });
});
