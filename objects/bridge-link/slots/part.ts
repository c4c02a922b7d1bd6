/** The slots of a bridge, put together. The methods of the API are described in ../contract.ts, the rest in ../parts.ts. */
import type { BridgeEvent, BridgeEventOf } from '../../../bridge/protocol/events';
import type { SlotReading } from '../../../bridge/protocol/readings';
import {
  bridgeLinkName,
  type HoldResult,
  type LinkAnswer,
  type LinkRefusal,
  type SlotHolder,
  type SlotState,
} from '../contract';
import type { Finished, Link, Screenshot, SlotPart } from '../parts';
import { SlotCalls } from './calls';
import { AUDIT_TIMER, SlotCommands } from './commands';
import { Desk, HOLD_TIMER, noSuchSlot } from './desk';
import { claimSlot, slotsOf } from './directory';
import { HoldEnds } from './hold-ends';
import { ScriptRuns } from './runs';
import { SlotPower } from './power';
import { TELL_TIMER } from './telling';

/** Followed by the id of a bridge that is still to be told that a phone of it is here now. */
const MOVED_TIMER = 'slots.moved.';
const MOVED_RETRY_MS = 5_000;

type StartCall = Parameters<SlotPart['startSlotCall']>[0];
type StartCommand = Parameters<SlotPart['startCommand']>[0];
type StartScript = Parameters<SlotPart['startScript']>[0];

export class Slots implements SlotPart {
  readonly #desk: Desk;
  readonly #calls: SlotCalls;
  readonly #commands: SlotCommands;
  readonly #runs: ScriptRuns;
  readonly #power: SlotPower;
  readonly #ends: HoldEnds;

  constructor(private readonly link: Link) {
    this.#desk = new Desk(link);
    this.#calls = new SlotCalls(this.#desk);
    this.#commands = new SlotCommands(this.#desk);
    this.#runs = new ScriptRuns(this.#desk);
    this.#power = new SlotPower(this.#desk);
    this.#ends = new HoldEnds(this.#desk, this.#calls, this.#commands, this.#runs);
    this.#desk.onExpired = (row, holder) => this.#ends.expired(row, holder);
  }

  // What the tunnel tells.

