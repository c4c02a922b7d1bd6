/** What every route of a CRM link starts with: whose it is, and who writes down what was done. */
import type { Context } from 'hono';
import type { CrmFamilyName } from '../../objects/crm-link/contract';
import { openDb } from '../db';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { transportOf } from '../http/session-cookie';
import type { Env } from '../env';

/** Where a family's routes are mounted: those of RetailCRM at two places, of which the second is its screens'. */
export interface Mount {
  prefix: '/retailcrm/api' | '/retailcrm-admin/api' | '/api/crm/webhook';
  family: CrmFamilyName;
  tags: string[];
}

/**
 * One's own tenant.
 *
 * @throws PlatformError NOT_FOUND for any other number, whether a tenant has it or not
 */
export function own(c: Context<AppEnv>, ent: string): string {
  if (ent !== c.var.identity.tenantId) throw new PlatformError('NOT_FOUND', 'No such enterprise.');
  return ent;
}

export const audit = (
  c: Context<AppEnv>,
  action: string,
  target: string,
  before: unknown,
  after: unknown,
): Promise<void> =>
  recordAudit(
    openDb(c.env.DB),
    c.var.identity,
    action,
    target,
    before,
    after,
    clientAddress(c.req.raw, c.env),
  );

/** The CRM's refusal in its own words, or that it can't be reached. */
export function crmError(answer: { status: number | null; error: string }): PlatformError {
  return answer.status === null || answer.status >= 500
    ? new PlatformError('CALL_FAILED', `The CRM did not answer: ${answer.error}`)
    : new PlatformError('INVALID_PARAMS', answer.error);
}

/** Under which origin whoever asked reaches us: a proxy that ends TLS in front of us hands plain http on. */
export function publicOrigin(request: Request, env: Env): string {
  const url = new URL(request.url);
  return `${transportOf(request, env) === 'https' ? 'https:' : url.protocol}//${url.host}`;
}
