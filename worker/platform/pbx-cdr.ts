import { z } from '@hono/zod-openapi';
import type { CdrView } from '../../objects/call-hub/contract';
import { PlatformError } from '../http/errors';
import { prefersCsv, toCsv } from '../http/csv';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { CallId } from './call-schemas';
import { RecordingBody, recordingView } from './recordings';
import { rangeOfTime, TimeQuery } from './time-query';
import { viewerOf } from './viewer';

/** Rows of one CSV file. */
const MOST_ROWS = 10_000;
const CSV_PAGE = 1_000;

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
  description: `Of everybody’s calls. CSV with \`Accept: text/csv\`: the newest ${MOST_ROWS} that fit.`,
  tags: ['PBX'],
  access: 'call.view_all',
  request: {
    query: z.object({
      ...TimeQuery,
      cursor: z
        .string()
        .regex(/^\d{1,15}_\d{1,15}$/, 'not a cursor')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      format: z.enum(['json', 'csv']).optional(),
      number: z
        .string()
        .regex(/^\+?[0-9*#]{1,20}$/, 'not a number')
        .optional()
        .openapi({ description: 'Source or destination, all of its digits.' }),
    }),
  },
  responses: {
    200: {
      description: 'A page.',
      content: {
        'application/json': {
          schema: z.object({
            rows: z.array(CdrRow),
            next: z.string().nullable().openapi({ description: 'Give it as `cursor`; null: no older rows.' }),
          }),
        },
        'text/csv': { schema: z.string(), example: 'start,answer,end,source,destination,…' },
      },
    },
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
  const { cursor, limit, number, format, ...time } = c.req.valid('query');
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const query = { ...rangeOfTime(time), ...(number !== undefined && { number }) };
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    const rows: CdrView[] = [];
    for (let before: string | null | undefined; before !== null && rows.length < MOST_ROWS;) {
      const found = await hub.cdrPage({ ...query, limit: CSV_PAGE, ...(before !== undefined && { before }) });
      rows.push(...found.rows);
      before = found.next;
    }
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', 'attachment; filename="cdr.csv"');
    return c.body(csvOf(rows.slice(0, MOST_ROWS)), 200);
  }
  const found = await hub.cdrPage({ ...query, limit, ...(cursor !== undefined && { before: cursor }) });
  return c.json({ rows: found.rows.map(rowView), next: found.next }, 200);
});

const COLUMNS = [
  'start',
  'answer',
  'end',
  'source',
  'destination',
  'duration_sec',
  'billable_sec',
  'disposition',
  'channel',
  'dest_channel',
  'caller_id',
  'call_id',
  'uniqueid',
  'pbx',
] as const;

const csvOf = (rows: readonly CdrView[]): string =>
  toCsv([
    COLUMNS,
    ...rows.map((row) => {
      const shown = rowView(row);
      return COLUMNS.map((column) => shown[column]);
    }),
  ]);
