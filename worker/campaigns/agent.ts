import type { Context } from 'hono';
import type { AgentAnswer, AgentInput, AgentSession } from '../../objects/campaign/contract';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { audit } from './audit';
import * as routes from './agent-routes';
import { numberCursor } from './leads';
import { campaignOf, knownCampaign, listCampaigns, objectRow } from './rows';

/** Campaigns offered to an agent. */
const MOST_OFFERED = 100;

const REFUSALS: Record<Extract<AgentAnswer, { ok: false }>['code'], () => PlatformError> = {
  not_joined: () => refused('session', 'join a campaign first'),
  wrong_state: () => refused('session', 'not possible in the state it is in'),
  not_allowed: () => refused('campaign_id', 'this campaign has other agents'),
  no_such_lead: () => new PlatformError('NOT_FOUND', 'No such lead waits.'),
  bad_disposition: () => refused('disposition', 'not one of the campaign’s'),
};

const refused = (field: string, problem: string): PlatformError =>
  new PlatformError('INVALID_PARAMS', `It can’t be done: ${problem}.`, { details: { [field]: [problem] } });

/** `/api/autodialer/agent`: one’s own session in a campaign. */
export const agent = newApiApp();

const guardOf = (c: Context<AppEnv>) => c.env.DIAL_GUARD.getByName(c.var.identity.tenantId);

/** The campaign this user works in, null when none. */
async function current(c: Context<AppEnv>) {
  const { tenantId, userId } = c.var.identity;
  const campaignId = await guardOf(c).agentCampaign(userId);
  return campaignId === null ? null : { campaignId, object: campaignOf(c.env, tenantId, campaignId) };
}

agent.openapi(routes.show, async (c) => {
  const { tenantId, userId } = c.var.identity;
  const joined = await current(c);
  const session: AgentSession | null = joined && (await joined.object.agentSession(userId));
  const rows = await listCampaigns(openDb(c.env.DB), tenantId, { before: null, limit: MOST_OFFERED });
  const offered = rows.filter(
    ({ config }) => config.agents_required && (config.agents === null || config.agents.includes(userId)),
  );
  const campaigns = offered.map(({ id, name, config }) => ({ id, name, mode: config.mode, via: config.via }));
  return c.json({ session, campaigns }, 200);
});

agent.openapi(routes.join, async (c) => {
  const { tenantId, userId, displayName } = c.var.identity;
  const row = await knownCampaign(openDb(c.env.DB), tenantId, c.req.valid('json').campaign_id);
  if (!row.config.agents_required) throw refused('campaign_id', 'this campaign dials without agents');
  if (row.config.agents !== null && !row.config.agents.includes(userId)) throw REFUSALS.not_allowed();
  const { before } = await guardOf(c).claimAgent(userId, row.id);
  // The other campaign may hold a lead for this agent: it gives it back.
  if (before !== null) await campaignOf(c.env, tenantId, before).agent(userId, { do: 'leave' });
  const campaign = campaignOf(c.env, tenantId, row.id);
  await campaign.configure(objectRow(row));
  const answer = await campaign.join({ userId, name: displayName, now: Date.now() });
  if (!answer.ok) throw REFUSALS[answer.code]();
  await audit(c, 'campaign.agent.join', row.id, before === null ? null : { campaign_id: before }, {
    campaign_id: row.id,
  });
  return c.json({ session: answer.session }, 200);
});

agent.openapi(routes.leave, async (c) => {
  const { userId } = c.var.identity;
  const joined = await current(c);
  if (joined !== null) {
    const answer = await joined.object.agent(userId, { do: 'leave' });
    if (!answer.ok && answer.code !== 'not_joined') throw REFUSALS[answer.code]();
    await guardOf(c).freeAgent(userId, joined.campaignId);
    await audit(c, 'campaign.agent.leave', joined.campaignId, { campaign_id: joined.campaignId }, null);
  }
  return c.json({ session: null }, 200);
});

agent.openapi(routes.ready, async (c) => c.json(await deed(c, { do: 'ready' }), 200));
agent.openapi(routes.pause, async (c) => c.json(await deed(c, { do: 'pause' }), 200));
agent.openapi(routes.call, async (c) => c.json(await deed(c, { do: 'call' }), 200));

agent.openapi(routes.next, async (c) => {
  const { lead_id: leadId } = c.req.valid('json');
  return c.json(await deed(c, { do: 'next', leadId: leadId ?? null }), 200);
});

agent.openapi(routes.leads, async (c) => {
  const { q, cursor, limit } = c.req.valid('query');
  const joined = await current(c);
  const session = joined && (await joined.object.agentSession(c.var.identity.userId));
  if (!session) throw REFUSALS.not_joined();
  if (session.mode === 'progressive') throw refused('session', 'calls of this campaign come by themselves');
  const page = { q, state: 'waiting' as const, cursor: numberCursor(cursor), limit };
  return c.json(await joined.object.leads(page), 200);
});

agent.openapi(routes.skip, async (c) => {
  const { later_minutes: later, reason } = c.req.valid('json');
  return c.json(await deed(c, { do: 'skip', laterMinutes: later ?? null, reason: reason ?? null }), 200);
});

agent.openapi(routes.wrapUp, async (c) => {
  const { userId } = c.var.identity;
  const { disposition, note, callback_at: callback, do_not_call: isListed } = c.req.valid('json');
  const input: Extract<AgentInput, { do: 'wrap_up' }> = {
    do: 'wrap_up',
    disposition: disposition ?? null,
    note: note ?? null,
    callbackAt: callback == null ? null : Date.parse(callback),
  };
  const joined = await current(c);
  if (joined === null) throw REFUSALS.not_joined();
  // The number is on the list before the writing up ends and takes the lead away.
  if (isListed) await listLead(c, await joined.object.agentSession(userId), input);
  const answer = await joined.object.agent(userId, input);
  if (!answer.ok) throw REFUSALS[answer.code]();
  return c.json({ session: answer.session }, 200);
});

async function deed(c: Context<AppEnv>, input: AgentInput): Promise<{ session: AgentSession | null }> {
  const joined = await current(c);
  if (joined === null) throw REFUSALS.not_joined();
  const answer = await joined.object.agent(c.var.identity.userId, input);
  if (!answer.ok) throw REFUSALS[answer.code]();
  return { session: answer.session };
}

async function listLead(
  c: Context<AppEnv>,
  session: AgentSession | null,
  { disposition, note }: Extract<AgentInput, { do: 'wrap_up' }>,
): Promise<void> {
  if (session === null) throw REFUSALS.not_joined();
  if (session.lead === null || (session.state !== 'calling' && session.state !== 'wrap_up'))
    throw REFUSALS.wrong_state();
  if (disposition !== null && !session.dispositions.includes(disposition)) throw REFUSALS.bad_disposition();
  const guard = guardOf(c);
  const { number } = session.lead;
  const before = await guard.dncEntry(number);
  const reason = (note ?? 'asked an agent not to be called').slice(0, 300);
  await guard.addDnc([{ number, reason, until: null }], `agent:${c.var.identity.userId}`, Date.now());
  await audit(c, 'dnc.add', number, before, await guard.dncEntry(number));
}
