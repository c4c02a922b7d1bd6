/** Leads that come in: each is checked by itself, and what was not taken is told of. Runs inside one transaction. */
import type { Book } from './book';
import type { AddLeadsInput, AddLeadsResult, LeadCounts, LeadInput, LeadProblem } from './views';
import { isZone, zonesOf } from './zones';

/** Leads of one campaign. */
export const MOST_LEADS = 1_000_000;
const LONGEST = {
  name: 200,
  consent: 500,
  contact_id: 128,
  company_id: 128,
  note: 500,
  time_zone: 64,
} as const;

type Problem = LeadProblem['problem'];

const tooLong = (lead: LeadInput): boolean =>
  Object.entries(LONGEST).some(([field, most]) => (lead[field as keyof typeof LONGEST]?.length ?? 0) > most);

/** What is wrong with a lead by itself. */
function problemOf(lead: LeadInput, needsConsent: boolean): Problem | null {
  if (lead.number === null) return 'bad_number';
  if (tooLong(lead)) return 'too_long';
  if (lead.time_zone !== null && !isZone(lead.time_zone)) return 'bad_time_zone';
  if (needsConsent && lead.consent === null) return 'no_consent';
  return lead.listed ? 'on_do_not_call_list' : null;
}

const COUNTED: Partial<Record<Problem, keyof LeadCounts>> = {
  duplicate_in_list: 'duplicates',
  duplicate_in_campaign: 'duplicates',
  on_do_not_call_list: 'do_not_call',
};

export function takeLeads(book: Book, input: AddLeadsInput): AddLeadsResult {
  const { leads, now } = input;
  const open = input.importId === null ? null : book.imports.byId(Number(input.importId));
  if (input.importId !== null && open === null) return { ok: false, code: 'not_found' };
  if (open !== null && open.state !== 'running') return { ok: false, code: 'cancelled' };
  const kept = {
    importId: open === null ? null : Number(open.id),
    listVersion: open?.list_version ?? book.listVersion + 1,
    now,
  };
  const { config } = book;
  const home = config.time_zone ?? input.timeZone;
  const counts: LeadCounts = { received: leads.length, added: 0, duplicates: 0, invalid: 0, do_not_call: 0 };
  const problems: LeadProblem[] = [];
  const seen = new Set<string>();
  const byZone = new Map<string, number>();
  let room = MOST_LEADS - book.leads.tally().total;
  const take = (lead: LeadInput): Problem | null => {
    const problem = problemOf(lead, config.require_consent);
    if (problem !== null || lead.number === null) return problem ?? 'bad_number';
    if (seen.has(lead.number)) return 'duplicate_in_list';
    seen.add(lead.number);
    if (room <= 0) return 'campaign_full';
    const { names, source } = zonesOf(lead.number, lead.time_zone, home);
    const zone = names.join('&');
    if (!book.leads.add({ ...lead, number: lead.number }, zone, source, kept)) return 'duplicate_in_campaign';
    byZone.set(zone, (byZone.get(zone) ?? 0) + 1);
    room -= 1;
    return null;
  };
  for (const lead of leads) {
    const problem = take(lead);
    if (problem === null) counts.added += 1;
    else {
      counts[COUNTED[problem] ?? 'invalid'] += 1;
      problems.push({ row: lead.row, number: lead.given.slice(0, 64), problem });
    }
  }
  book.leads.countAdded(byZone);
  if (open !== null)
    book.imports.progress(
      Number(open.id),
      { rows: input.rowsRead, bytes: input.bytesRead, now },
      counts,
      problems,
    );
  else if (counts.added > 0) book.nextListVersion();
  // It had run out of leads by itself: now it has some again.
  if (counts.added > 0 && book.standing.state === 'done')
    book.stand({ state: 'running', since: now, by: null });
  return { ok: true, counts, problems };
}
