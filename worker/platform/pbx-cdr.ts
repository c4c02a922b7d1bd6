import { z } from '@hono/zod-openapi';
import type { CdrView } from '../../objects/call-hub/contract';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { CallId } from './call-schemas';
import { RecordingBody, recordingView } from './recordings';
import { viewerOf } from './viewer';

const CdrRow = z
  .object({
    call_id: z.string(),
    pbx: z.string(),
    uniqueid: z.string(),
    linkedid: z.string(),
    channel: z.string(),
    dest_channel: z.string(),
    source: z.string(),
    destination: z.string(),
    context: z.string(),
    caller_id: z.string(),
    start: z.iso.datetime(),
    answer: z.iso.datetime().nullable(),
    end: z.iso.datetime(),
    duration_sec: z.number().int(),
    billable_sec: z.number().int(),
    disposition: z.string().openapi({ example: 'ANSWERED' }),
    last_application: z.string(),
  })
  .openapi('CdrRow');

const Cdr = z
  .object({
    call_id: z.string(),
    start: z.iso.datetime(),
    answer: z.iso.datetime().nullable(),
    end: z.iso.datetime().nullable(),
    duration_sec: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'From the beginning to the end; null while it goes on.' }),
    billable_sec: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Of talk with the customer; null where nobody saw the answer.' }),
    disposition: z.enum(['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED']).nullable().openapi({
      description: 'Of the whole call; null while it goes on or where nothing says how it ended.',
    }),
    recordings: z.array(RecordingBody),
    rows: z.array(CdrRow).openapi({
      description: 'As Asterisk wrote them: one per pair of channels, how many varies from call to call.',
    }),
  })
  .openapi('Cdr');

const one = apiRoute({
  method: 'get',
  path: '/api/pbx/cdr/{id}',
  summary: 'The CDR of a call',
  tags: ['PBX'],
  access: 'pbx.view',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: CallId }) },
  responses: { 200: json(Cdr, 'Times, durations and recordings of the call, and the rows themselves.') },
});

const page = apiRoute({
  method: 'get',
  path: '/api/pbx/cdr',
  summary: 'CDR rows, newest first',
  description: 'Of everybody’s calls.',
  tags: ['PBX'],
  access: 'call.view_all',
  request: {
    query: z.object({
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'not a cursor')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      number: z
        .string()
        .regex(/^\+?[0-9*#]{1,20}$/, 'not a number')
        .optional()
        .openapi({ description: 'Source or destination, all of its digits.' }),
    }),
  },
  responses: {
    200: json(
      z.object({
        rows: z.array(CdrRow),
        next: z.string().nullable().openapi({ description: 'Give it as `cursor`; null: no older rows.' }),
      }),
      'A page.',
    ),
  },
});

/** `/api/pbx/cdr…`. */
export const pbxCdr = newApiApp();

const iso = (at: number): string => new Date(at).toISOString();

const rowView = (row: CdrView): z.infer<typeof CdrRow> => ({
  ...row,
  start: iso(row.start),
  answer: row.answer === null ? null : iso(row.answer),
  end: iso(row.end),
});

const DISPOSITIONS = {
  answered: 'ANSWERED',
  no_answer: 'NO ANSWER',
  cancelled: 'NO ANSWER',
  busy: 'BUSY',
  rejected: 'BUSY',
  failed: 'FAILED',
} as const;

pbxCdr.openapi(one, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const viewer = viewerOf(identity);
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const [call, rows, recordings] = await Promise.all([
    hub.call(id, viewer),
    hub.cdr(id, viewer),
    hub.recordings(id, viewer),
  ]);
  if (!call || !rows || !recordings) throw new PlatformError('NOT_FOUND', 'No such call.');
  const { start_time: start, answer_time: answer, end_time: end, outcome } = call;
  return c.json(
    {
      call_id: id,
      start,
      answer,
      end,
      duration_sec: end === null ? null : Math.round((Date.parse(end) - Date.parse(start)) / 1000),
      billable_sec: call.duration,
      disposition: outcome === null ? null : DISPOSITIONS[outcome],
      recordings: recordings.map(recordingView),
      rows: rows.map(rowView),
    },
    200,
  );
});

pbxCdr.openapi(page, async (c) => {
  const { identity } = c.var;
  const { cursor, limit, number } = c.req.valid('query');
  const found = await c.env.CALL_HUB.getByName(identity.tenantId).cdrPage({
    limit,
    ...(cursor !== undefined && { before: cursor }),
    ...(number !== undefined && { number }),
  });
  return c.json({ rows: found.rows.map(rowView), next: found.next }, 200);
});
