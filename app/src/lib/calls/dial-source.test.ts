import { describe, expect, it } from 'vitest';
import { isInternal, readSource, sourceKey, sourceToUse, type Reachable } from './dial-source';

const nothing: Reachable = { devices: [], extension: false, anySlot: false, slots: [] };
const unknown: Reachable = { devices: null, extension: null, anySlot: null, slots: null };

describe('sourceKey and readSource', () => {
  it.each(['phone', 'phone 5d0e9f1c', 'slot AUTO', 'slot 44', 'pbx'])('keeps %s', (key) => {
    const source = readSource(key);
    expect(source && sourceKey(source)).toBe(key);
  });

  it.each([null, '', 'slot', 'slot -1', 'slot 0', 'slot x', 'pbx 1', 'phone a b', 'pigeon'])(
    'does not believe %s',
    (key) => expect(readSource(key)).toBeNull(),
  );
});

describe('sourceToUse', () => {
  it('keeps the choice while it is there', () => {
    expect(sourceToUse({ via: 'slot', slot: 44 }, { ...nothing, slots: [44] })).toEqual({
      via: 'slot',
      slot: 44,
    });
    expect(sourceToUse({ via: 'slot', slot: 44 }, unknown)).toEqual({ via: 'slot', slot: 44 });
  });

  it('falls back to what there is: a phone, the extension, a slot', () => {
    const gone = { via: 'slot', slot: 44 } as const;
    expect(sourceToUse(gone, { ...nothing, devices: ['a'] })).toEqual({ via: 'phone', device: null });
    expect(sourceToUse(gone, { ...nothing, extension: true, anySlot: true })).toEqual({ via: 'pbx' });
    expect(sourceToUse(null, { ...nothing, anySlot: true })).toEqual({ via: 'slot', slot: 'AUTO' });
    expect(sourceToUse(gone, nothing)).toBeNull();
  });
});

describe('isInternal', () => {
  it('tells extensions and services from telephone numbers', () => {
    expect(['101', '1 02', '*97', '#21'].every(isInternal)).toBe(true);
    expect(['+375', '3752900', '1', ''].some(isInternal)).toBe(false);
  });
});
