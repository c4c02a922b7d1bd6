import type { Call, CallDirection, CallOutcome, CallStatus } from '#lib/api/model.js';
import { dayMoment } from '#lib/calls/day-moment.js';
import type { HistoryFilter } from './api';

export const STATUSES = ['queued', 'ringing', 'connected', 'ended'] as const satisfies readonly CallStatus[];
export const OUTCOMES = [
  'answered',
  'no_answer',
  'busy',
  'rejected',
  'failed',
  'cancelled',
  'none',
] as const satisfies readonly (CallOutcome | 'none')[];
export const DIRECTIONS = ['in', 'out', 'internal'] as const satisfies readonly CallDirection[];
export const SOURCES = ['phone', 'pbx', 'slot'] as const satisfies readonly Call['source'][];

/** Everything of the address that filters, to be put back to nothing. */
export const NO_FILTER = {
  from: '',
  to: '',
  status: '',
  outcome: '',
  direction: '',
  source: '',
  user: '',
  slot: '',
  number: '',
} as const;

const among = <T extends string>(value: string | null, allowed: readonly T[]): T | undefined =>
  allowed.find((one) => one === value);

/** What an address asks for; what it can't mean is left out. Days are of the tenant's zone, both included. */
export function filterOf(query: Pick<URLSearchParams, 'get'>, timeZone: string): HistoryFilter {
  const from = dayMoment(query.get('from') ?? '', timeZone);
  const to = dayMoment(query.get('to') ?? '', timeZone, 1);
  const status = among(query.get('status'), STATUSES);
  const outcome = among(query.get('outcome'), OUTCOMES);
  const direction = among(query.get('direction'), DIRECTIONS);
  const source = among(query.get('source'), SOURCES);
  const user = query.get('user') ?? '';
  const slot = /^\d{1,6}$/.exec(query.get('slot') ?? '')?.[0];
  const number = (query.get('number') ?? '').trim();
  return {
    ...(from !== null && { from }),
    ...(to !== null && { to }),
    ...(status && { status }),
    ...(outcome && { outcome }),
    ...(direction && { direction }),
    ...(source && { source }),
    ...(user !== '' && { user }),
    ...(slot !== undefined && { slot: Number(slot) }),
    ...(/\d/.test(number) && { number: number.slice(0, 64) }),
  };
}
