import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { desc, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { as, error, seedPeople, text, USERS } from '../../test/worker/support/dialer';
import type { Asked, SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { auditLog, roles } from '../db/schema';

let bridge: SlotBridge;
let slot = 0;
const path = (rest = '') => `/api/slots/${slot}/${rest}`;
const run = (command: string, user: 'admin' | 'boss' = 'admin') =>
  as(user, 'POST', path('adb-command'), { body: { command } });
const result = async (commandId: string) => (await as('admin', 'GET', path(`commands/${commandId}`))).json;
const ended = (commandId: string) =>
  soon(async () => {
    const found = await result(commandId);
    expect(found.status).not.toBe('executing');
    return found;
  });
/** Newest first. */
const audits = (action: string) =>
  openDb(env.DB).select().from(auditLog).where(eq(auditLog.action, action)).orderBy(desc(auditLog.at));
const silent = () => bridge.replies.set('slot.shell', () => ({ silent: true }));
const OUTPUT = { exit_code: 0, stdout: 'late', stderr: '', truncated: false, timed_out: false, ms: 5 };

beforeAll(async () => {
  await seedPeople();
  // OTTB.write without OTTB.automate: commands, and no free shell.
  await openDb(env.DB)
    .update(roles)
    .set({ permissions: { OTTB: ['read', 'write'] } })
    .where(eq(roles.id, 'role_supervisor'));
  bridge = await enrolled(['A1']);
  slot = (await bridge.link.slots())[0]?.id ?? 0;
});
afterEach(() => {
  bridge.replies.clear();
  expect(bridge.problems).toEqual([]);
});
afterAll(() => bridge.disconnect());

describe('POST /api/slots/{id}/adb-command', () => {
  it('runs arguments on the phone and keeps output, exit code and timing, audited with its result', async () => {
    const started = await run(`input text "two words; reboot"`);
    expect(started.json).toEqual({
      status: 'executing',
      slot,
      command_id: expect.stringMatching(/^cmd_\d+_\d+$/) as string,
    });
    const commandId = text(started.json.command_id);
    expect((await bridge.nth('slot.shell')).args).toMatchObject({
      slot: 'A1',
      argv: ['input', 'text', 'two words; reboot'],
      free: true,
    });
    expect(await ended(commandId)).toMatchObject({
      command: `input text 'two words; reboot'`,
      user: { username: 'admin' },
      status: 'done',
      exit_code: 0,
      output: 'ran input|text|two words; reboot',
      took_ms: 7,
      truncated: false,
      error: null,
    });
    await soon(async () => expect(await audits('slot.command.end')).toHaveLength(1));
    expect((await audits('slot.command'))[0]).toMatchObject({
      actorId: USERS.admin,
      target: String(slot),
      after: { command: `input text 'two words; reboot'`, result: commandId },
    });
    expect((await audits('slot.command.end'))[0]).toMatchObject({
      actorId: USERS.admin,
      after: { command_id: commandId, exit_code: 0, error: null },
    });
    expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({
      status: 'ONLINE',
      holder: null,
    });
  });

  it.each([
    [`input text "open`, 'unbalanced "'],
    ['   ', 'empty command'],
    ['input tap 1 2\nreboot', 'line breaks and NUL are not allowed'],
  ])('refuses %j before it goes anywhere', async (command, problem) => {
    const before = bridge.asked.length;
    const answer = await run(command);
    expect([answer.status, answer.json]).toEqual([400, error('INVALID_PARAMS')]);
    expect(answer.json.details).toEqual({ command: [problem] });
    expect(bridge.asked).toHaveLength(before);
  });

  it('asks for slot.shell outside of the open verbs, and says so in the audit log', async () => {
    const before = bridge.asked.length;
    for (const command of ['reboot', 'sh -c id', '/system/bin/input tap 1 2', 'logcat']) {
      const answer = await run(command, 'boss');
      expect([command, answer.status, answer.json]).toEqual([command, 403, error('PERMISSION_DENIED')]);
    }
    expect(bridge.asked).toHaveLength(before);
    expect((await audits('slot.command'))[0]).toMatchObject({ after: { result: 'PERMISSION_DENIED' } });
    const open = await run('dumpsys battery', 'boss');
    expect(open.status).toBe(200);
    await ended(text(open.json.command_id));
    expect(bridge.of('slot.shell').at(-1)?.args).toMatchObject({ free: false });
    expect((await as('view1', 'POST', path('adb-command'), { body: { command: 'wm size' } })).status).toBe(
      403,
    );
  });

  it('keeps what the phone answered, also when it is a failure, a cut or a stop', async () => {
    bridge.replies.set('slot.shell', () => ({
      result: {
        ...OUTPUT,
        exit_code: null,
        stdout: 'x'.repeat(65_536),
        truncated: true,
        timed_out: true,
        ms: 30_000,
      },
    }));
    const cut = await ended(text((await run('logcat -d')).json.command_id));
    expect(cut).toMatchObject({ status: 'done', exit_code: null, truncated: true, timed_out: true });
    expect(text(cut.output)).toHaveLength(65_536);
    bridge.replies.set('slot.shell', () => ({ refuse: 'FORBIDDEN', message: 'free_shell is off' }));
    const refused = await ended(text((await run('id')).json.command_id));
    expect(refused).toMatchObject({
      status: 'failed',
      error: { code: 'FORBIDDEN', message: 'free_shell is off' },
    });
  });

  it('runs a person’s commands one after another, and lets nobody in between', async () => {
    silent();
    const already = bridge.of('slot.shell').length;
    const first = text((await run('input tap 1 1')).json.command_id);
    const second = text((await run('input tap 2 2')).json.command_id);
    const running = await bridge.nth('slot.shell', already);
    expect(bridge.of('slot.shell')).toHaveLength(already + 1);
    const other = await run('wm size', 'boss');
    expect([other.status, other.json]).toEqual([409, error('SLOT_BUSY')]);
    expect((await as('admin', 'POST', path('restart'))).json).toEqual(error('SLOT_BUSY'));
    bridge.answer(running, { result: OUTPUT });
    const next: Asked = await bridge.nth('slot.shell', already + 1);
    expect(next.args).toMatchObject({ argv: ['input', 'tap', '2', '2'], fence: running.args.fence });
    expect(await result(first)).toMatchObject({ status: 'done', output: 'late' });
    expect(await result(second)).toMatchObject({ status: 'executing' });
    bridge.answer(next, { result: OUTPUT });
    await ended(second);
    expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({
      status: 'ONLINE',
      holder: null,
    });
  });

  it('drops what waits when the slot is taken away, and what ran ends without harm', async () => {
    silent();
    const already = bridge.of('slot.shell').length;
    const first = text((await run('input tap 1 1')).json.command_id);
    const second = text((await run('input tap 2 2')).json.command_id);
    const running = await bridge.nth('slot.shell', already);
    await as('admin', 'DELETE', path('hold?force=1'));
    expect(await result(second)).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } });
    bridge.replies.clear();
    const third = text((await run('input tap 3 3')).json.command_id);
    bridge.answer(running, { result: OUTPUT });
    expect(await ended(first)).toMatchObject({ status: 'done' });
    expect(await ended(third)).toMatchObject({ status: 'done', output: 'ran input|tap|3|3' });
    expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({
      status: 'ONLINE',
      holder: null,
    });
  });

  it('takes a few at once, not any number', async () => {
    silent();
    const already = bridge.of('slot.shell').length;
    const codes = [];
    for (let n = 0; n < 22; n += 1) codes.push((await run('wm size')).status);
    expect(codes.filter((code) => code === 200)).toHaveLength(20);
    expect(codes.slice(20)).toEqual([409, 409]);
    bridge.replies.clear();
    bridge.answer(await bridge.nth('slot.shell', already), { result: OUTPUT });
    await soon(async () =>
      expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({ holder: null }),
    );
    expect(bridge.of('slot.shell')).toHaveLength(already + 20);
  });

  it('keeps the result of a command over a restart of the object', async () => {
    silent();
    const already = bridge.of('slot.shell').length;
    const commandId = text((await run('input tap 1 1')).json.command_id);
    const running = await bridge.nth('slot.shell', already);
    await evictDurableObject(bridge.link);
    expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({
      holder: { kind: 'command' },
    });
    bridge.answer(running, { result: OUTPUT });
    expect(await ended(commandId)).toMatchObject({ status: 'done', output: 'late' });
    expect((await as('admin', 'GET', `/api/slots/${slot}`)).json).toMatchObject({
      status: 'ONLINE',
      holder: null,
    });
  });

  it('is done once when the tunnel breaks in the middle of it, and its result arrives', async () => {
    silent();
    const already = bridge.of('slot.shell').length;
    const commandId = text((await run('input tap 1 1')).json.command_id);
    const running = await bridge.nth('slot.shell', already);
    bridge.disconnect();
    await bridge.connect();
    bridge.answer(running, { result: OUTPUT });
    expect(await ended(commandId)).toMatchObject({ status: 'done', output: 'late' });
  });

  it('lists the newest first, and knows nothing of other slots and made-up ids', async () => {
    const items = (await as('admin', 'GET', path('commands?limit=2'))).json.items as { command_id: string }[];
    expect(items).toHaveLength(2);
    const n = (one: { command_id: string } | undefined) => Number(one?.command_id.split('_')[2]);
    expect(n(items[0])).toBeGreaterThan(n(items[1]));
    for (const id of ['cmd_9_1', `cmd_${bridge.record.number}_9999`, `cmd_${bridge.record.number}_01`])
      expect((await as('admin', 'GET', path(`commands/${id}`))).json).toEqual(error('NOT_FOUND'));
    expect((await as('admin', 'GET', path('commands/x'))).status).toBe(400);
    expect((await as('view1', 'GET', path('commands'))).status).toBe(403);
  });
});
