/** Bodies of imports and of what was not taken. */
import { z } from '@hono/zod-openapi';
import { IMPORT_STATES, LEAD_PROBLEMS } from '../../objects/campaign/contract';

const when = z.iso.datetime();
const count = z.number().int();
const UUID = '7d1c1c1e-0000-4000-8000-000000000012';

export const LeadProblem = z
  .object({
    row: count.openapi({ description: 'Row of the file, or place in the list from 1.' }),
    number: z.string(),
    problem: z.enum(LEAD_PROBLEMS),
  })
  .openapi('LeadProblem', { example: { row: 3, number: '12', problem: 'bad_number' } });

export const Counts = {
  received: count,
  added: count,
  duplicates: count,
  invalid: count,
  do_not_call: count,
};

export const Import = z
  .object({
    id: z.string(),
    state: z.enum(IMPORT_STATES),
    file_name: z.string(),
    size: count.nullable(),
    bytes_read: count,
    rows: count,
    added: count,
    duplicates: count,
    invalid: count,
    do_not_call: count,
    undone: count,
    error: z.string().nullable(),
    created_at: when,
    ended_at: when.nullable(),
    by: z.string(),
    list_version: count,
  })
  .openapi('CampaignImport', {
    example: {
      id: '2',
      state: 'running',
      file_name: 'leads.csv',
      size: 4_200_000,
      bytes_read: 2_100_000,
      rows: 50_000,
      added: 49_100,
      duplicates: 600,
      invalid: 298,
      do_not_call: 2,
      undone: 0,
      error: null,
      created_at: '2026-11-20T09:00:00.000Z',
      ended_at: null,
      by: UUID,
      list_version: 2,
    },
  });
