/** Shapes of `/api/gacs/…`: GUI scripts and their runs. Steps of a run are counted from 1. */
import { z } from '@hono/zod-openapi';
import { Script, ScriptParam, ScriptStep } from '../../bridge/protocol/slots';
import { Person, time } from './schema';

const person = z.union([Person, z.null()]);

export const RunId = z
  .string()
  .regex(/^gacs_[0-9]{1,10}_[0-9]{1,15}$/, 'not a run id')
  .openapi({ example: 'gacs_1_001' });
export const ScriptName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,59}$/, 'lower case letters, digits and underscores')
  .openapi({ example: 'telegram_call' });

/** What a client sends; the same schema as both ends of the tunnel use. */
export const ScriptInput = Script.openapi('Script', {
  example: {
    name: 'open_dialer',
    title: 'Open the dialer with a number',
    params: [{ name: 'number', type: 'phone', required: true }],
    steps: [
      { do: 'intent', action: 'android.intent.action.DIAL', data: 'tel:{{number}}' },
      { do: 'wait_for', target: { text: '{{number}}' }, within_ms: 5_000 },
    ],
  },
});

export const ScriptBody = z
  .object({
    name: z.string(),
    title: z.string(),
    params: z.array(ScriptParam),
    steps: z.array(ScriptStep),
    shipped: z.boolean().openapi({ description: 'Part of the product: can be run and copied, not changed.' }),
    needs_shell: z.boolean().openapi({ description: 'Has `shell` steps: asks for `slot.shell`.' }),
    updated_at: time.nullable(),
    updated_by: person,
  })
  .openapi('StoredScript');
export const ScriptListBody = z.object({ items: z.array(ScriptBody) }).openapi('StoredScripts');

export const ScriptCheckBody = z
  .object({
    ok: z.boolean(),
    problems: z.record(z.string(), z.array(z.string())).openapi({
      description: 'By field, dotted; positions in lists from 0.',
      example: { 'steps.2.ms': ['Too small: expected number to be >=1'] },
    }),
  })
  .openapi('ScriptCheck');

export const RunBody = z
  .object({
    script_id: z.string(),
    script: z.string(),
    slot: z.int(),
    params: z.record(z.string(), z.string()),
    user: person,
    status: z.enum(['executing', 'ok', 'failed', 'stopped']),
    current_step: z.int().openapi({ description: 'The one that runs, or ended it; 0 before the first.' }),
    step_count: z.int(),
    steps: z.array(
      z.object({
        n: z.int(),
        do: z.string(),
        state: z.enum(['waiting', 'running', 'ok', 'failed', 'skipped']),
        ms: z.int().nullable(),
        message: z.string().nullable(),
        screenshot: z.string().nullable().openapi({
          description: 'Path of the picture.',
          example: '/api/gacs/runs/gacs_1_001/steps/2/screenshot',
        }),
      }),
    ),
    error: z.string().nullable(),
    started_at: time,
    ended_at: time.nullable(),
  })
  .openapi('ScriptRun');
export const RunListBody = z.object({ items: z.array(RunBody) }).openapi('ScriptRuns');

export const RunStart = z
  .strictObject({
    slot_id: z.union([z.literal('AUTO'), z.int().min(1).max(2_147_483_647)]),
    script: ScriptName,
    params: z
      .record(z.string().max(40), z.union([z.string().max(1_000), z.number()]))
      .default({})
      .openapi({ example: { number: '+375290000000' } }),
  })
  .openapi('ScriptStart');
