import type { z } from '@hono/zod-openapi';
import type { LeadFields } from '../../objects/leads/contract';
import { normaliseNumber } from '../dialer/queue-command';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { invalid } from './refusals';
import type { leadFields } from './schemas';
import { findSeller } from './sellers';

type Asked = { [F in keyof typeof leadFields]?: z.infer<(typeof leadFields)[F]> } & {
  number?: string | undefined;
};

const filled = (text: string | null): string | null => (text === '' ? null : text);

/**
 * What somebody asks for as the object takes it; what is absent stays absent.
 *
 * @throws PlatformError for a number that can be none and a seller whom nobody knows
 */
export async function fieldsOf(
  env: Pick<Env, 'DB'>,
  { tenant, tenantId }: Pick<Identity, 'tenant' | 'tenantId'>,
  asked: Asked,
): Promise<Partial<LeadFields>> {
  const fields: Partial<LeadFields> = {};
  if (asked.number !== undefined) fields.number = numberOf(asked.number, tenant.country);
  for (const name of ['name', 'company', 'source', 'comment', 'email'] as const) {
    const value = asked[name];
    if (value !== undefined) fields[name] = filled(value);
  }
  if (asked.time_zone !== undefined) fields.timeZone = asked.time_zone;
  if (asked.status !== undefined) fields.status = asked.status;
  if (asked.extra !== undefined) fields.extra = asked.extra;
  if (asked.assigned_seller !== undefined)
    fields.owner =
      asked.assigned_seller === null ? null : await knownSeller(env, tenantId, asked.assigned_seller);
  if (asked.next_action === null) Object.assign(fields, { nextAt: null, nextText: null });
  else if (asked.next_action !== undefined) {
    fields.nextAt = Date.parse(asked.next_action.at);
    fields.nextText = filled(asked.next_action.text ?? null);
  }
  return fields;
}

/** E.164. @throws PlatformError */
export function numberOf(typed: string, country: string): string {
  const number = normaliseNumber(typed, country);
  if (number === null) throw invalid({ number: ['not a phone number'] });
  return number;
}

/** Id of a seller. @throws PlatformError */
export async function knownSeller(env: Pick<Env, 'DB'>, tenantId: string, named: string): Promise<string> {
  const seller = await findSeller(env, tenantId, named);
  if (seller === null) throw invalid({ assigned_seller: ['no such user'] });
  return seller.id;
}
