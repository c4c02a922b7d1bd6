import { describe, expect, it } from 'vitest';
import { CdrRow } from '../protocol/events.ts';
import { cdrRow } from './cdr.ts';
import { recorded, testTable } from './fixtures/read.ts';
import { normalise } from './normalise.ts';
import { offsetOf, parseLocal, parseOffset } from './zone.ts';

const HOUR = 3_600_000;
const KARACHI = 5 * HOUR;

function rowsOf(name: string, offset: number | null) {
  const table = testTable();
  return recorded(name).flatMap((event) => {
    normalise(table, event);
    if (event.Event !== 'Cdr') return [];
    const now = (parseLocal(event.EndTime) ?? 0) - KARACHI + 400;
    const row = cdrRow(event, { pbx: 'office', recall: (id) => table.recall(id), offset, now });
    return row ? [CdrRow.parse(row)] : [];
  });
}

describe('a CDR', () => {
  it('gets the linkedid of its channel, and moments in UTC', () => {
    const [row] = rowsOf('answered', KARACHI);
    const uniqueid = recorded('answered')[0]?.Uniqueid ?? '';
    const epoch = Number(/-(\d+)\./.exec(uniqueid)?.[1]) * 1000;
    expect(row).toMatchObject({ uniqueid, linkedid: uniqueid, source: '150', destination: '+375290000001' });
    expect(Math.abs((row?.start ?? 0) - epoch)).toBeLessThan(2_000);
    expect(row?.answer).not.toBeNull();
    expect(row?.end).toBeGreaterThanOrEqual(row?.answer ?? Infinity);
  });

  it('is the same where the zone could not be asked: it ended just now', () => {
    expect(rowsOf('answered', null)).toEqual(rowsOf('answered', KARACHI));
    // Asked before the clocks of the host were changed by an hour.
    expect(rowsOf('answered', KARACHI - HOUR)).toEqual(rowsOf('answered', KARACHI));
  });

  it('of Local channels that collapsed belongs to the call of its channel', () => {
    const rows = rowsOf('local-collapsing', KARACHI);
    expect(rows.length).toBeGreaterThan(1);
    expect(new Set(rows.map(({ linkedid }) => linkedid)).size).toBe(1);
  });

  it('of an unanswered call has no answer', () => {
    const [row] = rowsOf('extension-no-answer', KARACHI);
    expect(row).toMatchObject({ answer: null, disposition: 'NO ANSWER', billable_sec: 0 });
  });

  it('of somebody who listened is none', () => {
    expect(rowsOf('listened-to', KARACHI).map(({ channel }) => channel)).toEqual([
      expect.stringContaining('PJSIP/150'),
    ]);
  });

  it('of a call into the clock change keeps its length', () => {
    const event = {
      UniqueID: '1.1',
      StartTime: '2026-10-25 02:50:00',
      AnswerTime: '2026-10-25 02:50:10',
      EndTime: '2026-10-25 02:10:00',
      Duration: '1200',
      BillableSeconds: '1190',
    };
    const now = Date.parse('2026-10-25T01:10:00Z');
    const row = cdrRow(event, { pbx: 'office', recall: () => undefined, offset: HOUR, now });
    expect(row).toMatchObject({ end: now, start: now - 1_200_000, answer: now - 1_190_000, linkedid: '1.1' });
  });
});

describe('the zone of a host', () => {
  it('is read', () => {
    expect(parseOffset('+0500')).toBe(KARACHI);
    expect(parseOffset('-0930')).toBe(-9.5 * HOUR);
    expect(parseOffset('')).toBeNull();
  });

  it('is a quarter of an hour exact where it has to be guessed', () => {
    const now = Date.parse('2026-11-21T14:00:00Z');
    expect(offsetOf(now + 5.75 * HOUR - 90_000, null, now)).toBe(5.75 * HOUR);
  });
});
