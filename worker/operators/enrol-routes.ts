/** What there is to ask of the enrolment of all operators. */
import { z } from '@hono/zod-openapi';
import { json, jsonRequest } from '../http/openapi';
import { conflict } from './errors';
import { operatorsRoute } from './schemas';

const ROOT = '/callcenter_operators/v1/admin/enrolments';
const runId = '3c1d2e4f-0000-4000-8000-000000000001';
const params = z.object({ id: z.string().min(1).max(64).openapi({ example: runId }) });

const RESULTS = ['pending', 'added', 'already', 'failed', 'gone'] as const;
const Result = z.enum(RESULTS).openapi({
  description:
    '`added`: has an account now; `already`: had one; `gone`: the operator was deleted meanwhile; `pending`: not asked for yet.',
});
const Problem = z.object({ code: z.string(), message: z.string() }).nullable();

export const Enrolment = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'done', 'halted', 'stopped']).openapi({
      description:
        '`running`: it goes on by itself; `done`: everybody has a result; `halted`: telephony can’t be reached or can’t do it, see `problem`; `stopped`: by a person. The last two can be resumed, and `done` as well where some failed.',
    }),
    include: z.enum(['missing', 'all']),
    by: z.string().nullable().openapi({ description: 'Name of who started or resumed it.' }),
    started_at: z.string(),
    finished_at: z.string().nullable(),
    total: z.number().int(),
    counts: z.object({
      pending: z.number().int(),
      added: z.number().int(),
      already: z.number().int(),
      failed: z.number().int(),
      gone: z.number().int(),
    }),
    problem: Problem.openapi({ description: 'Why it waits, or was halted.' }),
    waits_until: z.string().nullable().openapi({ description: 'When telephony is asked again.' }),
  })
  .openapi('OperatorEnrolment');

export const EnrolmentItem = z
  .object({
    n: z.number().int(),
    yandex_uuid: z.string(),
    login: z.string(),
    full_name: z.string(),
    extension: z.string().nullable(),
    result: Result,
    problem: Problem,
    tries: z.number().int().openapi({ description: 'How often telephony was away when it was asked for.' }),
    at: z.string().nullable(),
  })
  .openapi('OperatorEnrolmentItem');

export const start = operatorsRoute({
  method: 'post',
  path: ROOT,
  summary: 'Put all operators into telephony',
  description:
    'Goes on by itself, also through restarts. Repeating it is harmless: while one goes on that one is answered (`joined`).',
  access: 'operator.manage',
  bodyOptional: true,
  request: {
    body: jsonRequest(
      z.strictObject({
        include: z.enum(['missing', 'all']).optional().openapi({
          description:
            '`missing` (the default): those without an account. `all`: those with one as well, for a telephony that lost accounts.',
        }),
      }),
      { include: 'missing' },
    ),
  },
  responses: {
    200: json(z.object({ enrolment: Enrolment, joined: z.boolean() }), 'The one that goes on now.'),
  },
});

export const list = operatorsRoute({
  method: 'get',
  path: ROOT,
  summary: 'Enrolments',
  access: 'operator.manage',
  responses: { 200: json(z.object({ enrolments: z.array(Enrolment) }), 'The newest first, 50 at most.') },
});

export const show = operatorsRoute({
  method: 'get',
  path: `${ROOT}/{id}`,
  summary: 'How far an enrolment is',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: { 200: json(Enrolment, 'As it is now.') },
});

export const REPORT_HEAD = [
  'yandex_uuid',
  'login',
  'full_name',
  'extension',
  'result',
  'code',
  'message',
  'at',
] as const;

export const report = operatorsRoute({
  method: 'get',
  path: `${ROOT}/{id}/report`,
  summary: 'What became of each operator',
  description: 'With `Accept: text/csv` or `format=csv` the whole report as a file.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    params,
    query: z.object({
      result: z.enum(RESULTS).optional().openapi({ example: 'failed' }),
      after: z.coerce.number().int().min(0).default(0).openapi({ description: '`next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      format: z
        .enum(['json', 'csv'])
        .optional()
        .openapi({ description: 'Before `Accept`, for clients that can’t set it.' }),
    }),
  },
  responses: {
    200: {
      description: 'By id; or the file.',
      content: {
        'application/json': {
          schema: z.object({ items: z.array(EnrolmentItem), next: z.number().int().nullable() }),
        },
        'text/csv': { schema: z.string(), example: REPORT_HEAD.join(',') },
      },
    },
  },
});

export const stop = operatorsRoute({
  method: 'post',
  path: `${ROOT}/{id}/stop`,
  summary: 'Stop an enrolment',
  description: 'Whoever is asked for now still gets an account. Repeating it is harmless.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: {
    200: json(Enrolment, 'As it is now; one that was over stays as it was.'),
  },
});

export const resume = operatorsRoute({
  method: 'post',
  path: `${ROOT}/{id}/resume`,
  summary: 'Go on with who was left and who failed',
  description: 'One that waits for telephony asks it at once. Repeating it is harmless.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: {
    200: json(Enrolment, 'As it is now.'),
    409: conflict(
      'Nobody is left, or another one goes on (`ENROLMENT_RUNNING`).',
      'NOTHING_LEFT',
      'Nobody is left: start another enrolment.',
    ),
  },
});
