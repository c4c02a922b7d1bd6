/** Carries out the machine's decisions: first everything is stored, then it is sent (the runtime holds frames until stored). */
import type {
  CancelInput,
  CancelResult,
  DeviceState,
  EnqueueInput,
  EnqueueResult,
  PhoneEvent,
  ReportInput,
  ReportResult,
} from './contract';
import type { Device, DeviceStore } from './devices';
import {
  EMPTY_QUEUE,
  nextDue,
  step,
  type Decision,
  type LiveCommand,
  type QueueEvent,
  type UserQueue,
} from './machine';
import type { Outbound } from './outbound';
import { numberOf, sendFrame, type ParkedPoll, type ParkedPolls } from './polls';
import { mergeResult } from './report';
import type { Command, CommandStore } from './store';
import { commandBody, eventOf, newCommand } from './commands';

export interface DispatcherParts {
  commands: CommandStore;
  devices: DeviceStore;
  polls: ParkedPolls;
  outbound: Outbound;
  newId(): string;
}

export class Dispatcher {
  readonly #queues = new Map<string, UserQueue>();
  #seq: number;

  constructor(
    private readonly parts: DispatcherParts,
    now: number,
  ) {
    for (const { userId, command } of parts.commands.live(now)) {
      const queue = this.queueOf(userId);
      this.#queues.set(userId, { ...queue, commands: [...queue.commands, command] });
    }
    for (const poll of parts.polls.all()) {
      const queue = this.queueOf(poll.userId);
      this.#queues.set(poll.userId, { ...queue, polls: [...queue.polls, poll] });
    }
    this.#seq = parts.commands.nextSeq();
  }

  queueOf(userId: string): UserQueue {
    return this.#queues.get(userId) ?? EMPTY_QUEUE;
  }

  enqueue(input: EnqueueInput, aimedAt: Device | null, lifeMs: number): EnqueueResult {
    const { commands } = this.parts;
    const before = this.queueOf(input.userId);
    const waits = before.commands.some(({ lease }) => lease === null);
    const known = waits ? commands.duplicateOf(input) : null;
    if (known !== null) return again(known);
    const command = newCommand(input, this.#seq++, aimedAt, lifeMs);
    const live: LiveCommand = {
      id: command.id,
      seq: command.seq,
      aimedAt: command.aimedAt,
      expiresAt: command.expiresAt,
      lease: null,
      redelivered: false,
    };
    const after = step(before, { type: 'enqueued', command: live, now: input.now });
    const own = after.decisions.find((decision) => decision.type === 'deliver' && decision.id === command.id);
    const lease =
      own?.type === 'deliver' ? { poll: own.poll.key, device: own.poll.device, at: own.at } : null;
    if (!commands.insert(command, lease)) {
      const first = commands.byId(input.commandId);
      if (first === null) throw new Error('a command that could not be stored is not there either');
      return again(first);
    }
    const events = [eventOf(this.parts.newId(), 'queued', command, input.now)];
    if (lease === null) this.#wakePhones(command, command.id, 'new_command');
    else {
      command.deliveredTo = lease.device;
      events.push(eventOf(this.parts.newId(), 'delivered', command, lease.at));
    }
    this.#carryOut(input.userId, after.queue, after.decisions, command, events, input.now);
    return {
      ok: true,
      id: command.id,
      phone: command.phone,
      callId: command.callId,
      deliveredAtOnce: own !== undefined,
    };
  }

  /** Answers the body of the command for the poll `self`, if there is one at once; otherwise it is parked. */
  poll(poll: ParkedPoll, now: number): string | null {
    return this.#take(poll.userId, { type: 'polled', poll, now }, now, poll.key);
  }

  /** @param userId whose queue, where the caller knows it. */
  take(userId: string, event: QueueEvent, now: number): void {
    this.#take(userId, event, now, null);
  }

  /** Ends a poll that was answered empty or whose phone is gone; its lease, if there is one, is undone. */
  endPoll(key: string, now: number): void {
    const parked = this.parts.polls.find(key);
    if (parked !== null) {
      this.parts.polls.unpark(key);
      return this.take(parked.userId, { type: 'poll_ended', key, now }, now);
    }
    for (const [userId, queue] of this.#queues) {
      if (queue.commands.some(({ lease }) => lease?.poll === key))
        return this.take(userId, { type: 'poll_ended', key, now }, now);
    }
  }

  cancel(input: CancelInput): CancelResult {
    const command = this.parts.commands.byId(input.commandId);
    if (command === null || (input.userId !== undefined && command.userId !== input.userId)) {
      return { ok: false, code: 'not_found' };
    }
    if (command.state === 'cancelled') return { ok: true, id: command.id, already: true };
    if (command.state !== 'queued') return { ok: false, code: 'too_late', state: command.state };
    this.parts.commands.end(command.id, 'cancelled', input.now, input.by);
    this.parts.outbound.tellHub([eventOf(this.parts.newId(), 'cancelled', command, input.now)]);
    this.take(command.userId, { type: 'settled', id: command.id }, input.now);
    return { ok: true, id: command.id, already: false };
  }

  /** Null: this object does not know the command. */
  report(input: ReportInput, device: Device | null): ReportResult | null {
    const command = this.parts.commands.byId(input.callRequestId);
    if (command === null) return null;
    if (command.userId !== input.userId) return { ok: false, code: 'not_found' };
    const result = mergeResult(command.result, input);
    if (result !== null) {
      const rowId = device?.deviceRowId ?? null;
      this.parts.commands.saveResult(command.id, result, rowId, input.now);
      const told = { ...command, result, deliveredTo: command.deliveredTo ?? rowId };
      const type = command.manual ? 'manual' : 'result';
      this.parts.outbound.tellHub([eventOf(this.parts.newId(), type, told, input.now)]);
      this.take(command.userId, { type: 'settled', id: command.id }, input.now);
    }
    return { ok: true, callRequestId: command.id, callId: command.callId, manual: command.manual };
  }

  /** A call the phone made by itself. */
  recordManual(input: ReportInput, device: Device | null, callId: string): ReportResult {
    const at = input.startedAt ?? input.now;
    const result = mergeResult(null, input);
    const command: Command = {
      ...newCommand(
        {
          ...input,
          commandId: input.callRequestId,
          callId,
          creatorId: input.userId,
          phone: input.phone ?? '',
        },
        this.#seq++,
        null,
        0,
      ),
      state: 'result',
      deliveredTo: device?.deviceRowId ?? null,
      createdAt: input.now,
      expiresAt: input.now,
      endedAt: input.now,
      manual: true,
      result,
    };
    this.parts.commands.insert(command, null);
    if (device !== null && result !== null)
      this.parts.commands.saveResult(command.id, result, device.deviceRowId, input.now);
    this.parts.outbound.tellHub([eventOf(this.parts.newId(), 'manual', command, Math.min(at, input.now))]);
    return { ok: true, callRequestId: command.id, callId, manual: true };
  }

  /** Phones with what is parked and what waits for them right now. */
  deviceStates(userId?: string): DeviceState[] {
    return this.parts.devices.list(userId).map((device) => {
      const { polls, commands } = this.queueOf(device.userId);
      const isIts = (aimedAt: string | null): boolean => aimedAt === null || aimedAt === device.deviceRowId;
      return {
        ...device,
        polling: polls.some((poll) => poll.device === device.deviceRowId),
        waiting: commands.filter(({ lease, aimedAt }) => lease === null && isIts(aimedAt)).length,
      };
    });
  }

  /** Expires what is due. Answers when the next thing is. */
  tick(now: number): number | null {
    let next: number | null = null;
    for (const userId of this.#queues.keys()) {
      this.take(userId, { type: 'tick', now }, now);
      const due = nextDue(this.queueOf(userId));
      if (due !== null && (next === null || due < next)) next = due;
    }
    return next;
  }

  #take(userId: string, event: QueueEvent, now: number, self: string | null): string | null {
    const { queue, decisions } = step(this.queueOf(userId), event);
    return this.#carryOut(userId, queue, decisions, null, [], now, self);
  }

