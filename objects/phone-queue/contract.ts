/**
 * What other rooms and objects may ask of a PhoneQueue: one object per tenant and shard of its phone users
 * (`phoneQueueName` in `objects/lib/names.ts`), the only writer of those users' commands, leases, device
 * liveness, telemetry and logs. Times are milliseconds since the epoch, durations in fields named `Ms` or `Sec`.
 * Expected refusals are results with `ok: false`; a throw is a bug or an unreachable object and may be retried.
 */
import type {
  ActionSource,
  CallResult,
  CallStatus,
  CommandState,
  CommandView,
  CommandsPage,
  CommandsQuery,
  DeviceState,
  LogsPage,
  LogsQuery,
  SaveLogsInput,
  SaveTelemetryInput,
  TelemetryPoint,
  TelemetryQuery,
} from './views';

export * from './views';

export interface EnqueueInput {
  /** uuid made by the caller; the same id again answers what the first one got. */
  commandId: string;
  /** `newCallId()` of the caller: the call this command starts. */
  callId: string;
  /** Whose phones may take it. */
  userId: string;
  /** Who asked; with `phone` and `contactId` it makes a repeat within 60 s the same command. */
  creatorId: string;
  /** Non-blank; goes to the phone as it is. */
  phone: string;
  companyId?: string | null;
  contactId?: string | null;
  note?: string | null;
  /** Aims the command at one of the user's phones: `devices.id`, or the phone's own `device_id`. */
  deviceId?: string | null;
  now: number;
}

export type EnqueueResult =
  | { ok: true; id: string; phone: string; callId: string; dedup?: true; deliveredAtOnce: boolean }
  | { ok: false; code: 'no_device' | 'unknown_device' | 'blank_phone' };

export interface CancelInput {
  commandId: string;
  /** When given, another user's command is `not_found`. */
  userId?: string;
  /** User id of who cancels. */
  by: string;
  now: number;
}

export type CancelResult =
  | { ok: true; id: string; already: boolean }
  | { ok: false; code: 'not_found' }
  /** Delivered, expired or answered already: nothing left to cancel. */
  | { ok: false; code: 'too_late'; state: CommandState };

export interface RegisterDeviceInput {
  userId: string;
  username: string;
  /** Tenant id; must be the object's own. */
  tenant: string;
  /** `devices.id` in D1, written by the caller before this call. */
  deviceRowId: string;
  /** What the phone calls itself: ANDROID_ID or `unknown`; unique per user. */
  deviceId: string;
  /** Absent keeps the stored one. */
  name?: string | null;
  /** Whether D1 holds a push token for it (the token itself stays there, sealed). Absent keeps the stored answer. */
  hasPushToken?: boolean;
  simulator?: boolean;
  now: number;
}

/** `deviceRowId` is the stored one when the user had registered this `deviceId` before. */
export type RegisterDeviceResult =
  { ok: true; deviceRowId: string; created: boolean } | { ok: false; code: 'wrong_tenant' };

export interface RemoveDeviceInput {
  deviceRowId: string;
  now: number;
}

/** Idempotent. A poll parked by the device ends with 401; `sessions` are the ids it polled under, to be revoked by the caller. */
export type RemoveDeviceResult = { ok: true; removed: boolean; sessions: string[] };

export interface HeartbeatInput {
  userId: string;
  username: string;
  /** Absent or blank: the user's device seen last. */
  deviceId?: string | null;
  /** Row id to use if the device turns out to be unknown; the caller then writes the D1 row under it. */
  newDeviceRowId: string;
  name?: string | null;
  appVersion?: string | null;
  lastPollCode?: number | null;
  lastPollAt?: number | null;
  encryptionEnabled?: boolean | null;
  /** Absent says nothing about the queue; false clears the alert. */
  queueStuck?: boolean | null;
  stuckCount?: number | null;
  oldestStuckAgeSec?: number | null;
  stuckByType?: Record<string, number> | null;
  now: number;
}

export type HeartbeatResult =
  | {
      ok: true;
      deviceRowId: string;
      deviceId: string;
      name: string;
      appVersion: string | null;
      lastSeenAt: number;
      created: boolean;
    }
  /** No `deviceId` was given and the user has no device. */
  | { ok: false; code: 'no_device' };

