/** Routes of a campaign's leads, attempts and imports. */
import { z } from '@hono/zod-openapi';
import { ATTEMPT_OUTCOMES, ATTEMPT_STATES, LEAD_RESULTS, LEAD_STATES } from '../../objects/campaign/contract';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { Import, LeadProblem } from './import-schemas';
import { Attempt, CampaignId, Lead } from './schemas';

const tags = ['Autodialer'];
const id = z.object({ id: CampaignId });
const RowId = z
  .string()
  .regex(/^\d{1,15}$/, 'not an id')
  .openapi({ example: '17' });
const LeadPath = id.extend({ lead_id: RowId });
const ImportPath = id.extend({ import_id: RowId });
const format = z
  .enum(['json', 'csv'])
  .optional()
  .openapi({ description: 'Instead of the Accept header, for a link.' });
const paged = {
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};
/** Bytes of a file of leads. */
export const MOST_FILE_BYTES = 64 * 1_024 * 1_024;

const pageOrCsv = <S extends z.ZodType>(item: S, description: string, head: string) => ({
  description,
  content: {
    'application/json': { schema: z.object({ items: z.array(item), next: z.string().nullable() }) },
    'text/csv': { schema: z.string(), example: head },
  },
});

export const leads = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/leads',
  summary: 'Leads of a campaign',
  description: 'In the order they came. CSV with `Accept: text/csv`: all that fit the filter, streamed.',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    query: z.object({
      state: z.enum(LEAD_STATES).optional(),
      result: z.enum(LEAD_RESULTS).optional(),
      q: z
        .string()
        .trim()
        .max(100)
        .optional()
        .openapi({ description: 'Digits of the number, or a part of the name.' }),
      format,
      ...paged,
    }),
  },
  responses: { 200: pageOrCsv(Lead, 'Leads.', 'id,number,name,state,result,…') },
});

export const removeLead = apiRoute({
  method: 'delete',
  path: '/api/autodialer/campaigns/{id}/leads/{lead_id}',
  summary: 'Take a lead out',
  description:
    'It is not called any more; what was dialled stays. One that is being called right now is refused.',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND'],
  request: { params: LeadPath },
  responses: { 204: { description: 'Out.' } },
});

export const retryLead = apiRoute({
  method: 'post',
  path: '/api/autodialer/campaigns/{id}/leads/{lead_id}/retry',
  summary: 'Call a finished lead once more',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND'],
  request: { params: LeadPath },
  responses: { 200: json(Lead, 'It waits to be called.') },
});

export const attempts = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/attempts',
  summary: 'Attempts with their evidence',
  description:
    'Newest first. Each keeps what it was decided by: local time at the lead, version of the list, consent, the check ' +
    'against the do-not-call list, pacing. CSV with `Accept: text/csv`.',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    query: z.object({
      lead: RowId.optional(),
      outcome: z.enum(ATTEMPT_OUTCOMES).optional(),
      state: z.enum(ATTEMPT_STATES).optional(),
      format,
      ...paged,
    }),
  },
  responses: { 200: pageOrCsv(Attempt, 'Attempts.', 'id,number,n,started_at,outcome,…') },
});

export const outcomes = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/outcomes',
  summary: 'Outcomes over time',
  description: 'Ended attempts by outcome and hour; the last 24 hours unless said otherwise.',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    query: z.object({
      from: z.iso.datetime({ offset: true }).optional(),
      to: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Not included.' }),
    }),
  },
  responses: {
    200: json(
      z.object({
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        items: z.array(
          z.object({
            at: z.iso
              .datetime()
              .openapi({ description: 'Begin of the hour; hours without an attempt are left out.' }),
            by_outcome: z.partialRecord(z.enum(ATTEMPT_OUTCOMES), z.number().int()),
          }),
        ),
      }),
      'Oldest first.',
      {
        from: '2026-11-19T10:00:00.000Z',
        to: '2026-11-20T10:00:00.000Z',
        items: [{ at: '2026-11-20T09:00:00.000Z', by_outcome: { answered: 4, busy: 1 } }],
      },
    ),
  },
});

export const imports = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/imports',
  summary: 'Imports of leads',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(z.object({ items: z.array(Import) }), 'The newest 50.') },
});

export const createImport = apiRoute({
  method: 'post',
  path: '/api/autodialer/campaigns/{id}/imports',
  summary: 'Begin an import',
  description:
    'Then send the file to `…/imports/{import_id}/file`, and watch or call off the import meanwhile.',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND', 'RATE_LIMITED'],
  request: {
    params: id,
    body: jsonRequest(
      z
        .strictObject({
          file_name: z.string().trim().min(1).max(200),
          size: z
            .number()
            .int()
            .min(0)
            .max(MOST_FILE_BYTES)
            .nullish()
            .openapi({ description: 'Bytes, for the progress.' }),
        })
        .openapi('CampaignImportCreate'),
      { file_name: 'leads.csv', size: 4_200_000 },
    ),
  },
  responses: { 201: json(Import, 'It waits for its file.') },
});

export const uploadFile = apiRoute({
  method: 'put',
  path: '/api/autodialer/campaigns/{id}/imports/{import_id}/file',
  summary: 'Send the file of an import',
  description:
    'CSV (`,`, `;` or tab; UTF-8 or what its byte order mark says) with a header. Columns: `number` (or phone, tel), `name`, ' +
    '`time_zone`, `consent`, `contact_id`, `company_id`, `note`; others are ignored. Read as it comes in; the answer comes when ' +
    `all of it is through, at most ${MOST_FILE_BYTES / 1_024 / 1_024} MiB. Sending the same rows again adds nothing.`,
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS', 'BODY_TOO_LARGE'],
  request: {
    params: ImportPath,
    body: { required: true, content: { 'text/csv': { schema: z.string().openapi({ format: 'binary' }) } } },
  },
  responses: { 200: json(Import, 'What became of its rows. `cancelled` when it was called off meanwhile.') },
});

export const showImport = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/imports/{import_id}',
  summary: 'How far an import is',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: { params: ImportPath },
  responses: { 200: json(Import, 'The import.') },
});

export const cancelImport = apiRoute({
  method: 'post',
  path: '/api/autodialer/campaigns/{id}/imports/{import_id}/cancel',
  summary: 'Call off an import, or undo it',
  description:
    'Rows not read yet are left out. With `undo` the leads that came with it and were never called are taken out again, also ' +
    'after it is done.',
  tags,
  access: 'campaign.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: ImportPath,
    body: jsonRequest(z.strictObject({ undo: z.boolean().default(false) }).openapi('CampaignImportCancel'), {
      undo: true,
    }),
  },
  responses: { 200: json(Import, 'The import.') },
});

export const problems = apiRoute({
  method: 'get',
  path: '/api/autodialer/campaigns/{id}/imports/{import_id}/problems',
  summary: 'Rows of an import that were not taken',
  description: 'By row. CSV with `Accept: text/csv`.',
  tags,
  access: 'campaign.view',
  errors: ['NOT_FOUND'],
  request: { params: ImportPath, query: z.object({ format, ...paged }) },
  responses: { 200: pageOrCsv(LeadProblem, 'Rows with why.', 'row,number,problem') },
});
