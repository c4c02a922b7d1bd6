import { z } from '@hono/zod-openapi';
import { DUPLICATE_RULES, IMPORT_STATES } from '../../objects/leads/contract';
import { CSV_LIMITS } from '../../objects/lib/csv-read';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { Person, SellerRef, StatusKey } from './schemas';

const id = z.object({ id: z.uuid().openapi({ example: '0f8fad5b-d9cb-469f-a165-70867728950e' }) });

export const Import = z
  .object({
    id: z.string(),
    state: z.enum(IMPORT_STATES).openapi({
      description:
        '`waiting` for its file; `interrupted`: the file stopped coming; `failed`: it could not be read to its end. Rows ' +
        'before that are in.',
    }),
    file_name: z.string().nullable(),
    size: z.number().int().nullable().openapi({ description: 'Bytes.' }),
    read: z.number().int().openapi({ description: 'Bytes read so far.' }),
    on_duplicate: z.enum(DUPLICATE_RULES),
    rows: z.number().int().openapi({ description: 'Rows read: the sum of the next four.' }),
    added: z.number().int(),
    merged: z.number().int().openapi({ description: 'Into leads that were there.' }),
    duplicates: z
      .number()
      .int()
      .openapi({ description: 'Of leads that were there, and nothing was changed.' }),
    bad: z.number().int(),
    problem: z
      .string()
      .nullable()
      .openapi({
        description:
          'Why a failed one stopped: `no_number_column`, `empty`, `not_text`, `unknown_charset`, `too_large`, ' +
          '`too_many_rows`, `too_many_columns`, `cell_too_long`, `unclosed_quote`.',
      }),
    problem_row: z.number().int().nullable(),
    by: Person.nullable(),
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .openapi('LeadImport', {
    example: {
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      state: 'done',
      file_name: 'fair.csv',
      size: 48_211,
      read: 48_211,
      on_duplicate: 'fill',
      rows: 1_000,
      added: 950,
      merged: 30,
      duplicates: 12,
      bad: 8,
      problem: null,
      problem_row: null,
      by: { id: '7d1c1c1e-0000-4000-8000-000000000001', username: 'admin', name: 'Admin' },
      started_at: '2025-11-15T10:30:00.000Z',
      finished_at: '2025-11-15T10:30:02.000Z',
    },
  });

export const start = apiRoute({
  method: 'post',
  path: '/api/crm/imports',
  summary: 'Begin an import of leads',
  description: 'Says how rows are taken; the file itself is sent to it next, within an hour.',
  tags: ['CRM'],
  access: 'lead.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        file_name: z.string().trim().max(200).optional(),
        size: z.int().min(0).optional(),
        on_duplicate: z.enum(DUPLICATE_RULES).default('refuse'),
        status: StatusKey.optional().openapi({ description: 'Of rows that don’t say.' }),
        assigned_seller: SellerRef.optional().openapi({
          description: 'Of rows that don’t say.',
          example: undefined,
        }),
        source: z.string().trim().min(1).max(200).optional(),
      }),
      { file_name: 'fair.csv', on_duplicate: 'fill', source: 'Fair' },
    ),
  },
  responses: { 201: json(Import, 'It waits for its file.') },
});

const MEGABYTES = CSV_LIMITS.bytes / 1_024 / 1_024;

export const send = apiRoute({
  method: 'post',
  path: '/api/crm/imports/{id}/file',
  summary: 'Send an import its file',
  description:
    `CSV with a header, read as it comes: commas, semicolons or tabs; UTF-8, or the \`charset\` of the content type; at ` +
    `most ${MEGABYTES} MiB and ${(CSV_LIMITS.rows - 1).toLocaleString('en')} rows. Only the number’s column is needed; ` +
    'columns that are no field are kept by their names. Answers when the last row is in; see its progress meanwhile by ' +
    'asking for the import.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    body: {
      required: true,
      content: {
        'text/csv': { schema: z.string(), example: 'number,name,city\n+375290000001,Ann Example,Minsk\n' },
      },
    },
  },
  responses: { 200: json(Import, 'How it ended.') },
});

export const show = apiRoute({
  method: 'get',
  path: '/api/crm/imports/{id}',
  summary: 'How far an import is',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Import, 'The import.') },
});

export const list = apiRoute({
  method: 'get',
  path: '/api/crm/imports',
  summary: 'Imports of leads',
  description: 'Kept for 90 days.',
  tags: ['CRM'],
  access: 'lead.manage',
  request: {
    query: z.object({
      cursor: z.string().max(20).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(20),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(Import), next: z.string().nullable() }), 'Newest first.'),
  },
});

export const cancel = apiRoute({
  method: 'post',
  path: '/api/crm/imports/{id}/cancel',
  summary: 'Cancel an import',
  description: 'No further row is taken. Those that are in stay. One that is over stays as it is.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Import, 'As it is now.') },
});

const PROBLEM = { row: 7, code: 'bad_number', detail: 'n/a' };
export const REPORT_HEAD = ['row', 'code', 'detail'] as const;

export const report = apiRoute({
  method: 'get',
  path: '/api/crm/imports/{id}/problems',
  summary: 'Rows that an import did not take',
  description:
    '`detail` is what stood there, of a `duplicate` the id of the lead it is one of. At most 20,000 are kept: `cut` says ' +
    'that there were more. CSV with `Accept: text/csv`.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    query: z.object({
      cursor: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: {
      description: 'In the order of the file.',
      content: {
        'application/json': {
          schema: z.object({
            items: z.array(
              z.object({ row: z.number().int(), code: z.string(), detail: z.string().nullable() }),
            ),
            next: z.number().int().nullable(),
            cut: z.boolean(),
          }),
          example: { items: [PROBLEM], next: null, cut: false },
        },
        'text/csv': { schema: z.string(), example: 'row,code,detail\r\n7,bad_number,n/a\r\n' },
      },
    },
  },
});
