import type { LeadRefusal } from '../../objects/leads/contract';
import { people } from '../db/people';
import type { Env } from '../env';
import { PlatformError } from '../http/errors';

export const noSuchLead = (): PlatformError => new PlatformError('NOT_FOUND', 'No such lead.');

export const invalid = (
  details: Record<string, string[]>,
  message = 'The body does not validate.',
): PlatformError => new PlatformError('INVALID_PARAMS', message, { details });

/** The answer to what the tenant's leads refused. */
export async function refusalOf(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  refusal: LeadRefusal,
): Promise<PlatformError> {
  if (refusal.code === 'duplicate') {
    const seller = (await people(env, tenantId, [refusal.owner]))(refusal.owner);
    const details = {
      number: ['taken'],
      ...(refusal.leadId !== null && { lead: [refusal.leadId] }),
      ...(seller !== null && { assigned_seller: [seller.name] }),
    };
    return invalid(details, 'There is a lead with this number already.');
  }
  if (refusal.code === 'not_found') return noSuchLead();
  if (refusal.code === 'unknown_status')
    return invalid({ status: ['no such status, or one that can’t be picked any more'] });
  return new PlatformError('PERMISSION_DENIED', 'Only those who manage leads give them to other people.');
}
