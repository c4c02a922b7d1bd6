/** What the signed-in user's own bar of the line shows. */
import { z } from '@hono/zod-openapi';
import { lineOf } from '../../objects/operator-desk/contract';
import { json, newApiApp } from '../http/openapi';
import { dbOf, deskOf, deskRow } from './room';
import { Line, operatorsRoute, QueueMembers } from './schemas';
import { operatorOfUser, settingsOf } from './store';

const Mine = z
  .object({
    ...Line.shape,
    yandex_uuid: z.string(),
    user_id: z.string().nullable(),
    login: z.string(),
    full_name: z.string(),
    extension: z.string().nullable(),
    in_telephony: z.boolean(),
    assigned: z
      .array(z.string())
      .openapi({ description: 'The queues to work in, whether on the line there or not.' }),
  })
  .openapi('OperatorMine');

const mine = operatorsRoute({
  method: 'get',
  path: '/callcenter_operators/v1/operator/mine',
  summary: 'The operator one is, with state, queues and who is in them',
  description:
    'From what is known here: telephony is not asked. Changes come over the live socket, as `operator.update` (the ' +
    'fields of `operator` but login, in_telephony and assigned) and `queue.update` (an element of `queues`).',
  access: 'operator.line',
  responses: {
    200: json(
      z.object({
        operator: z.union([Mine, z.null()]),
        queues: z.array(QueueMembers),
        pause_reasons: z.array(z.string()).openapi({ description: 'Empty: any words will do.' }),
        softphone_server: z.string().nullable().openapi({ description: 'Where the softphone registers.' }),
        told_live: z.boolean().openapi({
          description: 'Whether telephony tells of changes by itself; else only asking (status) shows them.',
        }),
      }),
      '`operator` is null for who is none.',
    ),
  },
});

/** `GET /v1/operator/mine`. */
export const own = newApiApp();

own.openapi(mine, async (c) => {
  const db = dbOf(c);
  const { tenantId, userId } = c.var.identity;
  const [row, settings] = await Promise.all([operatorOfUser(db, tenantId, userId), settingsOf(db, tenantId)]);
  const about = {
    pause_reasons: settings.pauseReasons ?? [],
    softphone_server: settings.softphoneServer ?? null,
    told_live: settings.driver !== 'cipt',
  };
  c.header('Cache-Control', 'no-store');
  if (row === null) return c.json({ operator: null, queues: [], ...about }, 200);
  const { view, queues } = await deskOf(c).mine(deskRow(row));
  const { yandexUuid, login, fullName, extension, inTelephony } = row;
  const operator = {
    yandex_uuid: yandexUuid,
    user_id: userId,
    login,
    full_name: fullName,
    extension,
    in_telephony: inTelephony,
    assigned: row.queues,
    ...lineOf(view),
  };
  return c.json({ operator, queues, ...about }, 200);
});
