import { eq } from 'drizzle-orm';
import type { Context } from 'hono';
import type { CommandResult } from '../../objects/campaign/contract';
import { newCallId } from '../../objects/lib/ids';
import { openDb } from '../db';
import { campaigns as table, type CampaignConfig } from '../db/schema';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { audit } from './audit';
import * as routes from './campaign-routes';
import { CAMPAIGN_DEFAULTS, configProblems, settled } from './config-schema';
import { readLeads, textOf } from './leads-in';
import {
  campaignOf,
  campaignView,
  knownCampaign,
  listCampaigns,
  objectRow,
  positionOf,
  progressOf,
  type Row,
} from './rows';

const invalid = (details: Record<string, string[]>): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });

/** `/api/autodialer`: campaigns, and setting them going. */
export const campaigns = newApiApp();

campaigns.openapi(routes.list, async (c) => {
  const { q, cursor, limit } = c.req.valid('query');
  const db = openDb(c.env.DB);
  const rows = await listCampaigns(db, c.var.identity.tenantId, { q, before: positionOf(cursor), limit });
  const page = rows.slice(0, limit);
  const items = await Promise.all(page.map(async (row) => campaignView(row, await progressOf(c.env, row))));
  const last = rows.length > limit ? page.at(-1) : undefined;
  return c.json({ items, next: last === undefined ? null : `${last.createdAt}_${last.id}` }, 200);
});

campaigns.openapi(routes.show, async (c) => {
  const row = await known(c, c.req.valid('param').id);
  return c.json(campaignView(row, await progressOf(c.env, row)), 200);
});

campaigns.openapi(routes.create, async (c) => {
  const { identity } = c.var;
  const { name, description, settings } = c.req.valid('json');
  const now = Date.now();
  const config = configOf(CAMPAIGN_DEFAULTS, settings);
  const row: Row = {
    id: newCallId(now).replace(/^c_/, 'cmp_'),
    tenantId: identity.tenantId,
    name,
    description: description ?? null,
    config,
    version: 1,
    createdAt: now,
    createdBy: identity.userId,
    updatedAt: now,
    deletedAt: null,
  };
  const db = openDb(c.env.DB);
  await db.insert(table).values(row);
  await campaignOf(c.env, row.tenantId, row.id).configure(objectRow(row));
  await audit(c, 'campaign.create', row.id, null, audited(row));
  return c.json(campaignView(row, await progressOf(c.env, row)), 201);
});

campaigns.openapi(routes.change, async (c) => {
  const before = await known(c, c.req.valid('param').id);
  const { name, description, settings } = c.req.valid('json');
  const row: Row = {
    ...before,
    name: name ?? before.name,
    description: description === undefined ? before.description : description,
    config: configOf(before.config, settings),
    version: before.version + 1,
    updatedAt: Date.now(),
  };
  const { description: text, config, version, updatedAt } = row;
  await openDb(c.env.DB)
    .update(table)
    .set({ name: row.name, description: text, config, version, updatedAt })
    .where(eq(table.id, row.id));
  await campaignOf(c.env, row.tenantId, row.id).configure(objectRow(row));
  await audit(c, 'campaign.update', row.id, audited(before), audited(row));
  return c.json(campaignView(row, await progressOf(c.env, row)), 200);
});

campaigns.openapi(routes.remove, async (c) => {
  const row = await known(c, c.req.valid('param').id);
  // First nothing is dialled any more, then it is gone.
  await campaignOf(c.env, row.tenantId, row.id).close(c.var.identity.userId);
  await openDb(c.env.DB).update(table).set({ deletedAt: Date.now() }).where(eq(table.id, row.id));
  await audit(c, 'campaign.delete', row.id, audited(row), null);
  return c.body(null, 204);
});

campaigns.openapi(routes.run, async (c) => {
  const { identity } = c.var;
  const { campaign_id: id, leads: given } = c.req.valid('json');
  const row = await known(c, id);
  const campaign = campaignOf(c.env, row.tenantId, row.id);
  await campaign.configure(objectRow(row));
  const now = Date.now();
  const leads = await readLeads(
    c.env,
    identity.tenant,
    given.map((lead, index) => ({
      row: index + 1,
      number: String(lead.number),
      name: textOf(lead.name),
      time_zone: textOf(lead.time_zone),
      consent: textOf(lead.consent),
      contact_id: textOf(lead.contact_id),
      company_id: textOf(lead.company_id),
      note: textOf(lead.note),
    })),
    now,
  );
  const { timeZone } = identity.tenant;
  const taken = await campaign.addLeads({ leads, importId: null, rowsRead: 0, bytesRead: 0, timeZone, now });
  if (!taken.ok) throw new Error(`leads without an import were refused: ${taken.code}`);
  const before = (await campaign.progress()).state;
  const result = await campaign.run(objectRow(row), identity.userId);
  const { progress } = commanded(result);
  await audit(c, 'campaign.run', id, { state: before }, { state: progress.state, ...taken.counts });
  return c.json(
    { campaign_id: id, state: progress.state, ...taken.counts, problems: taken.problems, progress },
    200,
  );
});

campaigns.openapi(routes.stop, async (c) => {
  const row = await known(c, c.req.valid('json').campaign_id);
  const result = await campaignOf(c.env, row.tenantId, row.id).stop(c.var.identity.userId);
  return c.json(await answered(c, row, 'campaign.stop', result), 200);
});

campaigns.openapi(routes.pause, async (c) => {
  const row = await known(c, c.req.valid('json').campaign_id);
  const result = await campaignOf(c.env, row.tenantId, row.id).pause(c.var.identity.userId);
  return c.json(await answered(c, row, 'campaign.pause', result), 200);
});

campaigns.openapi(routes.resume, async (c) => {
  const row = await known(c, c.req.valid('json').campaign_id);
  const result = await campaignOf(c.env, row.tenantId, row.id).resume(objectRow(row), c.var.identity.userId);
  return c.json(await answered(c, row, 'campaign.resume', result), 200);
});

const known = (c: Context<AppEnv>, id: string): Promise<Row> =>
  knownCampaign(openDb(c.env.DB), c.var.identity.tenantId, id);

/** The settings as they will be. @throws PlatformError for what can't be together */
function configOf(
  before: CampaignConfig,
  change: { [K in keyof CampaignConfig]?: CampaignConfig[K] | undefined } = {},
): CampaignConfig {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const config: CampaignConfig = settled({ ...before, ...given });
  const problems = configProblems(config);
  if (Object.keys(problems).length > 0) {
    const named = Object.entries(problems).map(([field, words]) => [`settings.${field}`, words]);
    throw invalid(Object.fromEntries(named) as Record<string, string[]>);
  }
  return config;
}

function commanded(result: CommandResult): Extract<CommandResult, { ok: true }> {
  if (!result.ok) throw invalid({ campaign_id: [`it is ${result.state}`] });
  return result;
}

async function answered(c: Context<AppEnv>, row: Row, action: string, result: CommandResult) {
  const { already, progress } = commanded(result);
  if (!already) await audit(c, action, row.id, null, { state: progress.state });
  return { campaign_id: row.id, state: progress.state, progress };
}

const audited = ({ name, description, config }: Row) => ({ name, description, settings: config });
