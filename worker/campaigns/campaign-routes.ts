/** Routes of campaigns: their settings, and setting them going. */
import { z } from '@hono/zod-openapi';
import { CAMPAIGN_STATES } from '../../objects/campaign/contract';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { CONFIG_SHAPE } from './config-schema';
import { Counts, LeadProblem } from './import-schemas';
import { Campaign, CAMPAIGN_ID, CampaignId, Progress } from './schemas';

const tags = ['Autodialer'];
const id = z.object({ id: CampaignId });
const Name = z.string().trim().min(1).max(120);
const Description = z.string().trim().max(2_000).nullable();

export const list = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns',
  summary: 'Campaigns with their progress',
  tags,
  access: 'campaign.view',
  request: {
    query: z.object({
      q: z.string().trim().max(100).optional().openapi({ description: 'Part of the name.' }),
      cursor: z.string().max(80).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(Campaign), next: z.string().nullable() }), 'Newest first.'),
  },
});

export const show = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}',
  summary: 'One campaign',
  description:
    'Progress, counts per outcome, pacing, current calls, and why nothing (more) is dialled now. The live feed tells of ' +
    'each change as `campaign.update`.',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Campaign, 'The campaign.') },
});

export const create = apiRoute({
  method: 'post',
  path: '/api/autodialer/campaigns',
  summary: 'Make a campaign',
  description: 'It dials nothing until it is run.',
  tags,
  access: 'campaign.manage',
  request: {
    body: jsonRequest(
      z
        .strictObject({
          name: Name,
          description: Description.optional(),
          settings: z.strictObject(CONFIG_SHAPE).partial().optional(),
        })
        .openapi('CampaignCreate'),
      { name: 'Autumn renewals', settings: { mode: 'progressive', via: 'slot', max_concurrent: 5 } },
    ),
  },
  responses: { 201: json(Campaign, 'Made, as a draft.') },
});

export const change = apiRoute({
  method: 'patch',
  path: '/api/autodialer/campaigns/{id}',
  summary: 'Change a campaign',
  description: 'What is absent stays. Takes effect at once, with the next call.',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    body: jsonRequest(
      z
        .strictObject({
          name: Name.optional(),
          description: Description.optional(),
          settings: z.strictObject(CONFIG_SHAPE).partial().optional(),
        })
        .openapi('CampaignChange'),
      { settings: { max_concurrent: 10 } },
    ),
  },
  responses: { 200: json(Campaign, 'As it is now.') },
});

export const remove = apiRoute({
  method: 'delete',
  path: '/api/autodialer/campaigns/{id}',
  summary: 'Delete a campaign',
  description:
    'No call starts after the answer; live calls end by themselves. Its attempts stay in the history of calls.',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 204: { description: 'Gone.' } },
});

/** Leads of one request; more come as a file. */
export const MOST_LEADS = 10_000;

const GivenLead = z.strictObject({
  number: z.union([z.string().max(64), z.number().int().nonnegative()]),
  name: z.string().max(200).nullish(),
  time_zone: z.string().max(64).nullish(),
  consent: z.string().max(500).nullish(),
  contact_id: z.string().max(128).nullish(),
  company_id: z.string().max(128).nullish(),
  note: z.string().max(500).nullish(),
});

export const Ran = z
  .object({
    campaign_id: z.string(),
    state: z.enum(CAMPAIGN_STATES),
    ...Counts,
    problems: z.array(LeadProblem).openapi({ description: 'What was not taken, and why.' }),
    progress: Progress,
  })
  .openapi('CampaignRan');

export const run = apiRoute({
  method: 'post',
  path: '/api/autodialer/run-campaign',
  summary: 'Start a campaign or top it up',
  description:
    `Each lead is checked by itself, duplicates are dropped, and the answer says how many of each and why. At most ${MOST_LEADS} ` +
    'leads at once. A paused campaign takes the leads and stays paused.',
  tags,
  access: 'campaign.run',
  errors: ['NOT_FOUND'],
  bodyLimit: 8 * 1_024 * 1_024,
  request: {
    body: jsonRequest(
      z
        .strictObject({ campaign_id: CampaignId, leads: z.array(GivenLead).max(MOST_LEADS).default([]) })
        .openapi('CampaignRun'),
      { campaign_id: CAMPAIGN_ID, leads: [{ number: '+375290000000', name: 'Anna Example' }] },
    ),
  },
  responses: { 200: json(Ran, 'It is running (or stays paused).') },
});

const Commanded = z
  .object({ campaign_id: z.string(), state: z.enum(CAMPAIGN_STATES), progress: Progress })
  .openapi('CampaignCommanded');

const command = <P extends string>(path: P, summary: string, description: string) =>
  apiRoute({
    method: 'post',
    path,
    summary,
    description,
    tags,
    access: 'campaign.run',
    errors: ['NOT_FOUND'],
    request: {
      body: jsonRequest(z.strictObject({ campaign_id: CampaignId }).openapi('CampaignCommand'), {
        campaign_id: CAMPAIGN_ID,
      }),
    },
    responses: { 200: json(Commanded, 'Its new state.') },
  });

export const stop = command(
  '/api/autodialer/stop-campaign',
  'Stop a campaign',
  'No new call starts after the answer; live calls end by themselves. Commands that phones have not taken yet are withdrawn.',
);
export const pause = command(
  '/api/autodialer/pause-campaign',
  'Pause a campaign',
  'As stopping it, but it may be resumed where it was. Pausing a paused one is no error; one that does not run is refused.',
);
export const resume = command(
  '/api/autodialer/resume-campaign',
  'Resume a paused campaign',
  'Resuming a running one is no error; one that is neither running nor paused is refused: run it.',
);
