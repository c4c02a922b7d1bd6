import { z } from '@hono/zod-openapi';
import { phoneShard } from '../../../objects/lib/names';
import { COMMAND_STATES, type CommandsQuery, type CommandView } from '../../../objects/phone-queue/contract';
import { openDb } from '../../db';
import { recordAudit } from '../../http/audit';
import { clientAddress } from '../../http/client-address';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { queueOf, queueOfShard } from '../queue';
import { iso, isoOrNull, people, seesAll, shardsInUse, visibleDevice, type PersonView } from './directory';
import { CancelledCommand, type Command, CommandList } from './schema';
import { mergePages, readCursor } from './shard-pages';

const list = apiRoute({
  method: 'get',
  path: '/api/phones/commands',
  summary: 'Commands for phones, newest first',
  description: 'One’s own; with `phone.view` everybody’s, or of one `user` or one phone.',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND'],
  request: {
    query: z.object({
      user: z.string().min(1).max(64).optional().openapi({ description: 'User id' }),
      device: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .openapi({ description: 'Phone id: aimed at it or taken by it' }),
      state: z.enum(COMMAND_STATES).optional(),
      cursor: z.string().max(16_384).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(CommandList, 'A page of commands.') },
});

const cancel = apiRoute({
  method: 'post',
  path: '/api/phones/commands/{id}/cancel',
  summary: 'Take back a command no phone has got yet',
  description: 'Cancelling twice is not an error. Somebody else’s command asks for `phone.manage`.',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: z.uuid() }) },
  responses: {
    200: json(CancelledCommand, 'It will not ring.', {
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      state: 'cancelled',
    }),
  },
});

export const commands = newApiApp();

commands.openapi(list, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('query');
  const db = openDb(c.env.DB);
  const mine = !seesAll(identity);
  // Another's commands look like those of a user who has none.
  if (mine && asked.user !== undefined && asked.user !== identity.userId)
    return c.json({ items: [], next: null }, 200);
  const device = asked.device === undefined ? null : await visibleDevice(db, identity, asked.device);
  const userId = device?.userId ?? (mine ? identity.userId : asked.user);
  if (asked.user !== undefined && userId !== asked.user) return c.json({ items: [], next: null }, 200);
  const cursors = readCursor(asked.cursor);
  if (cursors === null) throw badCursor();
  const query: Omit<CommandsQuery, 'cursor'> = {
    limit: asked.limit,
    ...(userId !== undefined && { userId }),
    ...(device !== null && { deviceRowId: device.id }),
    ...(asked.state !== undefined && { state: asked.state }),
  };
  const { tenant } = identity;
  const page = await mergePages<CommandView>({
    shards: userId === undefined ? await shardsInUse(db, tenant) : [phoneShard(userId, tenant.phoneShards)],
    cursors,
    limit: asked.limit,
    newerFirst: (a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1),
    read: (shard, cursor, limit) => queueOfShard(c.env, tenant, shard).commands({ ...query, cursor, limit }),
  });
  const ids = page.items.flatMap(({ userId: whose, creatorId, cancelledBy }) => [
    whose,
    creatorId,
    ...(cancelledBy === null ? [] : [cancelledBy]),
  ]);
  const person = await people(db, identity.tenantId, ids);
  return c.json({ items: page.items.map((command) => commandView(command, person)), next: page.next }, 200);
});

commands.openapi(cancel, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const db = openDb(c.env.DB);
  const own = queueOf(c.env, identity.tenant, identity.userId);
  const mayAll = identity.permissions.has('phone.manage');
  const by = { commandId: id, by: identity.userId, now: Date.now() };
  let result = await own.cancel({ ...by, userId: identity.userId });
  if (!result.ok && result.code === 'not_found' && mayAll) {
    for (const shard of await shardsInUse(db, identity.tenant)) {
      result = await queueOfShard(c.env, identity.tenant, shard).cancel(by);
      if (result.ok || result.code !== 'not_found') break;
    }
  }
  if (result.ok) {
    if (!result.already) {
      const address = clientAddress(c.req.raw, c.env);
      await recordAudit(
        db,
        identity,
        'phone.command.cancel',
        id,
        { state: 'queued' },
        { state: 'cancelled' },
        address,
      );
    }
    return c.json({ id, state: 'cancelled' as const }, 200);
  }
  if (result.code === 'not_found') throw new PlatformError('NOT_FOUND', 'No such command.');
  throw new PlatformError('INVALID_PARAMS', 'It is too late: the command is no longer waiting.', {
    details: { state: [result.state] },
  });
});

const badCursor = () =>
  new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
    details: { cursor: ['not one of ours'] },
  });

export const commandView = (
  command: CommandView,
  person: (id: string) => PersonView,
): z.infer<typeof Command> => ({
  id: command.id,
  call_id: command.callId,
  user: person(command.userId),
  created_by: person(command.creatorId),
  phone: command.phone,
  company_id: command.companyId,
  contact_id: command.contactId,
  note: command.note,
  aimed_at: command.aimedAt,
  delivered_to: command.deliveredTo,
  state: command.state,
  created_at: iso(command.createdAt),
  expires_at: iso(command.expiresAt),
  delivered_at: isoOrNull(command.deliveredAt),
  redelivered: command.redelivered,
  ended_at: isoOrNull(command.endedAt),
  cancelled_by: command.cancelledBy === null ? null : person(command.cancelledBy),
  manual: command.manual,
  result:
    command.result === null
      ? null
      : {
          status: command.result.status,
          direction: command.result.direction,
          method: command.result.method,
          source: command.result.source,
          started_at: isoOrNull(command.result.startedAt),
          ended_at: isoOrNull(command.result.endedAt),
          duration_sec: command.result.durationSec,
          attempts: command.result.attempts,
          resolve_reason: command.result.resolveReason,
          reason_if_unknown: command.result.reasonIfUnknown,
        },
});
