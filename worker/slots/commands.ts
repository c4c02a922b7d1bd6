import { z } from '@hono/zod-openapi';
import { linkOfSlot, platformErrorOf } from '../bridge/links';
import { openDb } from '../db';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { needsShell, quoteCommand, tokenise } from './command-line';
import { people } from './people';
import { CommandBody, CommandId, SlotId } from './schema';
import { commandView } from './views';

const idParam = z.object({ id: SlotId });

const run = apiRoute({
  method: 'post',
  path: '/api/slots/{id}/adb-command',
  summary: 'Run an ADB shell command on the phone',
  description:
    'The text is split into arguments (quotes and backslashes as in a shell) and never handed to a shell of a host. ' +
    'Verbs other than input, am, pm, dumpsys, getprop, settings, svc, wm, screencap, uiautomator, monkey and ' +
    '`logcat -d` ask for `slot.shell`. Stopped after 30 s; output is kept up to 64 KiB.',
  tags: ['Slots'],
  access: 'slot.command',
  errors: ['NOT_FOUND', 'SLOT_BUSY', 'SLOT_OFFLINE'],
  request: {
    params: idParam,
    body: jsonRequest(z.strictObject({ command: z.string().min(1).max(8_000) }).openapi('AdbCommand'), {
      command: 'input tap 200 400',
    }),
  },
  responses: {
    200: json(
      z.object({ status: z.literal('executing'), slot: z.int(), command_id: z.string() }),
      'It runs; the result is at `/api/slots/{id}/commands/{command_id}`.',
      { status: 'executing', slot: 44, command_id: 'cmd_1_12' },
    ),
  },
});

const list = apiRoute({
  method: 'get',
  path: '/api/slots/{id}/commands',
  summary: 'Commands that were run on a slot',
  tags: ['Slots'],
  access: 'slot.command',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(30) }),
  },
  responses: {
    200: json(z.object({ items: z.array(CommandBody) }).openapi('SlotCommands'), 'Newest first.'),
  },
});

const show = apiRoute({
  method: 'get',
  path: '/api/slots/{id}/commands/{command_id}',
  summary: 'One command: output, exit code and timing',
  tags: ['Slots'],
  access: 'slot.command',
  errors: ['NOT_FOUND'],
  request: { params: idParam.extend({ command_id: CommandId }) },
  responses: { 200: json(CommandBody, 'The command.') },
});

/** `/api/slots/{id}/adb-command`, `/api/slots/{id}/commands…`. */
export const slotCommands = newApiApp();

slotCommands.openapi(run, async (c) => {
  const { identity } = c.var;
  const { command } = c.req.valid('json');
  const tokens = tokenise(command);
  if (!tokens.ok) {
    const details = { command: [tokens.problem] };
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });
  }
  const { argv } = tokens;
  const db = openDb(c.env.DB);
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const free = identity.permissions.has('slot.shell');
  const audit = (result: unknown) =>
    recordAudit(
      db,
      identity,
      'slot.command',
      String(slot.id),
      null,
      { command: quoteCommand(argv), result },
      clientAddress(c.req.raw, c.env),
    );
  if (!free && needsShell(argv)) {
    await audit('PERMISSION_DENIED');
    throw new PlatformError('PERMISSION_DENIED', `Your role does not allow slot.shell: ${argv[0]}.`);
  }
  const started = await link.startCommand({ slotId: slot.id, argv, free, userId: identity.userId });
  // What becomes of it is audited by the bridge's object when it ends.
  await audit(started.ok ? started.commandId : started.code);
  if (!started.ok) throw platformErrorOf(started);
  return c.json({ status: 'executing' as const, slot: slot.id, command_id: started.commandId }, 200);
});

slotCommands.openapi(list, async (c) => {
  const { identity } = c.var;
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const found = await link.commands(slot.id, c.req.valid('query').limit);
  const nameOf = await people(
    c.env,
    identity.tenantId,
    found.map(({ userId }) => userId),
  );
  return c.json({ items: found.map((command) => commandView(command, nameOf)) }, 200);
});

slotCommands.openapi(show, async (c) => {
  const { identity } = c.var;
  const { id, command_id: commandId } = c.req.valid('param');
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, id);
  const found = await link.command(slot.id, commandId);
  if (found === null) throw new PlatformError('NOT_FOUND', 'No such command.');
  const nameOf = await people(c.env, identity.tenantId, [found.userId]);
  return c.json(commandView(found, nameOf), 200);
});
