import { api, body } from '#lib/api/client.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type { AgentDesk, AgentSession, Lead } from './model';

/** Also a sign of life: who gives none for some time is paused. */
export const getDesk = (signal?: AbortSignal): Promise<AgentDesk> =>
  body(api.GET('/api/autodialer/agent', { signal }));

type Answer = Promise<AgentSession | null>;
const session = async (answer: Promise<{ data?: { session: AgentSession | null } }>): Answer =>
  (await body(answer)).session;

export const joinCampaign = (id: string): Answer =>
  session(api.POST('/api/autodialer/agent/join', { body: { campaign_id: id } }));

export const leaveCampaign = (): Answer => session(api.POST('/api/autodialer/agent/leave'));
export const takeCalls = (): Answer => session(api.POST('/api/autodialer/agent/ready'));
export const takeNoCalls = (): Answer => session(api.POST('/api/autodialer/agent/pause'));
export const callLead = (): Answer => session(api.POST('/api/autodialer/agent/call'));

/** The next lead that is due, or a certain one. */
export const nextLead = (leadId: string | null): Answer =>
  session(api.POST('/api/autodialer/agent/next', { body: { ...(leadId !== null && { lead_id: leadId }) } }));

/** Null minutes: the lead is done with. */
export const skipLead = (laterMinutes: number | null): Answer =>
  session(api.POST('/api/autodialer/agent/skip', { body: { later_minutes: laterMinutes } }));

export interface WrapUp {
  disposition: string | null;
  note: string | null;
  /** ISO 8601. */
  callback_at: string | null;
  do_not_call: boolean;
}

export const wrapUp = (done: WrapUp): Answer =>
  session(api.POST('/api/autodialer/agent/wrap-up', { body: done }));

/** Leads of the joined campaign that wait, for who takes them by hand. */
export const listMyLeads = (q: string, page: PageRequest, signal?: AbortSignal): Promise<Page<Lead>> =>
  body(api.GET('/api/autodialer/agent/leads', { params: { query: { ...(q && { q }), ...page } }, signal }));
