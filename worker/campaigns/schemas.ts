/** Bodies of `/api/autodialer`: campaigns, leads, attempts, imports. */
import { z } from '@hono/zod-openapi';
import {
  ATTEMPT_OUTCOMES,
  ATTEMPT_STATES,
  CAMPAIGN_STATES,
  LEAD_RESULTS,
  LEAD_STATES,
  WHY_CODES,
} from '../../objects/campaign/contract';
import { CAMPAIGN_DEFAULTS, CampaignSettings } from './config-schema';

const when = z.iso.datetime();
const count = z.number().int();
const counts = z.record(z.string(), count);
export const CAMPAIGN_ID = 'cmp_01k73d5zq0a1b2c3d4';
export const CampaignId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'not an id')
  .openapi({ example: CAMPAIGN_ID });
const UUID = '7d1c1c1e-0000-4000-8000-000000000012';
const outcomeCounts = {
  answered: 12,
  no_answer: 30,
  busy: 4,
  rejected: 1,
  failed: 0,
  cancelled: 0,
  unknown: 0,
};

export const Why = z
  .object({
    code: z.enum(WHY_CODES),
    message: z.string(),
    until: when.nullable().openapi({ description: 'When it ends by itself, where that is known.' }),
    count: count.nullable(),
  })
  .openapi('CampaignWhy', {
    example: {
      code: 'outside_window',
      message: '120 leads wait for their calling window.',
      until: '2026-11-22T06:00:00.000Z',
      count: 120,
    },
  });

const Pacing = z.object({
  live: count,
  max_concurrent: count,
  started_last_minute: count,
  calls_per_minute: count,
  free_slots: count.nullable(),
  slots_online: count.nullable(),
  agents: count,
  ready_agents: count,
  at: when.nullable(),
});

const CurrentCall = z.object({
  attempt_id: z.string(),
  call_id: z.string(),
  lead_id: z.string(),
  number: z.string(),
  name: z.string().nullable(),
  status: z.enum(['starting', 'queued', 'ringing', 'connected']),
  slot: count.nullable(),
  user_id: z.string().nullable(),
  since: when,
});

const AgentPlace = z.object({
  user_id: z.string(),
  name: z.string(),
  state: z.enum(['paused', 'ready', 'offered', 'calling', 'wrap_up']),
  since: when,
  lead_id: z.string().nullable(),
});

const LeadNumbers = z.object({
  total: count,
  waiting: count,
  retry: count.openapi({ description: 'Of those waiting: called before.' }),
  offered: count,
  calling: count,
  wrap_up: count,
  done: count,
  removed: count,
});

export const Progress = z
  .object({
    state: z.enum(CAMPAIGN_STATES),
    since: when.nullable(),
    by: z.string().nullable(),
    leads: LeadNumbers,
    results: z.object(
      Object.fromEntries(LEAD_RESULTS.map((name) => [name, count])) as Record<
        (typeof LEAD_RESULTS)[number],
        typeof count
      >,
    ),
    attempts: z.object({
      total: count,
      blocked: count.openapi({
        description: 'Not dialled: on the do-not-call list, or as often as allowed today.',
      }),
      by_outcome: z.object(
        Object.fromEntries(ATTEMPT_OUTCOMES.map((name) => [name, count])) as Record<
          (typeof ATTEMPT_OUTCOMES)[number],
          typeof count
        >,
      ),
    }),
    dispositions: counts,
    pacing: Pacing,
    current_calls: z.array(CurrentCall),
    agents: z.array(AgentPlace),
    why: z
      .array(Why)
      .min(1)
      .openapi({ description: 'Why nothing (more) is dialled right now; never empty.' }),
    next_at: when.nullable(),
    list_version: count,
  })
  .openapi('CampaignProgress');

