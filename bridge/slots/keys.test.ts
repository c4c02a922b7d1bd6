import { describe, expect, it } from 'vitest';
import { SlotKey } from '../protocol/parts.ts';
import { chooseKey, usableSerial, type KnownPlace, type LivePhone } from './keys.ts';

const live = (place: string, serial: string | null, key: string, bootId: string | null): LivePhone => ({
  place,
  serial,
  key,
  bootId,
});

describe('usableSerial', () => {
  it.each([
    '',
    '  ',
    'unknown',
    '0123456789ABCDEF',
    '000000000000',
    '????????????',
    '1234567890',
    'bad serial',
  ])('takes %j for none', (text) => expect(usableSerial(text)).toBeNull());

  it('keeps a real one, without the line end', () => {
    expect(usableSerial('R58M123ABCD\r\n')).toBe('R58M123ABCD');
  });
});

describe('chooseKey', () => {
  it('is the serial, whatever port the phone is in', () => {
    const known: KnownPlace[] = [{ place: 'usb:1-1.2', serial: 'R58M1', key: 'R58M1' }];
    expect(chooseKey({ serial: 'R58M1', place: 'usb:1-1.3', bootId: 'b' }, [], known)).toBe('R58M1');
  });

  it('is the port for a phone without a serial', () => {
    const key = chooseKey({ serial: null, place: 'usb:1-1.2', bootId: 'b' }, [], []);
    expect(key).toBe('usb:1-1.2');
    expect(SlotKey.safeParse(key).success).toBe(true);
  });

  it('knows one phone over USB and network by its boot id', () => {
    const usb = live('usb:1-1.2', 'R58M1', 'R58M1', 'boot-1');
    expect(chooseKey({ serial: 'R58M1', place: '192.0.2.7:5555', bootId: 'boot-1' }, [usb], [])).toBe(
      'R58M1',
    );
    expect(chooseKey({ serial: 'R58M1', place: '192.0.2.7:5555', bootId: 'boot-2' }, [usb], [])).toBe(
      'R58M1.192.0.2.7:5555',
    );
  });

  it('keeps two phones of one serial apart, in whatever order they come back', () => {
    const first = live('usb:1-1.1', 'DUP', 'DUP', 'boot-1');
    const second = chooseKey({ serial: 'DUP', place: 'usb:1-1.2', bootId: 'boot-2' }, [first], []);
    expect(second).toBe('DUP.usb:1-1.2');
    const known: KnownPlace[] = [
      { place: 'usb:1-1.1', serial: 'DUP', key: 'DUP' },
      { place: 'usb:1-1.2', serial: 'DUP', key: second },
    ];
    expect(chooseKey({ serial: 'DUP', place: 'usb:1-1.2', bootId: 'boot-4' }, [], known)).toBe(second);
    expect(chooseKey({ serial: 'DUP', place: 'usb:1-1.1', bootId: 'boot-3' }, [], known)).toBe('DUP');
    // Once a serial is known to be had by several, a new port is a new phone.
    expect(chooseKey({ serial: 'DUP', place: 'usb:1-1.4', bootId: 'boot-5' }, [], known)).toBe(
      'DUP.usb:1-1.4',
    );
  });

  it('never gives a key that another live phone has', () => {
    const known: KnownPlace[] = [{ place: 'usb:1-1.1', serial: 'S', key: 'S' }];
    const moved = live('usb:1-1.2', 'S', 'S', 'boot-1');
    expect(chooseKey({ serial: 'S', place: 'usb:1-1.1', bootId: 'boot-2' }, [moved], known)).toBe(
      'S.usb:1-1.1',
    );
  });
});
