import { z } from '@hono/zod-openapi';
import type { RecordingView } from '../../objects/call-hub/contract';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { CallBody, CallId } from './call-schemas';
import { sendRecording } from '../http/recording-file';
import { rangeOfTime, TimeQuery } from './time-query';
import { viewerOf } from './viewer';

export const RecordingBody = z
  .object({
    id: z.string(),
    call_id: z.string(),
    size: z.number().int().openapi({ description: 'Bytes' }),
    type: z.string().openapi({ example: 'audio/wav' }),
    sha256: z.string(),
    at: z.iso.datetime().openapi({ description: 'When it arrived here.' }),
    url: z.string().openapi({ description: 'Of the file, on this origin.' }),
  })
  .openapi('Recording');

export const recordingView = (recording: RecordingView): z.infer<typeof RecordingBody> => ({
  ...recording,
  url: `/api/call/${recording.call_id}/recordings/${recording.id}`,
});

const list = apiRoute({
  method: 'get',
  path: '/api/call/{id}/recordings',
  summary: 'Recordings of a call',
  tags: ['Calls'],
  access: 'recording.listen',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: CallId }) },
  responses: { 200: json(z.object({ recordings: z.array(RecordingBody) }), 'Oldest first.') },
});

const file = apiRoute({
  method: 'get',
  path: '/api/call/{id}/recordings/{rid}',
  summary: 'A recording',
  description:
    'The file, streamed. `Range` of one part is answered with 206, so that a player may jump; one outside of the file with ' +
    '416 and its length in `Content-Range`.',
  tags: ['Calls'],
  access: 'recording.listen',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: CallId, rid: z.uuid() }),
    query: z.object({
      download: z.enum(['0', '1']).optional().openapi({ description: '1: to be saved, not played.' }),
    }),
  },
  responses: {
    200: { description: 'The whole file.', content: { 'audio/wav': { schema: z.string() } } },
    206: { description: 'The part asked for.' },
    416: { description: 'The part is outside of the file; its length is in `Content-Range`.' },
  },
});

const everything = apiRoute({
  method: 'get',
  path: '/api/pbx/recordings',
  summary: 'Recordings with their calls, newest first',
  description: 'Of everybody’s calls.',
  tags: ['PBX'],
  access: 'call.view_all',
  request: {
    query: z.object({
      ...TimeQuery,
      cursor: z
        .string()
        .regex(/^\d{1,15}_[0-9a-f-]{36}$/, 'not a cursor')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(
      z.object({
        items: z.array(z.object({ recording: RecordingBody, call: CallBody })),
        next: z.string().nullable(),
      }),
      'A page.',
    ),
  },
});

/** `/api/call/{id}/recordings…`. */
export const recordings = newApiApp();

recordings.openapi(list, async (c) => {
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const found = await hub.recordings(c.req.valid('param').id, viewerOf(identity));
  if (!found) throw new PlatformError('NOT_FOUND', 'No such call.');
  return c.json({ recordings: found.map(recordingView) }, 200);
});

recordings.openapi(everything, async (c) => {
  const { identity } = c.var;
  if (!identity.permissions.has('recording.listen'))
    throw new PlatformError('PERMISSION_DENIED', 'Your role does not allow recording.listen.');
  const { cursor, limit, ...time } = c.req.valid('query');
  const found = await c.env.CALL_HUB.getByName(identity.tenantId).recordingPage({
    ...rangeOfTime(time),
    limit,
    ...(cursor !== undefined && { before: cursor }),
  });
  const items = found.items.map(({ recording, call }) => ({ recording: recordingView(recording), call }));
  return c.json({ items, next: found.next }, 200);
});

recordings.openapi(file, async (c) => {
  const { identity } = c.var;
  const { id, rid } = c.req.valid('param');
  const blob = await c.env.CALL_HUB.getByName(identity.tenantId).recordingBlob(id, rid, viewerOf(identity));
  if (!blob) throw new PlatformError('NOT_FOUND', 'No such recording.');
  const sent = await sendRecording(c.env, c.req.header('range'), {
    ...blob,
    callId: id,
    recordingId: rid,
    save: c.req.valid('query').download === '1',
  });
  if (!sent) throw new PlatformError('NOT_FOUND', 'The file of the recording is gone.');
  return sent;
});
