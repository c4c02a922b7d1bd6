/**
 * What other rooms and objects may ask of a BridgeLink: one object per bridge (named `<tenant>:<bridge id>`), the only
 * owner of that bridge's tunnel, of the commands in flight, of its slots' holds, and of its newest readings. Times are
 * milliseconds since the epoch. Expected refusals are results with `ok: false`; a throw is a bug or an unreachable
 * object and may be retried.
 */
import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import type { TrunkView } from '../../bridge/protocol/pbx';
import type { HostReading, HubReading, SlotReading } from '../../bridge/protocol/readings';
import type { Script, SlotStatus } from '../../bridge/protocol/slots';
import type { Agent, Hello } from '../../bridge/protocol/messages';
import type { SlotConfig } from '../../worker/db/schema';

/** Name of a bridge's object. */
export const bridgeLinkName = (tenantId: string, bridgeId: string): string => `${tenantId}:${bridgeId}`;

/** Header in which the Worker hands a bridge's row (`BridgeRecord` as percent-encoded JSON) to `fetch('/connect')`. */
export const BRIDGE_HEADER = 'x-bridge-record';

export interface BridgeRecord {
  id: string;
  tenantId: string;
  number: number;
  name: string;
  /** base64 of the raw Ed25519 key. */
  publicKey: string;
  /** Address the request came from, where a trusted proxy tells it. */
  address: string | null;
}

/** A refusal with the bridge's own words; `details` goes into the API's `details`, which are texts by field. */
export interface LinkRefusal {
  ok: false;
  code: BridgeErrorCode;
  message: string;
  details?: Record<string, string[]>;
}

export interface LinkRequest {
  /** One of the tunnel's verbs. */
  verb: string;
  args: unknown;
  /**
   * Chosen by the caller, letters, digits and dashes: the same id again is the same request and gets its answer, so that
   * a call whose own connection broke may be repeated. A new one when absent.
   */
  id?: string;
  /** Longest wait for the answer, milliseconds; the verb's own when absent. */
  timeoutMs?: number;
  /** For the log: `user:<id>`, `campaign:<id>`, … */
  by: string;
}

/** `result` is JSON text by the verb's schema: RPC has no type for "anything". `askBridge` reads it. */
export type LinkAnswer = { ok: true; result: string } | LinkRefusal;

export interface PbxState {
  name: string;
  ssh: 'up' | 'down' | 'unused';
  ami: 'up' | 'down';
  version: string | null;
  error: string | null;
  at: number;
}

export interface BridgeStatus {
  connected: boolean;
  /** Of the connection there is, else when the last one ended; null if there was none ever. */
  since: number | null;
  agent: Agent | null;
  /** Address the bridge connected from, where it is known. */
  address: string | null;
  config: Hello['config'] | null;
  pbx: PbxState[];
  /** The newest the bridge told of each trunk in its configuration. */
  trunks: TrunkView[];
  host: { reading: HostReading; at: number } | null;
  hubs: { hubs: HubReading[] | null; why: string | null; at: number } | null;
  slots: { total: number; online: number };
  /** Requests open now. */
  inFlight: number;
  /** Events received and not stored elsewhere yet. */
  backlog: number;
  /** Last time another connection with the same key took over. */
  replacedAt: number | null;
}

export interface LogLine {
  id: number;
  at: number;
  level: 'info' | 'warn' | 'error';
  /** `tunnel`, `asterisk`, `slots`, `host`, `audit`. */
  part: string;
  text: string;
}

/** What holds a slot. */
export interface SlotHolder {
  kind: 'call' | 'script' | 'command' | 'user';
  /** Call id, run id, command id or user id. */
  id: string;
  userId: string | null;
}

export interface SlotState {
  id: number;
  key: string;
  bridgeId: string;
  status: SlotStatus;
  remedy: string | null;
  label: string | null;
  userId: string | null;
  trunk: string | null;
  config: SlotConfig;
  usb: string | null;
  model: string | null;
  android: string | null;
  address: string | null;
  /** Of the last change of its status, call, script or command. */
  lastActivity: number | null;
  lastEvent: string | null;
  /** Since when it is online and free; null while it is not. */
  idleSince: number | null;
  holder: SlotHolder | null;
  /** When the hold ends by itself at the latest; null while there is none. */
  holderUntil: number | null;
  callId: string | null;
  reading: SlotReading | null;
}

export interface SlotSample {
  at: number;
  battery: number | null;
  temperature: number | null;
  signal: number | null;
  cpu: number | null;
  ram: number | null;
  storage: number | null;
  latency_ms: number | null;
}

export interface SlotHistoryEntry {
  id: number;
  at: number;
  kind: 'status' | 'call' | 'script' | 'command' | 'hold';
  text: string;
  userId: string | null;
  ref: string | null;
}

