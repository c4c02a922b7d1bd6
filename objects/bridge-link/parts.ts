/**
 * What a BridgeLink is put together from: the tunnel (this directory) and the slots (`slots/`). The tunnel owns sockets,
 * requests, events, uploads; the slots own holds, commands, script runs and samples, and see the tunnel as a `Link`.
 */
import type { BridgeEvent } from '../../bridge/protocol/events';
import type { SlotReading } from '../../bridge/protocol/readings';
import type { BridgeVerb, VerbArgs, VerbResult } from '../../bridge/protocol/verbs';
import type { Env } from '../../worker/env';
import type { Timers } from '../lib/timers';
import type { BridgeLinkApi, LinkRefusal } from './contract';

export interface LinkSelf {
  tenantId: string;
  bridgeId: string;
  /** Of the bridge, within its tenant: for `cmd_<number>_<n>` and `gacs_<number>_<n>`. */
  number: number;
}

export type Asked<V extends BridgeVerb> = { ok: true; result: VerbResult<V> } | LinkRefusal;

export interface AskOptions {
  /** For the log: `user:<id>`, … */
  by: string;
  /** Longest wait, milliseconds; the verb's own when absent. */
  timeoutMs?: number;
  /** The same id again is the same request. A new one when absent. */
  id?: string;
}

/** How a command begun with `begin` ended. `answer.result` of a success is what the verb's schema says. */
export interface Finished {
  id: string;
  verb: BridgeVerb;
  tag: string;
  answer: { ok: true; result: unknown } | LinkRefusal;
}

/** The tunnel as the slots use it. */
export interface Link {
  storage: DurableObjectStorage;
  sql: SqlStorage;
  env: Env;
  /** Shared with the tunnel: prefix names with `slots.`; they come back through `SlotPart.onTimer`. */
  timers: Timers;
  now(): number;
  /** @throws Error before the bridge connected for the first time: nothing about slots is known by then */
  self(): LinkSelf;
  online(): boolean;
  /** Waits for the answer, until the deadline at the latest. Answers OFFLINE at once while the tunnel is down. */
  ask<V extends BridgeVerb>(verb: V, args: VerbArgs<V>, options: AskOptions): Promise<Asked<V>>;
  /**
   * Sends a command with an effect and does not wait: null when it is on its way, else why not. How it ended comes to
   * `SlotPart.finished`, exactly once, also when the object is restarted in between. May be called in a transaction.
   */
  begin<V extends BridgeVerb>(
    verb: V,
    args: VerbArgs<V>,
    options: AskOptions & { tag: string },
  ): LinkRefusal | null;
  /** `slot.screen` with the bytes that follow its answer. */
  screen(
    args: VerbArgs<'slot.screen'>,
    options: AskOptions,
  ): Promise<{ ok: true; png: Uint8Array } | LinkRefusal>;
  /** A line of the bridge's log; numbers masked, no secrets. */
  log(level: 'info' | 'warn' | 'error', part: string, text: string): void;
}

/** A picture of a script run that has arrived in R2. */
export interface Screenshot {
  runId: string;
  step: number;
  blobKey: string;
}

/** The slots as the tunnel uses them. The API's methods of slots are theirs as they stand in the contract. */
export interface SlotPart extends Pick<
  BridgeLinkApi,
  | 'slots'
  | 'slot'
  | 'samples'
  | 'slotHistory'
  | 'hold'
  | 'release'
  | 'freeSlot'
  | 'startSlotCall'
  | 'endSlotCall'
  | 'restartSlot'
  | 'rebootSlot'
  | 'startCommand'
  | 'command'
  | 'commands'
  | 'screen'
  | 'startScript'
  | 'stopScript'
  | 'script'
  | 'scripts'
> {
  /** Before a batch of events: makes rows of phones nobody knows yet. A throw puts the whole batch off. */
  prepare(events: readonly BridgeEvent[]): Promise<void>;
  /** Small number of a slot that `prepare` has seen. */
  idOf(key: string): number | null;
  /** One event, in order, inside the transaction that stores its number: nothing asynchronous. Kinds that are not the slots' are ignored. */
  apply(event: BridgeEvent, at: number): void;
  /** After the batch is stored: tells others what changed (live feed). Must not throw. */
  told(): Promise<void>;
  readings(readings: readonly SlotReading[], at: number): void;
  screenshot(picture: Screenshot): void;
  /** The tunnel came up (`true`) or went away. */
  tunnel(up: boolean, at: number): void;
  /** Inside the transaction that stores the answer. */
  finished(command: Finished, at: number): void;
  counts(): { total: number; online: number };
  /** Rows of slots in D1 changed. */
  configChanged(): Promise<void>;
  /** A timer whose name begins with `slots.` is due. */
  onTimer(name: string, now: number): Promise<void> | void;
}
