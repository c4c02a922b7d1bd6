import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { newCallId } from '../lib/ids';
import { migrateObject } from '../lib/migrations';
import { Admission } from './admission';
import { CLOSE_ENDED, decodeToQueue, HOLD_HEADER, POLL_HEADER, type PollRequest } from './channel';
import type * as c from './contract';
import { type Device, DeviceStore } from './devices';
import { Directory } from './directory';
import { Dispatcher } from './dispatcher';
import { PHONE_QUEUE_MIGRATIONS } from './migrations';
import { Outbound } from './outbound';
import { ParkedPolls, pollKey, sendFrame, type ParkedPoll } from './polls';
import { RecordStore } from './records';
import { CommandStore, toView } from './store';
import { Upkeep } from './upkeep';

/** Commands, phones and parked polls of one shard of a tenant's users; see `contract.ts`. */
export class PhoneQueue extends DurableObject<Env> implements c.PhoneQueueApi {
  readonly #devices: DeviceStore;
  readonly #commands: CommandStore;
  readonly #records: RecordStore;
  readonly #polls: ParkedPolls;
  readonly #dispatcher: Dispatcher;
  readonly #upkeep: Upkeep;
  readonly #tenantId: string;
  readonly #directory: Directory;
  readonly #admission: Admission;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, PHONE_QUEUE_MIGRATIONS);
    const { sql } = ctx.storage;
    const name = ctx.id.name;
    if (name === undefined) throw new Error('a phone queue is reached by its name');
    this.#tenantId = name.slice(0, name.indexOf(':'));
    this.#directory = new Directory(env, this.#tenantId);
    this.#devices = new DeviceStore(sql);
    this.#commands = new CommandStore(sql);
    this.#admission = new Admission(this.#devices, this.#directory);
    this.#records = new RecordStore(sql);
    this.#polls = new ParkedPolls(ctx.getWebSockets());
    const outbound = new Outbound(sql, {
      ingestPhone: (events) => env.CALL_HUB.getByName(this.#tenantId).ingestPhone(events),
      push: async (message) => {
        await env.OUTBOX.getByName(`${this.#tenantId}:push`).enqueue(message);
      },
    });
    const parts = { commands: this.#commands, devices: this.#devices, polls: this.#polls, outbound };
    this.#dispatcher = new Dispatcher({ ...parts, newId: () => crypto.randomUUID() }, Date.now());
    this.#upkeep = new Upkeep(ctx, {
      outbound,
      dispatcher: this.#dispatcher,
      commands: this.#commands,
      devices: this.#devices,
      records: this.#records,
      directory: this.#directory,
    });
  }

  /** An upgrade: with `POLL_HEADER` the one poll of a request, answered at once where it can be; without it a line. */
  override async fetch(request: Request): Promise<Response> {
    const announced = request.headers.get(POLL_HEADER);
    if (announced === null) {
      await this.#upkeep.ready();
      return this.#openChannel(newChannelId()).response;
    }
    const poll = JSON.parse(announced) as PollRequest;
    const now = Date.now();
    await this.#upkeep.ready();
    const admitted = this.#admission.known(poll, now) ?? (await this.#admission.ask(poll, now));
    if (!admitted.ok) return Response.json({ verdict: admitted.verdict });
    const id = newChannelId();
    const parked = this.#poll(id, poll, admitted.device, now);
    if (typeof parked === 'string') return Response.json({ body: parked });
    const { socket, response } = this.#openChannel(id);
    this.#polls.park(socket, parked);
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const frame = typeof message === 'string' ? decodeToQueue(message) : null;
    const channel = this.#polls.idOf(socket);
    if (frame === null || channel === null) return;
    const now = Date.now();
    if (frame.type === 'ended') return this.#ended(pollKey(channel, frame.n), now);
    const { poll } = frame;
    const admitted = this.#admission.known(poll, now) ?? (await this.#admission.ask(poll, now));
    if (!admitted.ok) return sendFrame(socket, { type: admitted.verdict, n: poll.n });
    const parked = this.#poll(channel, poll, admitted.device, now);
    if (typeof parked === 'string') return sendFrame(socket, { type: 'command', n: poll.n, body: parked });
    this.#polls.park(socket, parked);
    if (!poll.long)
      sendFrame(socket, { type: 'parked', n: poll.n, holdMs: this.#upkeep.settings.emptyHoldMs });
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    const channel = this.#polls.idOf(socket);
    const polls = this.#polls.close(socket);
    const now = Date.now();
    for (const { key, userId } of polls) this.#dispatcher.take(userId, { type: 'poll_lost', key }, now);
    // A channel of one poll says by its code that the poll was answered empty, whatever was sent to it meanwhile.
    if (code === CLOSE_ENDED && channel !== null && polls.length === 0) this.#ended(pollKey(channel, 0), now);
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket, 1006);
  }

  override async alarm(): Promise<void> {
    await this.#upkeep.alarm(Date.now());
  }

  async enqueue(input: c.EnqueueInput): Promise<c.EnqueueResult> {
    if (input.phone.trim() === '') return { ok: false, code: 'blank_phone' };
    await this.#upkeep.ready();
    const devices = await this.#admission.devicesOf(input.userId, input.now);
    if (devices.length === 0) return { ok: false, code: 'no_device' };
    const wanted = input.deviceId ?? null;
    const aimedAt = devices.find(
      ({ deviceRowId, deviceId }) => deviceRowId === wanted || deviceId === wanted,
    );
    if (wanted !== null && aimedAt === undefined) return { ok: false, code: 'unknown_device' };
    const result = this.#dispatcher.enqueue(input, aimedAt ?? null, this.#upkeep.settings.lifeMs);
    this.#upkeep.changed(input.now, input.now + this.#upkeep.settings.lifeMs);
    return result;
  }

  tellNow(limitMs: number): Promise<void> {
    return this.#upkeep.tellNow(limitMs);
  }

  cancel(input: c.CancelInput): Promise<c.CancelResult> {
    this.#dispatcher.tick(input.now);
    const result = this.#dispatcher.cancel(input);
    this.#upkeep.changed(input.now);
    return Promise.resolve(result);
  }

  registerDevice(input: c.RegisterDeviceInput): Promise<c.RegisterDeviceResult> {
    if (input.tenant !== this.#tenantId) return Promise.resolve({ ok: false, code: 'wrong_tenant' });
    this.#admission.learn(input.userId, input.deviceId);
    const { device, created } = this.#devices.register(input);
    return Promise.resolve({ ok: true, deviceRowId: device.deviceRowId, created });
  }

  removeDevice(input: c.RemoveDeviceInput): Promise<c.RemoveDeviceResult> {
    const removed = this.#devices.remove(input.deviceRowId);
    if (removed === null) return Promise.resolve({ ok: true, removed: false, sessions: [] });
    const { device, lastSid } = removed;
    const parked = this.#polls.all().filter((poll) => poll.device === device.deviceRowId);
    const sessions = [...new Set([...parked.map(({ sid }) => sid), ...(lastSid === null ? [] : [lastSid])])];
    for (const sid of sessions) this.#devices.revokeSession(sid, input.now);
    this.#shutOut(
      device.userId,
      (poll) => poll.device === device.deviceRowId || sessions.includes(poll.sid),
      input.now,
    );
    return Promise.resolve({ ok: true, removed: true, sessions });
  }

  async heartbeat(input: c.HeartbeatInput): Promise<c.HeartbeatResult> {
    const deviceId = input.deviceId?.trim() ?? '';
    let device =
      deviceId === ''
        ? this.#devices.lastSeen(input.userId)
        : await this.#admission.device(input.userId, deviceId, input.now);
    if (device === null && deviceId === '') return { ok: false, code: 'no_device' };
    const created = device === null;
    device ??= this.#devices.register({ ...input, deviceRowId: input.newDeviceRowId, deviceId }).device;
    if (created) this.#admission.learn(input.userId, deviceId);
    const { deviceRowId, name, appVersion, ...after } = this.#devices.heartbeat(device, input);
    return {
      ok: true,
      deviceRowId,
      deviceId: after.deviceId,
      name,
      appVersion,
      lastSeenAt: input.now,
      created,
    };
  }

  async report(input: c.ReportInput): Promise<c.ReportResult> {
    const device = input.deviceId ? this.#devices.find(input.userId, input.deviceId) : null;
    let result = this.#dispatcher.report(input, device);
    if (result === null && input.source === 'manual') {
      // Another user's id may live in another shard: theirs is "not found" here as well.
      const isTaken = await this.#upkeep.isHeldElsewhere(
        this.env.PHONE_QUEUE,
        this.#tenantId,
        input.callRequestId,
      );
      // The same report may have come again while the others were asked.
      result = this.#dispatcher.report(input, device);
      if (result === null && !isTaken)
        result = this.#dispatcher.recordManual(input, device, newCallId(input.now));
    }
    this.#upkeep.changed(input.now);
    return result ?? { ok: false, code: 'not_found' };
  }

  holdsCommand(commandId: string): Promise<boolean> {
    return Promise.resolve(this.#commands.byId(commandId) !== null);
  }

  revokeSession(sid: string, now: number): Promise<void> {
    this.#devices.revokeSession(sid, now);
    const users = new Set(this.#polls.all().flatMap((poll) => (poll.sid === sid ? [poll.userId] : [])));
    for (const userId of users) this.#shutOut(userId, (poll) => poll.sid === sid, now);
    return Promise.resolve();
  }

  revokeUser(userId: string, now: number): Promise<void> {
    this.#devices.revokeUser(userId, now);
    this.#shutOut(userId, () => true, now);
    return Promise.resolve();
  }

  restoreUser(userId: string): Promise<void> {
    this.#devices.restoreUser(userId);
    return Promise.resolve();
  }

  devices(query: { userId?: string }): Promise<c.DeviceState[]> {
    return Promise.resolve(this.#dispatcher.deviceStates(query.userId));
  }

  commands(query: c.CommandsQuery): Promise<c.CommandsPage> {
    this.#dispatcher.tick(Date.now());
    return Promise.resolve(this.#commands.page(query));
  }

  command(commandId: string): Promise<c.CommandView | null> {
    const command = this.#commands.byId(commandId);
    return Promise.resolve(command === null ? null : toView(command));
  }

  saveTelemetry({ userId, deviceId, items, now }: c.SaveTelemetryInput): Promise<{ saved: number }> {
    this.#records.saveTelemetry(userId, this.#rowOf(userId, deviceId), items, now);
    this.#upkeep.tidyLater(now);
    return Promise.resolve({ saved: items.length });
  }

  telemetry(query: c.TelemetryQuery): Promise<c.TelemetryPoint[]> {
    return Promise.resolve(this.#records.telemetry(query));
  }

  saveLogs({ userId, deviceId, items, now }: c.SaveLogsInput): Promise<{ saved: number }> {
    this.#records.saveLogs(userId, deviceId, this.#rowOf(userId, deviceId), items, now);
    this.#upkeep.tidyLater(now);
    return Promise.resolve({ saved: items.length });
  }

  logs(query: c.LogsQuery): Promise<c.LogsPage> {
    return Promise.resolve(this.#records.logs(query));
  }

  configure(settings: c.PhoneQueueSettings): Promise<void> {
    this.#upkeep.configure(settings);
    return Promise.resolve();
  }

  #openChannel(id: string): { socket: WebSocket; response: Response } {
    const { 0: theirs, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    this.#polls.open(socket, id);
    const headers = { [HOLD_HEADER]: String(this.#upkeep.settings.emptyHoldMs) };
    return { socket, response: new Response(null, { status: 101, webSocket: theirs, headers }) };
  }

  /** The body of the command it gets at once, or the poll to be parked. */
  #poll(channel: string, poll: PollRequest, device: Device, now: number): string | ParkedPoll {
    this.#devices.seen(device, poll.sid, now);
    const parked: ParkedPoll = {
      key: pollKey(channel, poll.n),
      n: poll.n,
      userId: poll.userId,
      device: device.deviceRowId,
      sid: poll.sid,
      long: poll.long,
      simulator: device.simulator,
    };
    const body = this.#dispatcher.poll(parked, now);
    if (body === null) return parked;
    this.#upkeep.changed(now);
    return body;
  }

  #ended(key: string, now: number): void {
    this.#dispatcher.endPoll(key, now);
    this.#upkeep.changed(now);
  }

  #shutOut(userId: string, which: (poll: { device: string; sid: string }) => boolean, now: number): void {
    this.#dispatcher.take(userId, { type: 'shut_out', which }, now);
  }

  #rowOf(userId: string, deviceId: string): string | null {
    return deviceId === '' ? null : (this.#devices.find(userId, deviceId)?.deviceRowId ?? null);
  }
}

const newChannelId = (): string => crypto.randomUUID().slice(0, 13);
