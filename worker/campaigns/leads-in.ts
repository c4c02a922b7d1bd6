/** Leads on their way into a campaign: numbers read in the tenant's country, the do-not-call list asked once per batch. */
import type { LeadInput } from '../../objects/campaign/contract';
import { normaliseNumber } from '../dialer/queue-command';
import type { Env } from '../env';

export interface GivenLead {
  row: number;
  number: string;
  name: string | null;
  time_zone: string | null;
  consent: string | null;
  contact_id: string | null;
  company_id: string | null;
  note: string | null;
}

/** Blank is absent. */
export const textOf = (value: string | null | undefined): string | null => {
  const text = value?.trim() ?? '';
  return text === '' ? null : text;
};

/** What the campaign is told of each lead, whether it will take it or not. */
export async function readLeads(
  env: Env,
  tenant: { id: string; country: string },
  given: readonly GivenLead[],
  now: number,
): Promise<LeadInput[]> {
  const leads = given.map(({ number, ...lead }) => ({
    ...lead,
    given: number,
    number: normaliseNumber(number, tenant.country),
  }));
  const numbers = leads.flatMap(({ number }) => number ?? []);
  const listed = new Set(await env.DIAL_GUARD.getByName(tenant.id).listed(numbers, now));
  return leads.map((lead) => ({ ...lead, listed: lead.number !== null && listed.has(lead.number) }));
}