  #carryOut(
    userId: string,
    queue: UserQueue,
    decisions: readonly Decision[],
    own: Command | null,
    events: PhoneEvent[],
    now: number,
    self: string | null = null,
  ): string | null {
    if (queue.commands.length === 0 && queue.polls.length === 0) this.#queues.delete(userId);
    else this.#queues.set(userId, queue);
    const { commands, newId } = this.parts;
    const bodies = new Map<string, string>();
    for (const decision of decisions) {
      if (decision.type === 'release') continue;
      const command = decision.id === own?.id ? own : commands.byId(decision.id);
      if (command === null) continue;
      if (decision.type === 'deliver') {
        bodies.set(command.id, commandBody(command));
        if (command === own) continue;
        commands.lease(command.id, decision.poll.device, decision.poll.key, decision.at, decision.again);
        const told = { ...command, deliveredTo: decision.poll.device };
        if (!decision.again) events.push(eventOf(newId(), 'delivered', told, decision.at));
      } else if (decision.type === 'return') {
        commands.giveBack(command.id);
        this.#wakePhones(command, `${command.id}:${now}`, 'not_delivered');
      } else {
        commands.end(command.id, 'expired', now, null);
        events.push(eventOf(newId(), 'expired', command, now));
      }
    }
    this.parts.outbound.tellHub(events);
    return this.#send(decisions, bodies, self);
  }

  #send(
    decisions: readonly Decision[],
    bodies: ReadonlyMap<string, string>,
    self: string | null,
  ): string | null {
    const { polls } = this.parts;
    let mine: string | null = null;
    for (const decision of decisions) {
      if (decision.type !== 'deliver' && decision.type !== 'release') continue;
      const { key } = decision.poll;
      const body = decision.type === 'deliver' ? bodies.get(decision.id) : undefined;
      if (key === self && body !== undefined) {
        mine = body;
        continue;
      }
      const socket = polls.socketOf(key);
      if (socket === null) continue;
      const n = numberOf(key);
      if (body !== undefined) sendFrame(socket, { type: 'command', n, body });
      else if (decision.type === 'release') {
        sendFrame(socket, { type: decision.reason === 'revoked' ? 'unauthorized' : 'superseded', n });
      }
      polls.unpark(key);
    }
    return mine;
  }

  #wakePhones(command: Command, id: string, reason: string): void {
    for (const device of this.parts.devices.of(command.userId)) {
      const mayTake = command.aimedAt === null || command.aimedAt === device.deviceRowId;
      if (!mayTake || !device.hasPushToken) continue;
      this.parts.outbound.wakePhone({
        id: `${id}:${device.deviceRowId}`,
        kind: 'push',
        key: device.deviceRowId,
        payload: { type: 'CALL_COMMAND_AVAILABLE', reason },
      });
    }
  }
}

/** The answer to a repeat: the first one's. */
const again = ({ id, phone, callId }: Command): EnqueueResult => ({
  ok: true,
  id,
  phone,
  callId,
  dedup: true,
  deliveredAtOnce: false,
});
