/**
 * What the bridge is made of: the tunnel, and parts that do the work (Asterisk, slots, host). A part knows nothing of
 * the tunnel: it answers verbs, and tells events and readings through what it is given here.
 */
import type { BridgeErrorCode } from './protocol/errors.ts';
import type { BridgeEvent } from './protocol/events.ts';
import type { Readings } from './protocol/readings.ts';
import type { BridgeVerb, EdgeArgs, EdgeResult, EdgeVerb, ParsedArgs, VerbResult } from './protocol/verbs.ts';

/** An expected refusal of a verb; anything else that is thrown is a bug and answers INTERNAL. */
export class Refusal extends Error {
  readonly code: BridgeErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: BridgeErrorCode, message: string, details?: Record<string, unknown>) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }
}

export interface Logger {
  info(text: string, fields?: Record<string, unknown>): void;
  warn(text: string, fields?: Record<string, unknown>): void;
  error(text: string, fields?: Record<string, unknown>): void;
}

/** One request being answered. */
export interface Ask {
  id: string;
  /** Aborted by cancellation, by the deadline and by the bridge's stop. */
  signal: AbortSignal;
  /** By the clock of `BridgeServices.now`. */
  deadline: number;
  progress(data: unknown): void;
}

export type Handler<V extends BridgeVerb> = (args: ParsedArgs<V>, ask: Ask) => Promise<VerbResult<V>>;
export type Handlers = { [V in BridgeVerb]?: Handler<V> };

/** What a part may use. */
export interface BridgeServices {
  log: Logger;
  /** The edge's clock, ms; the host's own until the tunnel was up once. */
  now(): number;
  /** Durable in the journal when it returns; sent in order, until the edge has stored it. */
  emit(event: BridgeEvent): void;
  /** Asks the edge. Throws a Refusal with OFFLINE while the tunnel is down. */
  ask<V extends EdgeVerb>(verb: V, args: EdgeArgs<V>, signal?: AbortSignal): Promise<EdgeResult<V>>;
  /** A number for a stream of binary frames, new on this connection. */
  newStream(): number;
  /**
   * Sends bytes as frames from `offset` on, paced by what the edge takes; resolves when the edge has taken the last.
   * Rejects with a Refusal (OFFLINE) when the tunnel breaks: begin again with `upload.begin`.
   */
  send(stream: number, offset: number, bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Resolves when the tunnel is up (at once if it is). */
  online(signal?: AbortSignal): Promise<void>;
  /** Directory for the part's own files, inside the bridge's state directory, mode 0700. */
  stateDir: string;
}

/** A row of `--check`. */
export interface CheckRow {
  what: string;
  ok: boolean | 'warn';
  /** What was found: a version, a count, the error. */
  found: string;
  /** What to do, for a row that is not ok. */
  remedy?: string;
}

export interface Part {
  name: 'asterisk' | 'slots' | 'host';
  handlers: Handlers;
  /** Begins to listen and reconnect; returns at once, even if nothing can be reached. */
  start(): void;
  /** Finishes or gives up what is in flight within a few seconds. */
  stop(): Promise<void>;
  /** Called when a tunnel came up: emits the state that the edge may have missed (`pbx.state`, `slot.list`, …). */
  announce?(): void;
  /** The newest readings; asked for every 15 s while the tunnel is up. */
  readings?(): Promise<Partial<Readings>>;
  /** For `--check`: tries what the configuration promises, without an effect. */
  check(): Promise<CheckRow[]>;
}