  async prepare(events: readonly BridgeEvent[]): Promise<void> {
    const there = new Map<string, boolean>();
    const see = (key: string, isThere: boolean): void =>
      void there.set(key, isThere || there.get(key) === true);
    for (const event of events) {
      if (event.kind === 'slot.state') see(event.data.slot, event.data.status !== 'OFFLINE');
      else if (event.kind === 'slot.list') for (const key of event.data.slots) see(key, false);
      else if (event.kind === 'slot.call') see(event.data.slot, true);
    }
    for (const [key, isThere] of there) {
      if (this.#desk.board.knows(key)) continue;
      const { slot, from } = await claimSlot(this.link.env, this.link.self(), key, isThere, this.link.now());
      if (slot !== null) this.#desk.board.configure(slot);
      if (from !== null) this.link.timers.set(`${MOVED_TIMER}${from}`, this.link.now());
    }
  }

  idOf(key: string): number | null {
    return this.#desk.board.byKey(key)?.id ?? null;
  }

  apply(event: BridgeEvent, at: number): void {
    switch (event.kind) {
      case 'slot.state':
        return this.#stateTold(event.data, at);
      case 'slot.list':
        return this.#listTold(event.data.slots, at);
      case 'slot.call': {
        const row = this.#desk.board.byKey(event.data.slot);
        if (row !== null) this.#calls.told(row, event.data, at);
        return;
      }
      case 'script.step':
        return this.#runs.stepTold(event.data);
      case 'script.end':
        return this.#runs.endTold(event.data, at);
      default:
    }
  }

  told(): Promise<void> {
    return this.#desk.telling.flush();
  }

  readings(readings: readonly SlotReading[], at: number): void {
    this.#desk.samples.take(readings, at, (key) => this.idOf(key));
  }

  screenshot(picture: Screenshot): void {
    this.#runs.screenshot(picture);
  }

  tunnel(up: boolean): void {
    if (up) this.#desk.resumed();
    // Of all of them the status is another one now.
    for (const row of this.#desk.board.all()) this.#desk.telling.changed(row.id);
    void this.#desk.telling.flush();
  }

  finished(command: Finished): void {
    const { tag, answer } = command;
    if (tag.startsWith('call:')) this.#calls.finished(command);
    else if (tag.startsWith('command:')) this.#commands.finished(command);
    else if (tag.startsWith('run:')) this.#runs.finished(command);
    else if (tag.startsWith('power:')) this.#power.finished(command);
    this.#desk.settled(tag, answer);
    // Not in this transaction: others may be told only of what is stored.
    queueMicrotask(() => void this.#desk.telling.flush());
  }

  counts(): { total: number; online: number } {
    const states = this.#states();
    const online = states.filter(({ status }) => status === 'ONLINE' || status === 'BUSY').length;
    return { total: states.length, online };
  }

  async configChanged(): Promise<void> {
    const { board, telling } = this.#desk;
    // A bridge that never told of a phone; the first one that does is read then.
    if (board.isEmpty()) return;
    const mine = await slotsOf(this.link.env, this.link.self());
    this.link.storage.transactionSync(() => {
      const keys = new Set(mine.map(({ key }) => key));
      for (const row of board.all()) {
        if (keys.has(row.key)) continue;
        this.#ends.takeAway(row, 'failed', 'the phone is at another bridge now, or was removed');
        board.remove(row.key);
      }
      for (const slot of mine) {
        board.configure(slot);
        board.settleIdle(slot.key, this.link.now());
        telling.changed(slot.id);
      }
    });
    void telling.flush();
  }

  async onTimer(name: string): Promise<void> {
    if (name === HOLD_TIMER) {
      this.link.storage.transactionSync(() => this.#desk.sweep());
      await this.#desk.telling.flush();
    } else if (name === TELL_TIMER) await this.#desk.tellAgain();
    else if (name === AUDIT_TIMER) await this.#commands.audit();
    else if (name.startsWith(MOVED_TIMER)) await this.#tellFormer(name);
  }

  // What the API asks.

  slots(): Promise<SlotState[]> {
    return Promise.resolve(this.#states());
  }

  slot(slotId: number): Promise<SlotState | null> {
    const row = this.#desk.board.byId(slotId);
    return Promise.resolve(row === null ? null : this.#desk.stateOf(row));
  }

  samples(slotId: number, since: number) {
    return Promise.resolve(this.#desk.samples.since(slotId, since));
  }

  slotHistory(slotId: number, query: { before?: number; limit: number }) {
    return Promise.resolve(this.#desk.history.page(slotId, query));
  }

  hold(input: { slot: number | 'AUTO'; holder: SlotHolder; lifeMs: number }): Promise<HoldResult> {
    const taken = this.#desk.take(input.slot, input.holder, input.lifeMs);
    if (!taken.ok) return Promise.resolve(taken);
    const { kind, userId } = input.holder;
    this.#desk.note(taken.row, 'hold', kind === 'user' ? 'reserved' : `taken by a ${kind}`, { userId });
    void this.#desk.telling.flush();
    return Promise.resolve({ ok: true, slot: this.#desk.stateOf(taken.row), fence: taken.fence });
  }

  release(input: { slotId: number; fence: number }): Promise<void> {
    this.#desk.release(input.slotId, input.fence);
    void this.#desk.telling.flush();
    return Promise.resolve();
  }

  freeSlot(input: {
    slotId: number;
    userId: string;
    force: boolean;
  }): Promise<{ ok: true; released: SlotHolder | null } | LinkRefusal> {
    const freed = this.#ends.free(input);
    void this.#desk.telling.flush();
    return Promise.resolve(freed);
  }

  startSlotCall(input: StartCall): Promise<HoldResult> {
    return this.#calls.start(input);
  }

  endSlotCall(input: { callId: string; by: string }): Promise<LinkAnswer> {
    return this.#calls.end(input);
  }

  restartSlot(input: { slotId: number; userId: string }): Promise<LinkAnswer> {
    return this.#power.run('slot.restart', input);
  }

  rebootSlot(input: { slotId: number; userId: string }): Promise<LinkAnswer> {
    return this.#power.run('slot.reboot', input);
  }

  startCommand(input: StartCommand): Promise<{ ok: true; commandId: string } | LinkRefusal> {
    const started = this.#commands.start(input);
    void this.#desk.telling.flush();
    return Promise.resolve(started);
  }

  command(slotId: number, commandId: string) {
    return Promise.resolve(this.#commands.get(slotId, commandId));
  }

  commands(slotId: number, limit: number) {
    return Promise.resolve(this.#commands.list(slotId, limit));
  }

  screen(slotId: number): Promise<{ ok: true; png: Uint8Array } | LinkRefusal> {
    const row = this.#desk.board.byId(slotId);
    if (row === null) return Promise.resolve(noSuchSlot());
    return this.link.screen({ slot: row.key }, { by: 'screen' });
  }

  startScript(input: StartScript) {
    return this.#runs.start(input);
  }

  stopScript(input: { runId: string; by: string }): Promise<LinkAnswer> {
    return this.#runs.stop(input);
  }

  script(runId: string) {
    return Promise.resolve(this.#runs.get(runId));
  }

  scripts(query: { slotId?: number; limit: number }) {
    return Promise.resolve(this.#runs.list(query));
  }

  // What follows from it.

  #states(): SlotState[] {
    return this.#desk.board.all().map((row) => this.#desk.stateOf(row));
  }

  #stateTold(data: BridgeEventOf<'slot.state'>, at: number): void {
    const { board } = this.#desk;
    const before = board.byKey(data.slot);
    if (before === null) return;
    board.setState(data.slot, data);
    if (data.status === 'ONLINE') this.#desk.expectEnd(before);
    else if (data.status === 'BUSY') this.#desk.goesOn(before);
    board.settleIdle(data.slot, at);
    if (before.status !== data.status) this.#desk.note(before, 'status', data.status, { at });
    this.#desk.telling.changed(before.id);
  }

  /** The bridge (re)started: what it does not name is not there. */
  #listTold(keys: readonly string[], at: number): void {
    const { board } = this.#desk;
    for (const row of board.all()) {
      if (keys.includes(row.key) || row.status === 'OFFLINE') continue;
      board.setStatus(row.key, 'OFFLINE', null);
      // Nothing of before goes on in a bridge that began anew.
      this.#desk.expectEnd(row);
      board.settleIdle(row.key, at);
      this.#desk.note(row, 'status', 'OFFLINE', { at });
    }
  }

  /** The bridge that had a phone before reads its slots anew. Tried until it did. */
  async #tellFormer(timer: string): Promise<void> {
    const name = bridgeLinkName(this.link.self().tenantId, timer.slice(MOVED_TIMER.length));
    try {
      await this.link.env.BRIDGE_LINK.getByName(name).configChanged();
    } catch {
      this.link.timers.set(timer, this.link.now() + MOVED_RETRY_MS);
    }
  }
}