export interface ReportInput {
  /** The signed-in user of the phone. */
  userId: string;
  deviceId?: string | null;
  /** uuid of the command, or of the phone's own making for a manual call. */
  callRequestId: string;
  status: CallStatus;
  /** undefined and null alike clear nothing. */
  startedAt?: number | null;
  endedAt?: number | null;
  durationSec?: number | null;
  direction?: string | null;
  method?: string | null;
  source?: ActionSource | null;
  attempts?: number | null;
  resolveReason?: string | null;
  reasonIfUnknown?: string | null;
  /** Number of a manual call when the phone says it. */
  phone?: string | null;
  now: number;
}

/** `not_found`: no such command, or another user's. */
export type ReportResult =
  { ok: true; callRequestId: string; callId: string; manual: boolean } | { ok: false; code: 'not_found' };

/** The tenant's settings the queue needs; pushed by `configure` when they change, read from D1 once on a miss. */
export interface PhoneQueueSettings {
  /** How long an empty plain poll is held. */
  emptyHoldMs: number;
  /** How long a command may wait for its phone. */
  lifeMs: number;
}

/** The RPC surface. `fetch('https://phone-queue/poll')` with an upgrade is for `worker/dialer/pull.ts` alone. */
export interface PhoneQueueApi extends Rpc.DurableObjectBranded {
  fetch(request: Request): Promise<Response>;
  enqueue(input: EnqueueInput): Promise<EnqueueResult>;
  /**
   * Tells CallHub now what it would be told in a moment, so that who has just queued a command finds its call there.
   * Gives up waiting after `limitMs`; what was not taken is told again later.
   */
  tellNow(limitMs: number): Promise<void>;
  cancel(input: CancelInput): Promise<CancelResult>;
  registerDevice(input: RegisterDeviceInput): Promise<RegisterDeviceResult>;
  removeDevice(input: RemoveDeviceInput): Promise<RemoveDeviceResult>;
  heartbeat(input: HeartbeatInput): Promise<HeartbeatResult>;
  report(input: ReportInput): Promise<ReportResult>;
  /** Whether this object holds the command, whoever's it is; asked by sibling shards. */
  holdsCommand(commandId: string): Promise<boolean>;
  /** Ends the session's parked polls with 401 and refuses it from now on. Idempotent; an unknown session is remembered too. */
  revokeSession(sid: string, now: number): Promise<void>;
  /** Ends the user's parked polls and refuses every session of theirs until `restoreUser`. Idempotent. */
  revokeUser(userId: string, now: number): Promise<void>;
  restoreUser(userId: string): Promise<void>;
  devices(query: { userId?: string }): Promise<DeviceState[]>;
  commands(query: CommandsQuery): Promise<CommandsPage>;
  command(commandId: string): Promise<CommandView | null>;
  saveTelemetry(input: SaveTelemetryInput): Promise<{ saved: number }>;
  telemetry(query: TelemetryQuery): Promise<TelemetryPoint[]>;
  saveLogs(input: SaveLogsInput): Promise<{ saved: number }>;
  logs(query: LogsQuery): Promise<LogsPage>;
  configure(settings: PhoneQueueSettings): Promise<void>;
}

/** What a phone event is about; `manual` is a call the phone made by itself. */
export type PhoneEventType = 'queued' | 'delivered' | 'expired' | 'cancelled' | 'result' | 'manual';

/** One change of a command, told to CallHub in order, at least once; CallHub de-duplicates by `id`. */
export interface PhoneEvent {
  id: string;
  callId: string;
  commandId: string;
  userId: string;
  creatorId: string;
  at: number;
  type: PhoneEventType;
  phone: string;
  /** `devices.id`: aimed at while queued, the one that took it afterwards. */
  deviceId: string | null;
  companyId: string | null;
  contactId: string | null;
  note: string | null;
  result?: CallResult;
}

/** Data message that wakes a sleeping phone. */
export interface PushPayload {
  type: 'CALL_COMMAND_AVAILABLE';
  reason: string;
}
