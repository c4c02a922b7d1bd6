/**
 * Traces of what an Asterisk host posts, in a form that can be played at any time: `{n}` in an id is the epoch of
 * the trace's beginning plus n seconds, `[n]` is the host's wall clock at that second, `b1` a bridge made for this
 * playing. Data is invented, names and order of the fields are the sender's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Trace {
  about: string;
  expect: {
    calls: ExpectedCall[];
    /** What CRMs are told; absent where a trace does not say. */
    crm?: ExpectedTelling[];
  };
  steps: { after: number; event: string; body: Record<string, unknown> }[];
}

export interface ExpectedCall {
  direction: string;
  number: string;
  extension: string | null;
  outcome: string;
  trunk: string | null;
  /** Least and most talk seconds. */
  talk: [number, number];
}

/** One call as a CRM is told of it. */
export interface ExpectedTelling {
  direction: 'in' | 'out';
  phone: string;
  trunk: string | null;
  /** Extensions that were shown the card, in any order. */
  announced: string[];
  result: string;
  /** Whose record it is, by the first who talked and by the last. */
  first: string | null;
  last: string | null;
  talkers: string[];
  /** Seconds, as near as a serial sender lets one know. */
  talk: number;
  waiting: number;
}

export interface PbxPost {
  /** Milliseconds after the beginning. */
  after: number;
  event: string;
  body: Record<string, unknown>;
}

export interface Playing {
  /** Seconds since the epoch: when the trace begins. */
  epoch: number;
  /** The host's offset from UTC, minutes. */
  zoneMinutes: number;
  token: string;
  /** Makes the ids of this playing differ from those of another; digits. */
  run?: string;
}

const folder = join(import.meta.dirname, 'traces');

export const traceNames = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

export const readTrace = (name: string): Trace =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Trace;

/** The posts of a trace as the sender would make them at that time. */
export function playTrace(trace: Trace, playing: Playing): PbxPost[] {
  const { epoch, zoneMinutes, token, run = '' } = playing;
  const wall = (seconds: number): string =>
    new Date((epoch + seconds) * 1000 + zoneMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const fill = (value: unknown, key: string): unknown => {
    if (typeof value !== 'string') return value;
    if (key === 'BridgeUniqueid') return `${value}-${epoch}${run}`;
    return value
      .replace(
        /^\{(-?\d+)\}\.(\d+)$/,
        (_, seconds: string, seq: string) => `${epoch + Number(seconds)}.${run}${seq}`,
      )
      .replace(/^\[(-?\d+)\]$/, (_, seconds: string) => wall(Number(seconds)));
  };
  return trace.steps.map((step) => ({
    after: step.after,
    event: step.event,
    body: {
      Token: token,
      ...Object.fromEntries(Object.entries(step.body).map(([key, value]) => [key, fill(value, key)])),
    },
  }));
}
