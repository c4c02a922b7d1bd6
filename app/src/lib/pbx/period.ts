import { dayMoment } from '#lib/calls/day-moment.js';
import type { Period } from './api';

/** The part of a list that days of the address mean, in the tenant's time zone; both days are included. */
export function periodOf(query: Pick<URLSearchParams, 'get'>, timeZone: string): Period {
  const from = dayMoment(query.get('from') ?? '', timeZone);
  const to = dayMoment(query.get('to') ?? '', timeZone, 1);
  return { ...(from !== null && { from }), ...(to !== null && { to }) };
}
