/** Who the operators are, as pages and as a file. */
import { z } from '@hono/zod-openapi';
import type { OperatorRow } from '../../objects/lib/telephony/telephony';
import { prefersCsv, streamCsv } from '../http/csv';
import { newApiApp } from '../http/openapi';
import { dbOf } from './room';
import { Operator, operatorsRoute, operatorView } from './schemas';
import { operatorsOf } from './store';

const CSV_HEAD = [
  'yandex_uuid',
  'login',
  'full_name',
  'user_id',
  'cc_id',
  'agent_id',
  'extension',
  'queues',
  'in_telephony',
  'created_at',
  'updated_at',
];

const list = operatorsRoute({
  method: 'get',
  path: '/callcenter_operators/v1/admin/operators/',
  summary: 'Operators',
  description: 'With `Accept: text/csv` or `format=csv` all that fit, as a file made while it is read.',
  access: 'operator.view',
  request: {
    query: z.object({
      q: z.string().trim().min(1).max(100).optional(),
      in_telephony: z.enum(['true', 'false', '1', '0']).optional(),
      cursor: z.string().max(64).optional(),
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
          schema: z.object({ operators: z.array(Operator), next: z.string().nullable() }),
        },
        'text/csv': { schema: z.string(), example: CSV_HEAD.join(',') },
      },
    },
  },
});

/** `GET /v1/admin/operators/`. */
export const lists = newApiApp();

lists.openapi(list, async (c) => {
  const { q, in_telephony, cursor, limit, format } = c.req.valid('query');
  const read = (after: string | undefined, most: number) =>
    operatorsOf(dbOf(c), c.var.identity.tenantId, {
      limit: most,
      ...(q !== undefined && { q }),
      ...(after !== undefined && { cursor: after }),
      ...(in_telephony !== undefined && { inTelephony: ['true', '1'].includes(in_telephony) }),
    });
  c.header('Vary', 'Accept');
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', 'attachment; filename="operators.csv"');
    return c.body(csvOf(read), 200);
  }
  const rows = await read(cursor, limit + 1);
  const page = rows.slice(0, limit);
  const next = rows.length > limit ? (page.at(-1)?.yandexUuid ?? null) : null;
  return c.json({ operators: page.map(operatorView), next }, 200);
});

/** Rows a file is read by. */
const CSV_PAGE = 500;

function csvOf(
  read: (after: string | undefined, most: number) => Promise<OperatorRow[]>,
): ReadableStream<Uint8Array> {
  let after: string | undefined;
  let ended = false;
  return streamCsv(CSV_HEAD, async () => {
    if (ended) return null;
    const rows = await read(after, CSV_PAGE);
    ended = rows.length < CSV_PAGE;
    after = rows.at(-1)?.yandexUuid;
    return rows.map((row) => {
      const { queues, in_telephony, created_at, updated_at, ...view } = operatorView(row);
      const { yandex_uuid, login, full_name, user_id, cc_id, agent_id, extension } = view;
      return [
        yandex_uuid,
        login,
        full_name,
        user_id,
        cc_id,
        agent_id,
        extension,
        queues.join(' '),
        String(in_telephony),
        created_at,
        updated_at,
      ];
    });
  });
}