export const Campaign = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    settings: CampaignSettings,
    version: count,
    created_at: when,
    created_by: z.string(),
    updated_at: when,
    progress: z.union([Progress, z.null()]).openapi({
      description: 'Null: the campaign’s object could not be asked just now.',
    }),
  })
  .openapi('Campaign', {
    example: {
      id: CAMPAIGN_ID,
      name: 'Autumn renewals',
      description: null,
      settings: CAMPAIGN_DEFAULTS,
      version: 1,
      created_at: '2026-11-20T09:00:00.000Z',
      created_by: UUID,
      updated_at: '2026-11-20T09:00:00.000Z',
      progress: {
        state: 'running',
        since: '2026-11-20T09:10:00.000Z',
        by: UUID,
        leads: {
          total: 200,
          waiting: 150,
          retry: 34,
          offered: 0,
          calling: 2,
          wrap_up: 0,
          done: 48,
          removed: 0,
        },
        results: { ...outcomeCounts, no_answer: 31, do_not_call: 4, skipped: 0 },
        attempts: { total: 47, blocked: 4, by_outcome: outcomeCounts },
        dispositions: { interested: 5 },
        pacing: {
          live: 2,
          max_concurrent: 5,
          started_last_minute: 6,
          calls_per_minute: 30,
          free_slots: 0,
          slots_online: 2,
          agents: 0,
          ready_agents: 0,
          at: '2026-11-20T09:30:00.000Z',
        },
        current_calls: [],
        agents: [],
        why: [
          { code: 'no_free_slot', message: 'Both slots that are online are in use.', until: null, count: 2 },
        ],
        next_at: null,
        list_version: 2,
      },
    },
  });

export const Lead = z
  .object({
    id: z.string(),
    number: z.string(),
    name: z.string().nullable(),
    state: z.enum(LEAD_STATES),
    result: z.enum(LEAD_RESULTS).nullable(),
    attempts: count,
    last_outcome: z.enum(ATTEMPT_OUTCOMES).nullable(),
    last_attempt_at: when.nullable(),
    next_at: when.nullable(),
    time_zones: z.array(z.string()),
    time_zone_source: z.enum(['given', 'number', 'assumed']),
    local_time: z.string().openapi({ description: 'Clock where the lead is, `YYYY-MM-DD HH:MM`.' }),
    consent: z.string().nullable(),
    contact_id: z.string().nullable(),
    company_id: z.string().nullable(),
    note: z.string().nullable(),
    disposition: z.string().nullable(),
    agent_note: z.string().nullable(),
    agent_id: z.string().nullable(),
    list_version: count,
    created_at: when,
  })
  .openapi('CampaignLead', {
    example: {
      id: '17',
      number: '+375290000000',
      name: 'Anna Example',
      state: 'waiting',
      result: null,
      attempts: 1,
      last_outcome: 'busy',
      last_attempt_at: '2026-11-20T09:30:00.000Z',
      next_at: '2026-11-20T09:40:00.000Z',
      time_zones: ['Europe/Minsk'],
      time_zone_source: 'number',
      local_time: '2026-11-20 12:31',
      consent: 'web form, 2026-10-02',
      contact_id: null,
      company_id: null,
      note: null,
      disposition: null,
      agent_note: null,
      agent_id: null,
      list_version: 1,
      created_at: '2026-11-20T09:00:00.000Z',
    },
  });

const Evidence = z.object({
  local_times: z.array(z.object({ time_zone: z.string(), local: z.string() })),
  time_zone_source: z.enum(['given', 'number', 'assumed']),
  window: z.object({ days: z.array(count), from: z.string(), to: z.string() }).nullable(),
  consent: z.string().nullable(),
  list_version: count,
  campaign_version: count,
  dnc: z.object({ listed: z.boolean(), version: count, checked_at: when }).nullable(),
  number_cap: z.object({ calls_today: count, cap: count.nullable(), day: z.string() }).nullable(),
  pacing: Pacing,
});

export const Attempt = z
  .object({
    id: z.string(),
    lead_id: z.string(),
    number: z.string(),
    name: z.string().nullable(),
    n: count.openapi({ description: 'Which attempt at this lead, from 1.' }),
    call_id: z.string(),
    state: z.enum(ATTEMPT_STATES),
    outcome: z.enum(ATTEMPT_OUTCOMES).nullable(),
    reason: z.string().nullable(),
    via: z.enum(['slot', 'phone', 'pbx']),
    slot: count.nullable(),
    user_id: z.string().nullable(),
    created_at: when,
    started_at: when.nullable(),
    answered_at: when.nullable(),
    ended_at: when.nullable(),
    talk_seconds: count.nullable(),
    evidence: Evidence.openapi({ description: 'What it was decided by, as it was at that moment.' }),
  })
  .openapi('CampaignAttempt');
