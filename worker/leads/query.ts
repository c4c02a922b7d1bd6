import { z } from '@hono/zod-openapi';
import type { LeadQuery } from '../../objects/leads/contract';
import { normaliseNumber } from '../dialer/queue-command';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { invalid } from './refusals';
import { StatusKey } from './schemas';
import { findSeller } from './sellers';
import { leadViewer } from './views';

/** What a list and an export of leads can be cut by. */
export const leadFilters = {
  status: StatusKey.optional(),
  assigned_seller: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'Id or user name, `me`, or `none` for leads of nobody.', example: 'me' }),
  q: z
    .string()
    .trim()
    .max(200)
    .optional()
    .openapi({
      description:
        'Beginnings of words of the name, company, e-mail, comment and further columns; or a part of the number: its ' +
        'beginning, with or without the country code, or its last 4 to 10 digits.',
      example: 'ann',
    }),
  due_before: z.iso.datetime({ offset: true }).optional().openapi({
    description: 'Only leads whose next action is due before, soonest first.',
    example: '2025-11-18T00:00:00Z',
  }),
  sort: z.enum(['created', 'next_action']).default('created').openapi({
    description:
      '`created`: newest first. `next_action`: soonest first, only leads that have one; not with `q`.',
  }),
  deleted: z.enum(['0', '1']).optional().openapi({
    description: 'Deleted leads instead, for those who manage leads; other filters don’t count.',
  }),
};

type Filters = { [F in keyof typeof leadFilters]?: z.infer<(typeof leadFilters)[F]> };

/** @throws PlatformError for a seller whom nobody knows, and deleted leads somebody may not see */
export async function queryOf(
  env: Pick<Env, 'DB'>,
  identity: Identity,
  filters: Filters,
): Promise<Omit<LeadQuery, 'cursor' | 'limit'>> {
  const { q, sort = 'created' } = filters;
  const viewer = leadViewer(identity);
  const deleted = filters.deleted === '1';
  if (deleted && !viewer.manages)
    throw new PlatformError('PERMISSION_DENIED', 'Deleted leads are for those who manage leads.');
  if (q !== undefined && q !== '' && sort !== 'created')
    throw invalid({ sort: ['not together with q'] }, 'The query does not validate.');
  return {
    viewer,
    sort,
    deleted,
    status: filters.status,
    owner: await ownerOf(env, identity, filters.assigned_seller),
    text: q,
    textNumber: q === undefined ? undefined : (normaliseNumber(q, identity.tenant.country) ?? undefined),
    dueBefore: filters.due_before === undefined ? undefined : Date.parse(filters.due_before),
  };
}

async function ownerOf(
  env: Pick<Env, 'DB'>,
  { tenantId, userId }: Identity,
  named: string | undefined,
): Promise<string | null | undefined> {
  if (named === undefined) return undefined;
  if (named === 'none') return null;
  if (named === 'me') return userId;
  // A person who is disabled now may still have leads.
  return (await findSeller(env, tenantId, named))?.id ?? named;
}

/** A refused query as its answer. */
export const refusedQuery = (code: 'unknown_status' | 'bad_cursor'): PlatformError =>
  invalid(
    code === 'bad_cursor' ? { cursor: ['not one of ours'] } : { status: ['no such status'] },
    'The query does not validate.',
  );
