import type { Context } from 'hono';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { audit } from './audit';
import { ATTEMPT_COLUMNS, headOf, LEAD_COLUMNS, rowsOf } from './csv-columns';
import { csvOf, wantsCsv } from './csv-out';
import * as routes from './lead-routes';
import { campaignOf, knownCampaign } from './rows';

/** Rows of CSV read from the object at once. */
const CSV_PAGE = 1_000;
const DAY_MS = 24 * 3_600_000;
/** Longest time of a chart. */
const MOST_MS = 400 * DAY_MS;

const NO_LEAD = (): PlatformError => new PlatformError('NOT_FOUND', 'No such lead.');
const BUSY = (): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The lead is being called right now.', {
    details: { lead_id: ['is being called'] },
  });

/** `/api/autodialer/campaigns/{id}/{leads,attempts,outcomes}`. */
export const leads = newApiApp();

/** The campaign's object, of a campaign of this tenant. @throws PlatformError NOT_FOUND */
export async function reach(c: Context<AppEnv>, id: string) {
  const row = await knownCampaign(openDb(c.env.DB), c.var.identity.tenantId, id);
  return campaignOf(c.env, row.tenantId, row.id);
}

/** A cursor is a number of ours. @throws PlatformError INVALID_PARAMS */
export function numberCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || /^\d{1,15}$/.test(cursor)) return cursor;
  throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
    details: { cursor: ['not one of ours'] },
  });
}

leads.openapi(routes.leads, async (c) => {
  const { id } = c.req.valid('param');
  const { format, cursor, limit, ...filter } = c.req.valid('query');
  const campaign = await reach(c, id);
  if (!wantsCsv(c, format))
    return c.json(await campaign.leads({ ...filter, cursor: numberCursor(cursor), limit }), 200);
  const file = csvOf(c, `campaign-${id}-leads.csv`, headOf(LEAD_COLUMNS), async (from) => {
    const { items, next } = await campaign.leads({ ...filter, cursor: from, limit: CSV_PAGE });
    return { rows: rowsOf(LEAD_COLUMNS, items), next };
  });
  return c.body(file, 200);
});

leads.openapi(routes.removeLead, async (c) => {
  const { id, lead_id: leadId } = c.req.valid('param');
  const campaign = await reach(c, id);
  const before = await campaign.lead(leadId);
  const gone = await campaign.removeLead(leadId);
  if (!gone.ok) throw gone.code === 'busy' ? BUSY() : NO_LEAD();
  await audit(c, 'campaign.lead.remove', `${id}/${leadId}`, before && { number: before.number }, null);
  return c.body(null, 204);
});

leads.openapi(routes.retryLead, async (c) => {
  const { id, lead_id: leadId } = c.req.valid('param');
  const campaign = await reach(c, id);
  const before = await campaign.lead(leadId);
  const again = await campaign.retryLead(leadId);
  if (!again.ok) throw again.code === 'busy' ? BUSY() : NO_LEAD();
  const { state, result } = again.lead;
  await audit(
    c,
    'campaign.lead.retry',
    `${id}/${leadId}`,
    before && { state: before.state, result: before.result },
    { state, result },
  );
  return c.json(again.lead, 200);
});

leads.openapi(routes.attempts, async (c) => {
  const { id } = c.req.valid('param');
  const { format, cursor, limit, lead, ...filter } = c.req.valid('query');
  const campaign = await reach(c, id);
  const query = { ...filter, leadId: lead };
  if (!wantsCsv(c, format))
    return c.json(await campaign.attempts({ ...query, cursor: numberCursor(cursor), limit }), 200);
  const file = csvOf(c, `campaign-${id}-attempts.csv`, headOf(ATTEMPT_COLUMNS), async (from) => {
    const { items, next } = await campaign.attempts({ ...query, cursor: from, limit: CSV_PAGE });
    return { rows: rowsOf(ATTEMPT_COLUMNS, items), next };
  });
  return c.body(file, 200);
});

leads.openapi(routes.outcomes, async (c) => {
  const { id } = c.req.valid('param');
  const query = c.req.valid('query');
  const to = query.to === undefined ? Date.now() : Date.parse(query.to);
  const from = query.from === undefined ? to - DAY_MS : Date.parse(query.from);
  if (from >= to || to - from > MOST_MS)
    throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
      details: { from: ['must be before `to`, by 400 days at most'] },
    });
  const campaign = await reach(c, id);
  const items = await campaign.outcomes({ from, to });
  return c.json({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), items }, 200);
});
