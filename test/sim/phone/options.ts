import { parseArgs } from 'node:util';
import type { Generation } from './machine.ts';
import { RESULTS, type CallStatus } from './reports.ts';

/** What `npm run sim:phone` was told. */
export interface SimOptions {
  url: string;
  signIn: { by: 'password'; username: string; password: string } | { by: 'qr'; token: string };
  generation: Generation;
  deviceId: string;
  deviceName: string;
  /** What becomes of every call; `ask` asks in the terminal. */
  answer: CallStatus | 'ask';
  ringMs: number;
  talkMs: number;
  /** Start as a phone that has been on for a while, long-polling at once. */
  quiet: boolean;
}

export class UsageError extends Error {}

export const USAGE = `usage: npm run sim:phone -- [options]

  --url URL                 the server (default http://127.0.0.1:8787)
  --user NAME               signs in by password, as old builds do (default op12, or name@tenant)
  --password TEXT           (default demo-<user>, which only the demo's users have)
  --qr TOKEN                signs in by the code that the phones screen shows instead
  --generation new|old      which builds to act as (default new)
  --name TEXT               what the phone is called, after "Simulator:"
  --device-id ID            16 hex digits or "unknown" (default: the same for the same user and name)
  --answer RESULT           ${RESULTS.join(' | ')} | ask (default connected)
  --ring-ms N --talk-ms N   how long it rings and talks (default 1500 and 4000)
  --quiet-start             long-poll at once, as a phone that has been on for a while
`;

/** Every simulated phone is called this first: the server marks it by it, and no screen shows it as a phone. */
export const NAME_PREFIX = 'Simulator: ';

/** @throws UsageError with a sentence for the person */
export function readOptions(argv: readonly string[]): SimOptions {
  const { values } = parse(argv);
  const username = values.user ?? 'op12';
  const name = values.name ?? 'phone of ' + (values.qr === undefined ? username : 'a QR code');
  return {
    url: baseUrl(values.url ?? 'http://127.0.0.1:8787'),
    signIn:
      values.qr === undefined
        ? { by: 'password', username, password: values.password ?? `demo-${username.split('@')[0] ?? ''}` }
        : { by: 'qr', token: values.qr },
    generation: oneOf('generation', values.generation ?? 'new', ['new', 'old'] as const),
    deviceId: values['device-id'] ?? androidId(`${username}/${name}`),
    deviceName: (NAME_PREFIX + name).slice(0, 120),
    answer: oneOf('answer', values.answer ?? 'connected', [...RESULTS, 'ask'] as const),
    ringMs: milliseconds('ring-ms', values['ring-ms'] ?? '1500'),
    talkMs: milliseconds('talk-ms', values['talk-ms'] ?? '4000'),
    quiet: values['quiet-start'] ?? false,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        url: text,
        user: text,
        password: text,
        qr: text,
        generation: text,
        name: text,
        'device-id': text,
        answer: text,
        'ring-ms': text,
        'talk-ms': text,
        'quiet-start': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function baseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'http:')
    throw new UsageError(`--url must be an http:// URL, not ${text}`);
  return url.origin;
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${option} must be one of ${allowed.join(', ')}`);
  return found;
}

function milliseconds(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 3_600_000) {
    throw new UsageError(`--${option} must be a whole number of milliseconds up to 3600000`);
  }
  return number;
}

/** 16 hex digits that stay the same for the same text, as a phone's ANDROID_ID stays the same (FNV-1a, 64 bit). */
export function androidId(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}
