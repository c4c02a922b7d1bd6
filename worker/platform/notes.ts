import { z } from '@hono/zod-openapi';
import { auditOf } from '../http/audit';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { CallId, UserRef } from './call-schemas';
import { viewerOf } from './viewer';

const Text = z.string().trim().min(1).max(4_000);
const NoteId = z.uuid();

const Note = z
  .object({
    id: z.string(),
    call_id: z.string(),
    text: z.string(),
    timestamp: z.iso.datetime(),
    edited: z.iso.datetime().nullable(),
    user: UserRef,
  })
  .openapi('Note', {
    example: {
      id: 'b8c7f0de-0000-4000-8000-000000000001',
      call_id: 'c_01k73d5zq0a1b2c3d4',
      text: 'Wants a call on Monday.',
      timestamp: '2025-11-15T10:32:00.000Z',
      edited: null,
      user: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' },
    },
  });

const add = apiRoute({
  method: 'post',
  path: '/api/crm/note',
  summary: 'Write a note on a call',
  tags: ['CRM'],
  access: 'note.write',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(z.object({ call_id: CallId, text: Text }), {
      call_id: 'c_01k73d5zq0a1b2c3d4',
      text: 'Wants a call on Monday.',
    }),
  },
  responses: { 201: json(Note, 'The note.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/crm/notes/{call_id}',
  summary: 'Notes on a call',
  tags: ['CRM'],
  access: 'note.view',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ call_id: CallId }) },
  responses: { 200: json(z.object({ notes: z.array(Note) }), 'Oldest first.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/crm/note/{id}',
  summary: 'Change a note of one’s own',
  tags: ['CRM'],
  access: 'note.write',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: NoteId }),
    body: jsonRequest(z.object({ text: Text }), { text: 'On Tuesday.' }),
  },
  responses: { 200: json(Note, 'The note as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/crm/note/{id}',
  summary: 'Delete a note of one’s own',
  tags: ['CRM'],
  access: 'note.write',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: NoteId }) },
  responses: { 204: { description: 'It is gone.' } },
});

const refusal = (code: 'not_found' | 'not_yours' | 'too_many', what: 'call' | 'note'): PlatformError => {
  if (code === 'not_yours') return new PlatformError('PERMISSION_DENIED', 'Somebody else wrote this note.');
  if (code === 'too_many') {
    return new PlatformError('INVALID_PARAMS', 'This call has as many notes as one can have.');
  }
  return new PlatformError('NOT_FOUND', `No such ${what}.`);
};

/** `/api/crm/note…`: notes on calls, on those of others only for who may see them. */
export const notes = newApiApp();

notes.openapi(add, async (c) => {
  const { call_id: callId, text } = c.req.valid('json');
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const result = await hub.addNote({ callId, text, viewer: viewerOf(identity), now: Date.now() });
  if (!result.ok) throw refusal(result.code, 'call');
  await auditOf(c, 'note.create', result.note.id, null, { call_id: callId, text });
  return c.json(result.note, 201);
});

notes.openapi(list, async (c) => {
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const found = await hub.notes(c.req.valid('param').call_id, viewerOf(identity));
  if (!found) throw new PlatformError('NOT_FOUND', 'No such call.');
  return c.json({ notes: found }, 200);
});

notes.openapi(change, async (c) => {
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const input = { noteId: c.req.valid('param').id, text: c.req.valid('json').text };
  const result = await hub.changeNote({ ...input, viewer: viewerOf(identity), now: Date.now() });
  if (!result.ok) throw refusal(result.code, 'note');
  await auditOf(c, 'note.change', input.noteId, { text: result.before }, { text: input.text });
  return c.json(result.note, 200);
});

notes.openapi(remove, async (c) => {
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const input = { noteId: c.req.valid('param').id, viewer: viewerOf(identity), now: Date.now() };
  const result = await hub.deleteNote(input);
  if (!result.ok) throw refusal(result.code, 'note');
  await auditOf(c, 'note.delete', input.noteId, { text: result.before }, null);
  return c.body(null, 204);
});
