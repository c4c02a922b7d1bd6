/** What may be done to a lead and what comes of it. Pure. */
import type { LeadFields, LeadViewer } from './contract';
import type { DuplicateRule } from './import-contract';

/** What a lead has that nobody filled in; `status` is given by whoever makes it. */
export const EMPTY: Omit<LeadFields, 'number' | 'status'> = {
  name: null,
  email: null,
  company: null,
  source: null,
  comment: null,
  timeZone: null,
  owner: null,
  nextAt: null,
  nextText: null,
  extra: {},
};

export const FIELDS = ['number', 'status', ...(Object.keys(EMPTY) as (keyof typeof EMPTY)[])] as const;

/** Own leads and those of nobody, unless the viewer sees all. */
export const sees = (viewer: LeadViewer, owner: string | null): boolean =>
  viewer.scope === 'all' || owner === null || owner === viewer.userId;

/** Anybody takes a free lead and gives back their own; giving it to another is for those who manage. */
export function mayHandOver(viewer: LeadViewer, from: string | null, to: string | null): boolean {
  if (viewer.manages || from === to) return true;
  const own = (owner: string | null): boolean => owner === null || owner === viewer.userId;
  return own(from) && own(to);
}

export interface Difference {
  before: Partial<LeadFields>;
  after: Partial<LeadFields>;
}

/** Only what differs, null where nothing does. A next action that is no more has no text either. */
export function difference(lead: LeadFields, change: Partial<LeadFields>): Difference | null {
  const wanted = change.nextAt === null ? { ...change, nextText: null } : change;
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = wanted[field];
    if (value === undefined || isSame(value, lead[field])) continue;
    before[field] = lead[field];
    after[field] = value;
  }
  return Object.keys(after).length === 0 ? null : { before, after };
}

type Value = LeadFields[keyof LeadFields];

function isSame(a: Value, b: Value): boolean {
  if (!isExtra(a) || !isExtra(b)) return a === b;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

const isExtra = (value: Value): value is LeadFields['extra'] => typeof value === 'object' && value !== null;

/**
 * What a second lead of the same number changes of the first: with `fill` only what was empty, with `overwrite`
 * whatever it says. Its silence changes nothing. The columns without a field are put together, by name.
 */
export function mergeOf(
  lead: LeadFields,
  second: Partial<LeadFields>,
  rule: Exclude<DuplicateRule, 'refuse'>,
): Partial<LeadFields> {
  const change: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = second[field];
    if (field === 'number' || field === 'extra' || value === undefined || value === null) continue;
    // A status is never empty: what somebody made of the lead counts more than where an import begins.
    const isFree = field === 'nextText' ? lead.nextAt === null : lead[field] === null;
    if (rule === 'overwrite' || isFree) change[field] = value;
  }
  const extra = rule === 'fill' ? { ...second.extra, ...lead.extra } : { ...lead.extra, ...second.extra };
  if (Object.keys(extra).length > 0) change.extra = extra;
  return change;
}
