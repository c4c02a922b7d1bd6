/** Routes of an agent's own session in a campaign. */
import { z } from '@hono/zod-openapi';
import { AGENT_NOTICES, AGENT_STATES, CAMPAIGN_STATES } from '../../objects/campaign/contract';
import type { PlatformErrorCode } from '../http/errors';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { CAMPAIGN_ID, CampaignId, Lead, Why } from './schemas';

const tags = ['Autodialer'];

export const Session = z
  .object({
    campaign_id: z.string(),
    campaign: z.string(),
    mode: z.enum(['manual', 'preview', 'progressive']),
    via: z.enum(['slot', 'phone', 'pbx']),
    campaign_state: z.enum(CAMPAIGN_STATES),
    state: z.enum(AGENT_STATES).openapi({
      description:
        'paused: takes no calls; ready: waits for one; offered: looks at a lead (`call` or `skip`); calling; wrap_up: writes up.',
    }),
    since: z.iso.datetime(),
    until: z.iso.datetime().nullable().openapi({ description: 'When the state ends by itself.' }),
    pause_after: z.boolean(),
    lead: z.union([Lead, z.null()]),
    call_id: z.string().nullable(),
    dispositions: z.array(z.string()),
    notice: z
      .object({ code: z.enum(AGENT_NOTICES), message: z.string() })
      .nullable()
      .openapi({ description: 'Why the last thing asked for did not happen.' }),
    why: z.array(Why).openapi({ description: 'Why no call comes; empty while one does.' }),
    calls_today: z.number().int(),
  })
  .openapi('AgentSession');

const Answer = z.object({ session: z.union([Session, z.null()]) }).openapi('AgentSessionAnswer', {
  example: {
    session: {
      campaign_id: CAMPAIGN_ID,
      campaign: 'Autumn renewals',
      mode: 'progressive',
      via: 'phone',
      campaign_state: 'running',
      state: 'ready',
      since: '2026-11-20T09:30:00.000Z',
      until: null,
      pause_after: false,
      lead: null,
      call_id: null,
      dispositions: ['interested', 'not interested'],
      notice: null,
      why: [
        {
          code: 'outside_window',
          message: '120 leads wait for their calling window.',
          until: '2026-11-22T06:00:00.000Z',
          count: 120,
        },
      ],
      calls_today: 12,
    },
  },
});

export const show = apiRoute({
  method: 'get',
  path: '/api/autodialer/agent',
  summary: 'My session, and the campaigns I may join',
  description:
    'Also a sign of life: an agent who is ready and gives none for 90 seconds is paused, so ask every 20 seconds or so.',
  tags,
  access: 'campaign.work',
  responses: {
    200: json(
      Answer.extend({
        campaigns: z
          .array(
            z.object({
              id: z.string(),
              name: z.string(),
              mode: z.enum(['manual', 'preview', 'progressive']),
              via: z.enum(['slot', 'phone', 'pbx']),
            }),
          )
          .openapi({ description: 'That want agents and take this one.' }),
      }).openapi('AgentDesk'),
      'The session, null when none is joined.',
    ),
  },
});

const deed = <P extends string>(
  path: P,
  summary: string,
  description?: string,
  errors: readonly PlatformErrorCode[] = ['INVALID_PARAMS'],
) =>
  apiRoute({
    method: 'post',
    path,
    summary,
    ...(description !== undefined && { description }),
    tags,
    access: 'campaign.work',
    errors,
    responses: { 200: json(Answer, 'The session as it is now.') },
  });

export const join = apiRoute({
  method: 'post',
  path: '/api/autodialer/agent/join',
  summary: 'Work in a campaign',
  description: 'One campaign at a time: the one joined before is left. The session begins paused.',
  tags,
  access: 'campaign.work',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: {
    body: jsonRequest(z.strictObject({ campaign_id: CampaignId }).openapi('AgentJoin'), {
      campaign_id: CAMPAIGN_ID,
    }),
  },
  responses: { 200: json(Answer, 'The session.') },
});

export const leave = deed(
  '/api/autodialer/agent/leave',
  'Leave the campaign',
  'A call under way goes on. Who is in none is left as they are.',
  [],
);
export const ready = deed(
  '/api/autodialer/agent/ready',
  'Take calls',
  'In preview mode the next lead comes at once where one is due.',
);
export const pause = deed(
  '/api/autodialer/agent/pause',
  'Take no more calls',
  'During a call: after it. A lead that is only looked at goes back.',
);
export const call = deed(
  '/api/autodialer/agent/call',
  'Call the lead that is offered',
  'Checked like every attempt; where it may not be made, `notice` says why and another lead may be taken.',
);

export const next = apiRoute({
  method: 'post',
  path: '/api/autodialer/agent/next',
  summary: 'Take a lead',
  description: 'The next that is due, or a certain one that waits.',
  tags,
  access: 'campaign.work',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: {
    body: jsonRequest(
      z
        .strictObject({
          lead_id: z
            .string()
            .regex(/^\d{1,15}$/, 'not an id')
            .nullish(),
        })
        .openapi('AgentNext'),
      {},
    ),
  },
  responses: { 200: json(Answer, 'The session; `notice` when no lead is due.') },
});

export const leads = apiRoute({
  method: 'get',
  path: '/api/autodialer/agent/leads',
  summary: 'Leads I may take',
  description:
    'Those of the joined campaign that wait, in the order they came, for `next` with a certain one. Not of a progressive ' +
    'campaign, whose calls come by themselves.',
  tags,
  access: 'campaign.work',
  errors: ['INVALID_PARAMS'],
  request: {
    query: z.object({
      q: z
        .string()
        .trim()
        .max(100)
        .optional()
        .openapi({ description: 'Digits of the number, or a part of the name.' }),
      cursor: z.string().max(80).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(Lead), next: z.string().nullable() }), 'Leads that wait.'),
  },
});

export const skip = apiRoute({
  method: 'post',
  path: '/api/autodialer/agent/skip',
  summary: 'Do not call the lead that is offered',
  description: 'With `later_minutes` it comes again after that; without, it is done with.',
  tags,
  access: 'campaign.work',
  errors: ['INVALID_PARAMS'],
  request: {
    body: jsonRequest(
      z
        .strictObject({
          later_minutes: z.number().int().min(1).max(43_200).nullish(),
          reason: z.string().trim().max(300).nullish(),
        })
        .openapi('AgentSkip'),
      { later_minutes: 30 },
    ),
  },
  responses: { 200: json(Answer, 'The session.') },
});

export const wrapUp = apiRoute({
  method: 'post',
  path: '/api/autodialer/agent/wrap-up',
  summary: 'End the writing up',
  description:
    'What was agreed, and whether to call again: with `callback_at` the lead is due again then, with `do_not_call` its number goes ' +
    'on the do-not-call list. Also while the call goes on; then it counts when the call ends.',
  tags,
  access: 'campaign.work',
  errors: ['INVALID_PARAMS'],
  request: {
    body: jsonRequest(
      z
        .strictObject({
          disposition: z.string().trim().min(1).max(60).nullish(),
          note: z.string().trim().max(2_000).nullish(),
          callback_at: z.iso.datetime({ offset: true }).nullish(),
          do_not_call: z.boolean().default(false),
        })
        .openapi('AgentWrapUp'),
      { disposition: 'interested', note: 'Send the offer.' },
    ),
  },
  responses: { 200: json(Answer, 'The session.') },
});
