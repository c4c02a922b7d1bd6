/** The bridge's log: JSON lines, or readable ones on a terminal. Nothing secret and no whole phone number gets into it. */
import type { Logger } from './part.ts';

export type LogLevel = 'info' | 'warn' | 'error';

const RANK: Record<LogLevel, number> = { info: 0, warn: 1, error: 2 };

/**
 * Seven to fifteen digits that stand alone: a number. Not a channel's id (`1763731234.12`), its suffix
 * (`PJSIP/150-00000012`) or a part of a word.
 */
const NUMBER = /(?<![\w.+])(?!(?<=-)\d{8}(?!\w))\+?\d{7,15}(?![\w]|\.\d)/g;
const SECRET_FIELD =
  /secret|password|passphrase|token|authorization|signature|private|(^|_)(code|key|pin)$|cookie/i;
const HIDDEN = '[hidden]';
const LONGEST_TEXT = 2_000;
const DEEPEST = 4;

/** `+375290000012` becomes `+3752******12`: enough to recognise a call by, not enough to ring. */
function maskNumbers(text: string): string {
  return text.replaceAll(NUMBER, (number) => {
    const shown = number.startsWith('+') ? 5 : 3;
    return number.slice(0, shown) + '*'.repeat(number.length - shown - 2) + number.slice(-2);
  });
}

/** Hides known secrets and masks numbers, in texts and in whatever is nested in fields. */
export class Mask {
  readonly #secrets = new Set<string>();

  /** From now on `secret` is never written. Very short ones are not taken: they would tear words apart. */
  hide(secret: string): void {
    if (secret.length >= 4) this.#secrets.add(secret);
  }

  text(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, HIDDEN);
    clean = maskNumbers(clean);
    return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean;
  }

  fields(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        SECRET_FIELD.test(name) ? HIDDEN : this.#value(value, depth),
      ]),
    );
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Error) return this.text(value.message);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= DEEPEST) return '…';
    if (Array.isArray(value)) return value.slice(0, 50).map((one) => this.#value(one, depth + 1));
    return this.fields(Object.fromEntries(Object.entries(value)), depth + 1);
  }
}

export interface LogLine {
  time: string;
  level: LogLevel;
  part: string;
  text: string;
  fields: Record<string, unknown>;
}

interface LogOptions {
  level: LogLevel;
  mask: Mask;
  now: () => number;
  /** Takes finished lines without their end. */
  write: (line: string) => void;
  /** Readable instead of JSON. */
  readable: boolean;
  /** Called with every line that is written, masked already: the bridge's page shows them, too. */
  also?: (line: LogLine) => void;
}

/** Makes the logger of one part of the bridge. */
export function createLog(options: LogOptions, part: string): Logger {
  const { level: lowest, mask, now, write, readable, also } = options;
  const log =
    (level: LogLevel) =>
    (text: string, fields: Record<string, unknown> = {}): void => {
      if (RANK[level] < RANK[lowest]) return;
      const line: LogLine = {
        time: new Date(now()).toISOString(),
        level,
        part,
        text: mask.text(text),
        fields: mask.fields(fields),
      };
      write(readable ? readableLine(line) : JSON.stringify({ ...line.fields, ...line, fields: undefined }));
      also?.(line);
    };
  return { info: log('info'), warn: log('warn'), error: log('error') };
}

function readableLine({ time, level, part, text, fields }: LogLine): string {
  const more = describeFields(fields);
  const mark = level === 'info' ? '' : `${level.toUpperCase()} `;
  return `${time.slice(11, 19)} ${part.padEnd(8)} ${mark}${text}${more === '' ? '' : `  ${more}`}`;
}

/** `name=value …`, texts with spaces in quotes. */
export function describeFields(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const plain = typeof value === 'string' && /^[^\s"]+$/.test(value);
      return `${name}=${plain ? value : JSON.stringify(value)}`;
    })
    .join(' ');
}
