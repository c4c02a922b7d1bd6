/**
 * Field validation as Django REST Framework does it, because the dialer app was written against its answers:
 * every problem of a body is reported at once as `{field: ["…"]}` in DRF's own English texts, unknown fields are
 * ignored. The app's rules for numbers (`"42"` and `42.0` are 42) and dates come from the same place.
 */
import { parseDateTime } from './datetime';

/** What a field makes of one value; `errors` go to the client as they are. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; errors: string[] };

export interface Field<T> {
  parse(value: unknown): Parsed<T>;
}

export const MESSAGES = {
  required: 'This field is required.',
  null: 'This field may not be null.',
  blank: 'This field may not be blank.',
  notString: 'Not a valid string.',
  nul: 'Null characters are not allowed.',
  notInteger: 'A valid integer is required.',
  hugeInteger: 'String value too large.',
  notBoolean: 'Must be a valid boolean.',
  notUuid: 'Must be a valid UUID.',
  notDateTime:
    'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
  dateOnly: 'Expected a datetime but got a date.',
} as const;

const fail = (...errors: string[]): Parsed<never> => ({ ok: false, errors });
const done = <T>(value: T): Parsed<T> => ({ ok: true, value });

/** Python's name of a JSON value's type, as DRF puts it into its messages. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'string' ? 'str' : 'dict';
}

/** DRF's CharField: numbers become text, spaces around are trimmed, NUL and lone surrogates refused. */
export function charField(
  options: { max?: number; min?: number; blank?: boolean; trim?: boolean } = {},
): Field<string> {
  return {
    parse(value) {
      if (typeof value !== 'string' && typeof value !== 'number') return fail(MESSAGES.notString);
      const raw = String(value);
      const text = options.trim === false ? raw : raw.trim();
      if (text === '') return options.blank ? done('') : fail(MESSAGES.blank);
      const errors: string[] = [];
      // Django counts code points, not UTF-16 units: one emoji is one character.
      const length = codePoints(text);
      if (options.max !== undefined && length > options.max) {
        errors.push(`Ensure this field has no more than ${options.max} characters.`);
      }
      if (options.min !== undefined && length < options.min) {
        errors.push(`Ensure this field has at least ${options.min} characters.`);
      }
      if (text.includes('\0')) errors.push(MESSAGES.nul);
      const surrogate = /\p{Surrogate}/u.exec(text)?.[0];
      if (surrogate !== undefined) {
        errors.push(
          `Surrogate characters are not allowed: U+${surrogate.charCodeAt(0).toString(16).toUpperCase()}.`,
        );
      }
      return errors.length > 0 ? fail(...errors) : done(text);
    },
  };
}

/** DRF's IntegerField: `42`, `42.0`, `"42"`, `" 42.0 "`; never `1.5`, booleans or digits beyond 2^53. */
export function integerField(options: { min?: number; max?: number } = {}): Field<number> {
  return {
    parse(value) {
      if (typeof value !== 'number' && typeof value !== 'string') return fail(MESSAGES.notInteger);
      if (typeof value === 'string' && value.length > 1_000) return fail(MESSAGES.hugeInteger);
      const text = typeof value === 'number' ? value : value.trim();
      if (typeof text === 'string' && !/^[+-]?\d+(_\d+)*(\.0*)?$/.test(text))
        return fail(MESSAGES.notInteger);
      const number = typeof text === 'number' ? text : Number(text.replaceAll('_', ''));
      if (!Number.isInteger(number)) return fail(MESSAGES.notInteger);
      const max = options.max ?? Number.MAX_SAFE_INTEGER;
      const min = options.min ?? Number.MIN_SAFE_INTEGER;
      if (number > max) return fail(`Ensure this value is less than or equal to ${max}.`);
      if (number < min) return fail(`Ensure this value is greater than or equal to ${min}.`);
      return done(number + 0 === 0 ? 0 : number);
    },
  };
}

/** What fits a database's 32-bit integer, as the app's own server has it. */
const INT32_MAX = 2_147_483_647;
/** An integer of 32 bits, of any sign: codes and measurements of a phone, which uses -1 and the like for "none". */
export const int32Field = integerField({ min: -INT32_MAX - 1, max: INT32_MAX });
/** A count or duration of 32 bits. */
export const uint31Field = integerField({ min: 0, max: INT32_MAX });

const TRUE: readonly unknown[] = ['t', 'y', 'yes', 'true', 'on', '1', 1, true];
const FALSE: readonly unknown[] = ['f', 'n', 'no', 'false', 'off', '0', 0, false];

