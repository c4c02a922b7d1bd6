import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  booleanField,
  charField,
  checkFields,
  choiceField,
  dateTimeField,
  dictField,
  integerField,
  lenient,
  MESSAGES,
  optional,
  required,
  uuidField,
} from './fields';

const value = <T>(parsed: { ok: true; value: T } | { ok: false; errors: string[] }) =>
  parsed.ok ? parsed.value : parsed.errors;

describe('charField', () => {
  it('trims and takes numbers', () => {
    expect(value(charField().parse('  a b '))).toBe('a b');
    expect(value(charField().parse(42))).toBe('42');
  });
  it.each([
    [true, [MESSAGES.notString]],
    [{}, [MESSAGES.notString]],
    ['   ', [MESSAGES.blank]],
    ['a\0b', [MESSAGES.nul]],
    ['\ud800', ['Surrogate characters are not allowed: U+D800.']],
    ['абвгд', ['Ensure this field has no more than 4 characters.']],
  ])('refuses %j', (input, errors) => {
    expect(value(charField({ max: 4 }).parse(input))).toEqual(errors);
  });
  it('counts a character beyond the basic plane as one', () => {
    expect(value(charField({ max: 2 }).parse('😀😀'))).toBe('😀😀');
  });
});

describe('integerField', () => {
  it.each([42, 42.0, '42', ' 42 ', '42.0', '+42', '4_2', '42.'])('reads %j as 42', (input) => {
    expect(value(integerField().parse(input))).toBe(42);
  });
  it.each([1.5, '1.5', true, false, '', 'x', [], {}, '0x2a', '1e3'])('refuses %j', (input) => {
    expect(value(integerField().parse(input))).toEqual([MESSAGES.notInteger]);
  });
  it('keeps to its range', () => {
    expect(value(integerField({ min: 0 }).parse('-1'))).toEqual([
      'Ensure this value is greater than or equal to 0.',
    ]);
    expect(value(integerField({ max: 9 }).parse(10))).toEqual([
      'Ensure this value is less than or equal to 9.',
    ]);
    expect(value(integerField().parse('9'.repeat(1_001)))).toEqual([MESSAGES.hugeInteger]);
    expect(integerField().parse('9'.repeat(30)).ok).toBe(false);
  });
});

describe('dateTimeField', () => {
  const moscow = dateTimeField('Europe/Moscow');
  it.each([
    ['2026-11-15T10:30:00Z', '2026-11-15T10:30:00.000Z'],
    ['2026-11-15 10:30', '2026-11-15T07:30:00.000Z'],
    ['2026-11-15T10:30:00.123456', '2026-11-15T07:30:00.123Z'],
    ['2026-11-15T10:30:00.5+03:00', '2026-11-15T07:30:00.500Z'],
    ['2026-11-15T10:30:00+0530', '2026-11-15T05:00:00.000Z'],
    ['2026-11-15T10:30:00-03', '2026-11-15T13:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('reads %s', (input, iso) => {
    expect(value(moscow.parse(input))).toBe(Date.parse(iso));
  });
  it.each([
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T10:60:00Z',
    'yesterday',
    '',
    5,
    true,
    null,
    '2026-01-01T10:00:00+99:00',
  ])('refuses %j', (input) => expect(value(moscow.parse(input))).toEqual([MESSAGES.notDateTime]));
  it('tells a bare date apart', () => {
    expect(value(moscow.parse('2026-11-15'))).toEqual([MESSAGES.dateOnly]);
  });
  it('reads a time that a clock change repeats or skips', () => {
    const berlin = dateTimeField('Europe/Berlin');
    // 2026-10-25 02:30 happens twice; the first one is still summer time (+02:00).
    expect(value(berlin.parse('2026-10-25T02:30:00'))).toBe(Date.parse('2026-10-25T00:30:00Z'));
    // 2026-03-29 02:30 never happens: read with the winter offset (+01:00).
    expect(value(berlin.parse('2026-03-29T02:30:00'))).toBe(Date.parse('2026-03-29T01:30:00Z'));
  });
});

describe('other fields', () => {
  it('reads uuids in every form Python does', () => {
    const canonical = '0f8fad5b-d9cb-469f-a165-70867728950e';
    for (const form of [
      canonical,
      canonical.toUpperCase(),
      canonical.replaceAll('-', ''),
      `{${canonical}}`,
      `urn:uuid:${canonical}`,
    ]) {
      expect(value(uuidField.parse(form))).toBe(canonical);
    }
    expect(value(uuidField.parse('0f8fad5b'))).toEqual([MESSAGES.notUuid]);
  });
  it('reads booleans', () => {
    expect(value(booleanField.parse('True'))).toBe(true);
    expect(value(booleanField.parse(0))).toBe(false);
    expect(value(booleanField.parse('maybe'))).toEqual([MESSAGES.notBoolean]);
    expect(value(booleanField.parse([]))).toEqual([MESSAGES.notBoolean]);
  });
  it('names a refused choice', () => {
    expect(value(choiceField(['a']).parse('b'))).toEqual(['"b" is not a valid choice.']);
    expect(value(lenient(choiceField(['a'])).parse('b'))).toBe(null);
  });
});

const SHAPE = {
  text: required(charField({ max: 10 })),
  maybe: optional(charField({ blank: true })),
  count: required(integerField({ min: 0 })),
  at: optional(dateTimeField('Asia/Kathmandu')),
  id: optional(uuidField),
  flag: optional(booleanField),
  kind: optional(choiceField(['a', 'b'])),
  extra: optional(dictField),
};

describe('checkFields', () => {
  it('reports every problem at once and ignores what it does not know', () => {
    expect(checkFields(SHAPE, { count: 1.5, at: 'x', stranger: 1 })).toEqual({
      ok: false,
      errors: { text: [MESSAGES.required], count: [MESSAGES.notInteger], at: [MESSAGES.notDateTime] },
    });
    expect(checkFields(SHAPE, { text: 'a', count: '3', maybe: null })).toEqual({
      ok: true,
      value: { text: 'a', count: 3, maybe: null },
    });
    expect(checkFields(SHAPE, [])).toEqual({
      ok: false,
      errors: { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] },
    });
  });
  it('takes nothing from the prototype', () => {
    expect(checkFields({ toString: required(charField()) }, {})).toEqual({
      ok: false,
      errors: { toString: [MESSAGES.required] },
    });
  });
  it('never throws and only ever answers lists of strings', () => {
    const near = fc.record(
      Object.fromEntries(
        Object.keys(SHAPE).map((key) => [
          key,
          fc.oneof(
            fc.jsonValue(),
            fc.string({ unit: 'binary' }),
            fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
          ),
        ]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (body) => {
        const checked = checkFields(SHAPE, body);
        if (checked.ok) return;
        const problems = Object.values(checked.errors);
        expect(problems.length).toBeGreaterThan(0);
        for (const list of problems) {
          expect(list.length).toBeGreaterThan(0);
          for (const text of list) {
            expect(typeof text).toBe('string');
            expect(text.length).toBeLessThan(200);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
  it('reads back every instant written in ISO with an offset', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0100-01-01T00:00:00Z'),
          max: new Date('9990-01-01T00:00:00Z'),
          noInvalidDate: true,
        }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (date, offset) => {
          const wall = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
          const two = (n: number) => String(n).padStart(2, '0');
          const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
          expect(value(dateTimeField('UTC').parse(wall + zone))).toBe(date.getTime());
        },
      ),
    );
  });
});
