/** What a PhoneQueue shows of its phones, commands, measurements and logs. Times are milliseconds since the epoch. */

/** A command's life: queued → delivered → result, or out of queued by its life's end or by a person. */
export const COMMAND_STATES = ['queued', 'delivered', 'expired', 'cancelled', 'result'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/** What the phone says became of a call. */
export const CALL_STATUSES = [
  'connected',
  'no_answer',
  'busy',
  'rejected',
  'missed',
  'no_action',
  'unknown',
] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

/** Who pressed the button on the phone. Unknown values are dropped by the caller, never passed on. */
export const ACTION_SOURCES = ['crm_ui', 'notification', 'history', 'manual', 'unknown'] as const;
export type ActionSource = (typeof ACTION_SOURCES)[number];

/** A call's outcome as it is kept; null means the phone never said. */
export interface CallResult {
  status: CallStatus;
  /** Free words of the field: `outgoing`, `incoming`, … as validated by the caller. */
  direction: string | null;
  method: string | null;
  source: ActionSource | null;
  startedAt: number | null;
  endedAt: number | null;
  durationSec: number | null;
  attempts: number | null;
  resolveReason: string | null;
  reasonIfUnknown: string | null;
}

export interface StuckAlert {
  since: number;
  count: number;
  oldestAgeSec: number | null;
  byType: Record<string, number>;
}

export interface DeviceState {
  deviceRowId: string;
  deviceId: string;
  userId: string;
  username: string;
  name: string;
  simulator: boolean;
  hasPushToken: boolean;
  appVersion: string | null;
  encryptionEnabled: boolean | null;
  /** Written at most once a minute by polls. */
  lastSeenAt: number | null;
  lastPollCode: number | null;
  lastPollAt: number | null;
  /** A poll of this device is parked right now. */
  polling: boolean;
  /** Commands waiting that this device may take. */
  waiting: number;
  stuck: StuckAlert | null;
  createdAt: number;
}

export interface CommandView {
  id: string;
  callId: string;
  userId: string;
  creatorId: string;
  phone: string;
  companyId: string | null;
  contactId: string | null;
  note: string | null;
  /** `devices.id` it was aimed at, null for any. */
  aimedAt: string | null;
  /** `devices.id` that took it. */
  deliveredTo: string | null;
  state: CommandState;
  createdAt: number;
  expiresAt: number;
  deliveredAt: number | null;
  redelivered: boolean;
  endedAt: number | null;
  cancelledBy: string | null;
  manual: boolean;
  result: CallResult | null;
}

export interface CommandsQuery {
  userId?: string;
  /** `devices.id`: aimed at it or taken by it. */
  deviceRowId?: string;
  state?: CommandState;
  /** `next` of the previous page. */
  cursor?: string | null;
  /** 1–200. */
  limit: number;
}

/** Newest first. */
export interface CommandsPage {
  items: CommandView[];
  next: string | null;
}

/** One measurement of the app. `type` is any string; the known ones get their own series. */
export interface TelemetryItem {
  ts: number;
  type: string;
  endpoint: string | null;
  httpCode: number | null;
  valueMs: number | null;
  /** JSON text, at most 4,000 characters. */
  extra: string | null;
}

export interface SaveTelemetryInput {
  userId: string;
  /** May be blank. */
  deviceId: string;
  items: TelemetryItem[];
  now: number;
}

export interface TelemetryQuery {
  userId?: string;
  deviceRowId?: string;
  from: number;
  to: number;
  /** Width of a point, at least 60,000. */
  stepMs: number;
}

/** One point per type and step that has measurements. Counts, and milliseconds of `value_ms`. */
export interface TelemetryPoint {
  at: number;
  type: string;
  count: number;
  errors: number;
  avgMs: number | null;
  maxMs: number | null;
}

export interface LogItem {
  /** The phone's clock; absent: when it came. */
  ts: number | null;
  levelSummary: string | null;
  source: string | null;
  payload: string;
  /** The caller cut the payload at 50,000 characters. */
  truncated: boolean;
}

export interface SaveLogsInput {
  userId: string;
  deviceId: string;
  items: LogItem[];
  now: number;
}

export interface LogsQuery {
  userId?: string;
  deviceRowId?: string;
  cursor?: string | null;
  /** 1–100. */
  limit: number;
}

export interface LogView extends LogItem {
  id: number;
  userId: string;
  deviceId: string;
  receivedAt: number;
}

export interface LogsPage {
  items: LogView[];
  next: string | null;
}
