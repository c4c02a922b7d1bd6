import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PBX_EVENTS } from '../contract';
import { pbxEventKey, readPbxEvent } from './fields';
import { callEnd, hostOffset } from './clock';

describe('readPbxEvent', () => {
  it('takes text for numbers, numbers for text, any key case and order', () => {
    const strict = {
      UniqueId: '1760000000.5',
      Phone: '375290000000',
      Extensions: ['101'],
      CallType: 1,
      Trunk: '2',
    };
    const loose = {
      trunk: 2,
      CALLTYPE: '1',
      extensions: 'SIP/101',
      phone: '+375 29 000-00-00',
      uniqueid: '1760000000.5',
    };
    expect(readPbxEvent('dial', loose, 7)).toEqual(readPbxEvent('dial', strict, 7));
    expect(readPbxEvent('dial', { ...strict, Extensions: '101&102' }, 7)).toMatchObject({
      exts: ['101', '102'],
    });
  });

  it('ignores a trunk that calls itself and what it can’t join to anything', () => {
    expect(readPbxEvent('start', { UniqueId: '1.1', Phone: '0001001', CallType: 0 }, 0)).toBeNull();
    expect(readPbxEvent('hangup', { Phone: '101', CallType: 2 }, 0)).toBeNull();
    expect(readPbxEvent('bridge_create', { BridgeUniqueid: 'b' }, 0)).toBeNull();
    expect(readPbxEvent('reboot', { UniqueId: '1.1' }, 0)).toBeNull();
  });

  it('never throws, whatever the body', () => {
    const body = fc.dictionary(
      fc.constantFrom(
        'UniqueId',
        'Phone',
        'Extensions',
        'CallType',
        'CallStatus',
        'StartTime',
        'EndTime',
        'BridgeUniqueid',
      ),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...PBX_EVENTS), body, (event, given) => {
        expect(() => readPbxEvent(event, given, 0)).not.toThrow();
      }),
    );
  });

  it('knows the same event again, whatever its token and the order of its keys', () => {
    const key = pbxEventKey('hangup', { Token: 'a', UniqueId: '1.1', Phone: '2' });
    expect(pbxEventKey('hangup', { Phone: '2', UniqueId: '1.1', Token: 'b' })).toBe(key);
    expect(pbxEventKey('dial', { UniqueId: '1.1', Phone: '2' })).not.toBe(key);
    expect(pbxEventKey('hangup', { UniqueId: '1.1', Phone: '3' })).not.toBe(key);
  });
});

describe('the host’s clock', () => {
  const hangup = (times: Record<string, string>) => {
    const body = { UniqueId: '1760000000.5', Phone: '375290000000', CallType: 0, CallStatus: '2', ...times };
    const fact = readPbxEvent('hangup', body, 1_760_000_080_000);
    if (fact?.k !== 'hangup') throw new Error('not read');
    return fact;
  };
  // 1760000000 is 2025-10-09 08:53:20 UTC.
  it.each([
    ['2025-10-09 11:53:20', 180],
    ['2025-10-09 08:53:23', 0],
    ['2025-10-09 14:38:20', 345],
    ['2025-10-08 22:53:20', -600],
  ])('%s is %i minutes off UTC', (started, minutes) => {
    expect(hostOffset(hangup({ StartTime: started }))).toBe(minutes * 60_000);
  });

  it('gives the end in UTC, or the arrival when the host can’t be right', () => {
    expect(
      callEnd(
        hangup({ StartTime: '2025-10-09 11:53:20', EndTime: '2025-10-09 11:54:30' }),
        1_760_000_000_000,
      ),
    ).toBe(1_760_000_070_000);
    for (const times of [
      { StartTime: '2025-10-09 11:53:20', EndTime: '2025-13-40 11:54:30' },
      { StartTime: '', EndTime: '2025-10-09 11:54:30' },
      { StartTime: '2025-10-09 11:53:20', EndTime: '2025-10-09 18:54:30' },
      { StartTime: '2025-10-09 11:53:20', EndTime: '2025-10-09 11:50:00' },
    ]) {
      expect(callEnd(hangup(times), 1_760_000_000_000), JSON.stringify(times)).toBe(1_760_000_080_000);
    }
  });
});
