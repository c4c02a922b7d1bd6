import { describe, expect, it } from 'vitest';
import { cdrKey, searchedNumber, withDisposition } from './cdr';
import type { Cdr } from './model';

const row = (over: Partial<Cdr>): Cdr => ({
  call_id: 'c_1',
  pbx: 'office',
  uniqueid: '1.1',
  linkedid: '1.1',
  channel: 'PJSIP/150-1',
  dest_channel: 'PJSIP/trunk-main-2',
  source: '150',
  destination: '+375290000000',
  context: 'inoffice',
  caller_id: '150',
  start: '2026-03-01T10:00:00.000Z',
  answer: null,
  end: '2026-03-01T10:01:00.000Z',
  duration_sec: 60,
  billable_sec: 0,
  disposition: 'NO ANSWER',
  last_application: 'Dial',
  ...over,
});

describe('cdrKey', () => {
  it('tells the rows of one call apart', () => {
    expect(cdrKey(row({}))).not.toBe(cdrKey(row({ dest_channel: 'PJSIP/trunk-reserve-3' })));
  });
});

describe('withDisposition', () => {
  it('narrows, and counts congestion among the failures', () => {
    const rows = [row({}), row({ disposition: 'FAILED' }), row({ disposition: 'CONGESTION' })];
    expect(withDisposition(rows, 'all')).toHaveLength(3);
    expect(withDisposition(rows, 'FAILED')).toHaveLength(2);
    expect(withDisposition(rows, 'BUSY')).toEqual([]);
  });
});

describe('searchedNumber', () => {
  it('takes a number as people write it, and nothing else', () => {
    expect(searchedNumber('+375 (29) 000-00-00')).toBe('+375290000000');
    expect(searchedNumber(' 150 ')).toBe('150');
    expect(searchedNumber('Minsk')).toBe('');
    expect(searchedNumber('')).toBe('');
  });
});
