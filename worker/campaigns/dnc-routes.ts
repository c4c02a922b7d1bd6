/** Routes of the do-not-call list and of the daily cap per number. */
import { z } from '@hono/zod-openapi';
import { apiRoute, json, jsonRequest } from '../http/openapi';

const tags = ['Autodialer'];
const Number = z.string().trim().min(1).max(64);
/** Numbers of one file. */
export const MOST_FILE_BYTES = 16 * 1_024 * 1_024;

export const DncEntry = z
  .object({
    number: z.string(),
    reason: z.string().nullable(),
    by: z.string().openapi({ description: '`user:<id>`, `agent:<id>` or `import`.' }),
    created_at: z.iso.datetime(),
    until: z.iso.datetime().nullable().openapi({ description: 'Null: for good.' }),
  })
  .openapi('DoNotCall', {
    example: {
      number: '+375290000000',
      reason: 'asked not to be called',
      by: 'user:7d1c1c1e-0000-4000-8000-000000000012',
      created_at: '2026-11-20T09:00:00.000Z',
      until: null,
    },
  });

const Reason = z.string().trim().max(300).nullish();
const Until = z.iso.datetime({ offset: true }).nullish();

export const list = apiRoute({
  method: 'get',
  path: '/api/autodialer/do-not-call',
  summary: 'The do-not-call list',
  description: 'By number. CSV with `Accept: text/csv`: all that fit, streamed.',
  tags,
  access: 'dnc.view',
  request: {
    query: z.object({
      q: z
        .string()
        .trim()
        .max(100)
        .optional()
        .openapi({ description: 'Digits of the number, or a part of the reason.' }),
      format: z.enum(['json', 'csv']).optional(),
      cursor: z.string().max(80).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: {
      description: 'Entries.',
      content: {
        'application/json': {
          schema: z.object({
            items: z.array(DncEntry),
            next: z.string().nullable(),
            total: z.number().int(),
            version: z.number().int().openapi({ description: 'Grows with every change of the list.' }),
          }),
        },
        'text/csv': { schema: z.string(), example: 'number,reason,until,created_at,by' },
      },
    },
  },
});

export const add = apiRoute({
  method: 'post',
  path: '/api/autodialer/do-not-call',
  summary: 'Put a number on the do-not-call list',
  description:
    'No campaign dials it from the answer on. One that is on the list already gets the new reason and end.',
  tags,
  access: 'dnc.manage',
  request: {
    body: jsonRequest(
      z.strictObject({ number: Number, reason: Reason, until: Until }).openapi('DoNotCallAdd'),
      {
        number: '+375290000000',
        reason: 'asked not to be called',
      },
    ),
  },
  responses: { 200: json(DncEntry, 'On the list.') },
});

export const remove = apiRoute({
  method: 'delete',
  path: '/api/autodialer/do-not-call/{number}',
  summary: 'Take a number off the do-not-call list',
  tags,
  access: 'dnc.manage',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ number: Number.openapi({ example: '+375290000000' }) }) },
  responses: { 204: { description: 'Off the list.' } },
});

export const importFile = apiRoute({
  method: 'post',
  path: '/api/autodialer/do-not-call/import',
  summary: 'Put a file of numbers on the do-not-call list',
  description:
    'CSV with a header: `number` (or phone, tel), `reason`, `until`. Read as it comes in. Rows that are no phone number are told ' +
    'of, the rest is taken.',
  tags,
  access: 'dnc.manage',
  errors: ['INVALID_PARAMS', 'BODY_TOO_LARGE'],
  request: {
    body: { required: true, content: { 'text/csv': { schema: z.string().openapi({ format: 'binary' }) } } },
  },
  responses: {
    200: json(
      z
        .object({
          rows: z.number().int(),
          added: z.number().int(),
          changed: z.number().int(),
          invalid: z.number().int(),
          problems: z
            .array(z.object({ row: z.number().int(), number: z.string(), problem: z.string() }))
            .openapi({ description: 'The first 1,000.' }),
        })
        .openapi('DoNotCallImported'),
      'What became of the rows.',
      {
        rows: 3,
        added: 1,
        changed: 1,
        invalid: 1,
        problems: [{ row: 3, number: '12', problem: 'bad_number' }],
      },
    ),
  },
});

const Limits = z
  .object({
    calls_per_number_per_day: z
      .number()
      .int()
      .min(1)
      .max(100)
      .nullable()
      .openapi({ description: 'Of all campaigns together, by the day where the number is; null: no limit.' }),
  })
  .openapi('DialLimits', { example: { calls_per_number_per_day: 3 } });

export const limits = apiRoute({
  method: 'get',
  path: '/api/autodialer/limits',
  summary: 'Limits over all campaigns',
  tags,
  access: 'dnc.view',
  responses: { 200: json(Limits, 'The limits.') },
});

export const setLimits = apiRoute({
  method: 'put',
  path: '/api/autodialer/limits',
  summary: 'Set the limits over all campaigns',
  tags,
  access: 'dnc.manage',
  request: { body: jsonRequest(Limits, { calls_per_number_per_day: 3 }) },
  responses: { 200: json(Limits, 'As they are now.') },
});
