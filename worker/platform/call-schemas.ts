import { z } from '@hono/zod-openapi';
import { CALL_DIRECTIONS, CALL_OUTCOMES, CALL_SOURCES, CALL_STATUSES } from '../../objects/call-hub/contract';

export const CallId = z
  .string()
  .regex(/^c_[0-9a-z]{1,40}$/, 'not a call id')
  .openapi({ example: 'c_01k73d5zq0a1b2c3d4' });

export const UserRef = z
  .object({ id: z.string(), username: z.string(), name: z.string() })
  .openapi('UserRef', {
    example: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' },
  });

const example = {
  call_id: 'c_01k73d5zq0a1b2c3d4',
  source: 'phone',
  direction: 'out',
  number: '+375290000000',
  user: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' },
  extension: null,
  status: 'ended',
  outcome: 'answered',
  start_time: '2025-11-15T10:30:00.000Z',
  answer_time: '2025-11-15T10:30:09.000Z',
  end_time: '2025-11-15T10:31:09.000Z',
  duration: 60,
  device: { id: '0f0e0d0c-0000-4000-8000-000000000001', name: 'Phone of op12', simulator: false },
  slot: null,
  trunk: null,
  contact_id: null,
  company_id: null,
  note_count: 0,
  recording_count: 0,
} as const;

export const CallBody = z
  .object({
    call_id: z.string(),
    source: z.enum(CALL_SOURCES),
    direction: z.enum(CALL_DIRECTIONS),
    number: z.string(),
    user: z.union([UserRef, z.null()]),
    extension: z.string().nullable(),
    status: z.enum(CALL_STATUSES),
    outcome: z.enum(CALL_OUTCOMES).nullable(),
    start_time: z.iso.datetime(),
    answer_time: z.iso.datetime().nullable(),
    end_time: z.iso.datetime().nullable(),
    duration: z
      .number()
      .nullable()
      .openapi({ description: 'Talk seconds; null where nobody saw the answer.' }),
    device: z.object({ id: z.string(), name: z.string(), simulator: z.boolean() }).nullable(),
    slot: z.number().int().nullable(),
    trunk: z.string().nullable(),
    contact_id: z.string().nullable(),
    company_id: z.string().nullable(),
    note_count: z.number().int(),
    recording_count: z.number().int(),
  })
  .openapi('Call', { example });

export const CallDetailBody = CallBody.extend({
  states: z.array(z.object({ state: z.enum(CALL_STATUSES), at: z.iso.datetime(), by: z.string() })),
}).openapi('CallDetail', {
  example: { ...example, states: [{ state: 'queued', at: '2025-11-15T10:30:00.000Z', by: 'user:op12' }] },
});