/** DRF's BooleanField, words and digits included. */
export const booleanField: Field<boolean> = {
  parse(value) {
    const key = typeof value === 'string' ? value.trim().toLowerCase() : value;
    if (TRUE.includes(key)) return done(true);
    return FALSE.includes(key) ? done(false) : fail(MESSAGES.notBoolean);
  },
};

/** DRF's UUIDField: 32 hex digits with or without hyphens, braces or `urn:uuid:`; answers the canonical lower case. */
export const uuidField: Field<string> = {
  parse(value) {
    if (typeof value !== 'string') return fail(MESSAGES.notUuid);
    const hex = value
      .trim()
      .toLowerCase()
      .replace('urn:', '')
      .replace('uuid:', '')
      .replace(/^\{|\}$/g, '')
      .replaceAll('-', '');
    if (!/^[0-9a-f]{32}$/.test(hex)) return fail(MESSAGES.notUuid);
    return done(
      `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    );
  },
};

/** DRF's ChoiceField. */
export function choiceField<const T extends string>(choices: readonly T[]): Field<T> {
  return {
    parse(value) {
      const found = typeof value === 'string' ? choices.find((choice) => choice === value.trim()) : undefined;
      if (found !== undefined) return done(found);
      return fail(`"${shown(value)}" is not a valid choice.`);
    },
  };
}

/**
 * DRF's DateTimeField, answered as milliseconds since the epoch.
 * @param timeZone IANA zone of a time written without one: the tenant's.
 */
export function dateTimeField(timeZone: string): Field<number> {
  return {
    parse(value) {
      if (typeof value !== 'string') return fail(MESSAGES.notDateTime);
      const time = parseDateTime(value.trim(), timeZone);
      if (time === 'date') return fail(MESSAGES.dateOnly);
      return time === null ? fail(MESSAGES.notDateTime) : done(time);
    },
  };
}

/** Any JSON object. */
export const dictField: Field<Record<string, unknown>> = {
  parse(value) {
    if (isRecord(value)) return done(value);
    return fail(`Expected a dictionary of items but got type "${pythonType(value)}".`);
  },
};

/** A text, cut rather than refused where it is too long; anything else as its JSON, null where that nests too deep. */
export const cutField = (max: number): Field<string | null> => ({
  parse(value) {
    const text = typeof value === 'string' ? value : jsonText(value);
    if (text?.includes('\0') === true) return fail(MESSAGES.nul);
    return done(text === null ? null : text.slice(0, max));
  },
});

function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

/** A field whose bad values are as good as absent: the newest app may say what this server doesn't know yet. */
export function lenient<T>(field: Field<T>): Field<T | null> {
  return {
    parse(value) {
      const parsed = field.parse(value);
      return parsed.ok ? parsed : done(null);
    },
  };
}

interface Rule<T> {
  field: Field<T>;
  required: boolean;
  nullable: boolean;
}

/** Must be there and not null. */
export const required = <T>(field: Field<T>) => ({ field, required: true, nullable: false }) as const;
/** May be absent (undefined) or null. */
export const optional = <T>(field: Field<T>) => ({ field, required: false, nullable: true }) as const;

type Shape = Record<string, Rule<unknown>>;
type ValueOf<R> = R extends { field: Field<infer T>; required: infer Q }
  ? Q extends true
    ? T
    : T | null | undefined
  : never;
export type Values<S extends Shape> = { [K in keyof S]: ValueOf<S[K]> };
export type FieldErrors = Record<string, string[]>;
export type Checked<T> = { ok: true; value: T } | { ok: false; errors: FieldErrors };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks a body against its fields; all problems at once, unknown fields ignored. Never throws. */
export function checkFields<S extends Shape>(shape: S, body: unknown): Checked<Values<S>> {
  if (!isRecord(body)) {
    return {
      ok: false,
      errors: { non_field_errors: [`Invalid data. Expected a dictionary, but got ${pythonType(body)}.`] },
    };
  }
  const values: Record<string, unknown> = {};
  const errors: FieldErrors = {};
  for (const [name, rule] of Object.entries(shape)) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined) {
      if (rule.required) errors[name] = [MESSAGES.required];
      continue;
    }
    if (value === null) {
      if (!rule.nullable) errors[name] = [MESSAGES.null];
      else values[name] = null;
      continue;
    }
    const parsed = rule.field.parse(value);
    if (parsed.ok) values[name] = parsed.value;
    else errors[name] = parsed.errors;
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  // Every key of the shape was either parsed by its own field or is absent and optional.
  return { ok: true, value: values as Values<S> };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A refused value inside a message, cut so that a megabyte sent is not a megabyte answered. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : pythonType(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