/** `NOT_FOUND`: no such slot here. `SLOT_BUSY`, `SLOT_OFFLINE` as in the API. */
export type HoldResult = { ok: true; slot: SlotState; fence: number } | LinkRefusal;

export interface SlotCommand {
  commandId: string;
  slotId: number;
  argv: string[];
  userId: string;
  status: 'executing' | 'done' | 'failed';
  exitCode: number | null;
  stdout: string | null;
  stderr: string | null;
  truncated: boolean;
  timedOut: boolean;
  /** Milliseconds on the phone. */
  tookMs: number | null;
  startedAt: number;
  endedAt: number | null;
  error: { code: BridgeErrorCode; message: string } | null;
}

export interface ScriptRun {
  runId: string;
  slotId: number;
  script: string;
  params: Record<string, string>;
  userId: string;
  status: 'executing' | 'ok' | 'failed' | 'stopped';
  /** Index of the running step, or of the one that ended it. */
  step: number;
  steps: {
    do: string;
    state: 'waiting' | 'running' | 'ok' | 'failed' | 'skipped';
    ms: number | null;
    message: string | null;
    /** Key of the picture in R2, of a screenshot step. */
    screenshot: string | null;
  }[];
  error: string | null;
  startedAt: number;
  endedAt: number | null;
}

export interface BridgeLinkApi extends Rpc.DurableObjectBranded {
  /** `https://bridge-link/connect` with an upgrade and BRIDGE_HEADER; for `worker/bridge/` alone. */
  fetch(request: Request): Promise<Response>;
  /** Asks the bridge; ends by its deadline whatever happens. Commands with an effect are executed at most once. */
  request(input: LinkRequest): Promise<LinkAnswer>;
  status(): Promise<BridgeStatus>;
  /** Newest first. */
  log(query: { before?: number; limit: number }): Promise<LogLine[]>;
  /** The key or the tenant's right to use it is gone: closes the tunnel at once, for good. Idempotent. */
  revoke(): Promise<void>;
  /** The bridge's or its slots' rows in D1 changed: the copy is read anew. */
  configChanged(): Promise<void>;

  slots(): Promise<SlotState[]>;
  slot(slotId: number): Promise<SlotState | null>;
  samples(slotId: number, since: number): Promise<SlotSample[]>;
  slotHistory(slotId: number, query: { before?: number; limit: number }): Promise<SlotHistoryEntry[]>;
  /**
   * Takes a slot for `holder`: that one, or with `AUTO` the one that is idle the longest. Atomic. The hold ends by
   * `release`, by the end of the call or script, or after `lifeMs`.
   */
  hold(input: { slot: number | 'AUTO'; holder: SlotHolder; lifeMs: number }): Promise<HoldResult>;
  /** Ends a hold of this fence; an older one is no error and ends nothing. */
  release(input: { slotId: number; fence: number }): Promise<void>;
  /**
   * Ends a person's reservation; with `force` whatever holds the slot, and its call or script is ended. Answers who
   * held it, null where nobody did. SLOT_BUSY: somebody else holds it and `force` is not set.
   */
  freeSlot(input: {
    slotId: number;
    userId: string;
    force: boolean;
  }): Promise<{ ok: true; released: SlotHolder | null } | LinkRefusal>;
  /** Holds a slot and rings a number on it; a refusal leaves it free. */
  startSlotCall(input: {
    slot: number | 'AUTO';
    callId: string;
    number: string;
    userId: string;
  }): Promise<HoldResult>;
  endSlotCall(input: { callId: string; by: string }): Promise<LinkAnswer>;
  restartSlot(input: { slotId: number; userId: string }): Promise<LinkAnswer>;
  rebootSlot(input: { slotId: number; userId: string }): Promise<LinkAnswer>;
  /** Begins an ADB command; the result is at `command`. */
  startCommand(input: {
    slotId: number;
    argv: string[];
    free: boolean;
    userId: string;
  }): Promise<{ ok: true; commandId: string } | LinkRefusal>;
  command(slotId: number, commandId: string): Promise<SlotCommand | null>;
  commands(slotId: number, limit: number): Promise<SlotCommand[]>;
  /** PNG. */
  screen(slotId: number): Promise<{ ok: true; png: Uint8Array } | LinkRefusal>;
  startScript(input: {
    slot: number | 'AUTO';
    script: Script;
    params: Record<string, string>;
    free: boolean;
    userId: string;
    /** Chosen by the caller: the same key again is the same run, which is not begun again. */
    key?: string;
  }): Promise<{ ok: true; runId: string; slotId: number } | LinkRefusal>;
  stopScript(input: { runId: string; by: string }): Promise<LinkAnswer>;
  script(runId: string): Promise<ScriptRun | null>;
  scripts(query: { slotId?: number; limit: number }): Promise<ScriptRun[]>;
}
