import { z } from '@hono/zod-openapi';
import type { RouteConfig } from '@hono/zod-openapi';
import type { Action } from '../auth/permissions';
import type { PlatformErrorCode } from '../http/errors';
import { apiRoute } from '../http/openapi';
import { OperatorsErrorBody } from './errors';
import type { OperatorRow } from '../../objects/lib/telephony/telephony';

export const Uuid = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, dashes')
  .openapi({ example: '1f0a2b3c-0000-4000-8000-000000000001' });
export const Queue = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not a name of a queue')
  .openapi({ example: 'support' });
export const Queues = z.array(Queue).max(50);
const Extension = z
  .string()
  .regex(/^[0-9]{2,8}$/, 'digits')
  .openapi({ example: '7001' });
const Word = z.string().trim().min(1).max(120);

/** What can be said of an operator. */
export const OperatorFields = {
  login: Word.openapi({ example: 'op14' }),
  full_name: Word.openapi({ example: 'Olga Petrova' }),
  user_id: z.string().max(64).nullable().optional(),
  cc_id: Word.nullable().optional(),
  agent_id: Word.nullable().optional(),
  extension: Extension.nullable().optional(),
  queues: Queues.optional(),
};

export const Operator = z
  .object({
    yandex_uuid: Uuid,
    login: z.string(),
    full_name: z.string(),
    user_id: z.string().nullable(),
    cc_id: z.string().nullable(),
    agent_id: z.string().nullable(),
    extension: z.string().nullable(),
    queues: z.array(z.string()),
    in_telephony: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi('Operator');

export const operatorView = (row: OperatorRow): z.infer<typeof Operator> => ({
  yandex_uuid: row.yandexUuid,
  login: row.login,
  full_name: row.fullName,
  user_id: row.userId,
  cc_id: row.ccId,
  agent_id: row.agentId,
  extension: row.extension,
  queues: row.queues,
  in_telephony: row.inTelephony,
  created_at: new Date(row.createdAt).toISOString(),
  updated_at: new Date(row.updatedAt).toISOString(),
});

export const QueueState = z
  .object({ queue: z.string(), connected: z.boolean(), paused: z.boolean(), priority: z.number().int() })
  .openapi('OperatorQueue');

export const QueueOutcome = z
  .object({
    queue: z.string(),
    ok: z.boolean(),
    status: z.number().int(),
    code: z.string().nullable(),
    message: z.string().nullable(),
  })
  .openapi('OperatorQueueOutcome');

const Standing = z.object({
  connected: z.boolean(),
  paused: z.boolean(),
  priority: z.number().int(),
  reason: z.string().nullable(),
  at: z.string(),
});

/** What an operator does, in all and in each queue. */
export const Line = z
  .object({
    state: z.enum(['off', 'line', 'paused']),
    reason: z.string().nullable(),
    since: z.string().nullable(),
    cause: z.enum(['asked', 'telephony', 'rule']).nullable(),
    actor: z.string().nullable().openapi({ description: 'Id of the user who asked for it.' }),
    missed: z.number().int().openapi({ description: 'Calls in a row that rang in vain.' }),
    drift: z.boolean().openapi({ description: 'Telephony does something else than was asked for.' }),
    queues: z.array(
      z.object({
        queue: z.string(),
        desired: Standing.nullable(),
        seen: Standing.extend({ device: z.string().nullable() }).nullable(),
        drift: z.boolean(),
      }),
    ),
  })
  .openapi('OperatorLine');

const Priority = z.number().int().openapi({ description: 'Lower is asked first.' });

export const QueueMembers = z
  .object({
    queue: z.string(),
    levels: z
      .array(z.object({ priority: Priority, there: z.number().int(), free: z.number().int() }))
      .openapi({ description: 'How many are on the line and not paused, and whose phone could ring now.' }),
    members: z
      .array(
        z.object({
          yandex_uuid: z.string(),
          full_name: z.string(),
          priority: Priority,
          phone: z.enum(['free', 'busy', 'away']),
        }),
      )
      .openapi({ description: 'The first 50 of them, in the order of their priority.' }),
  })
  .openapi('OperatorQueueMembers');

interface Extras {
  access: Action;
  errors?: readonly PlatformErrorCode[];
  bodyLimit?: number;
}

/** A route of `/callcenter_operators`: as `apiRoute`, with refusals as `{code, message}`. */
export const operatorsRoute = <
  P extends string,
  R extends Omit<RouteConfig, 'path' | 'middleware' | 'tags'> & { path: P } & Extras,
>(
  config: R,
) => apiRoute<P, R & { tags: string[] }>({ ...config, tags: ['Operators'], errorBody: OperatorsErrorBody });
