/** What the phones screens show, by the API's own names. Times are ISO 8601 in UTC, durations name their unit. */

export interface Person {
  id: string;
  username: string;
  display_name: string;
}

/** polling: a poll is parked now; recent: seen within 2 minutes; asleep: seen longer ago; never: not seen yet. */
export const PHONE_STATES = ['polling', 'recent', 'asleep', 'never'] as const;
export type PhoneState = (typeof PHONE_STATES)[number];

export interface PhoneAlert {
  kind: 'queue_stuck';
  since: string;
  count: number;
  oldest_age_sec: number | null;
  by_type: Record<string, number>;
}

export interface Phone {
  id: string;
  /** What the phone calls itself; unique per user only. */
  device_id: string;
  name: string;
  user: Person;
  simulator: boolean;
  state: PhoneState;
  last_seen_at: string | null;
  app_version: string | null;
  last_poll_code: number | null;
  last_poll_at: string | null;
  encryption_enabled: boolean | null;
  queue_stuck: boolean;
  stuck_count: number;
  oldest_stuck_age_sec: number | null;
  stuck_by_type: Record<string, number>;
  alerts: PhoneAlert[];
  /** The phone gave a push token, so it can be woken. */
  push: boolean;
  pending_commands: number;
  registered_at: string;
}

export const COMMAND_STATES = ['queued', 'delivered', 'expired', 'cancelled', 'result'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

export type ResultStatus =
  'connected' | 'no_answer' | 'busy' | 'rejected' | 'missed' | 'no_action' | 'unknown';

export interface CommandResult {
  status: ResultStatus;
  direction: string | null;
  method: string | null;
  source: string | null;
  started_at: string | null;
  ended_at: string | null;
  duration_sec: number | null;
  attempts: number | null;
  resolve_reason: string | null;
  reason_if_unknown: string | null;
}

export interface Command {
  id: string;
  call_id: string;
  user: Person;
  created_by: Person;
  phone: string;
  company_id: string | null;
  contact_id: string | null;
  note: string | null;
  /** `Phone.id` it was aimed at, null for any of the user's. */
  aimed_at: string | null;
  delivered_to: string | null;
  state: CommandState;
  created_at: string;
  expires_at: string;
  delivered_at: string | null;
  redelivered: boolean;
  ended_at: string | null;
  cancelled_by: Person | null;
  /** A call the phone made by itself and told us about. */
  manual: boolean;
  result: CommandResult | null;
}

/** One page of a list; `next` asks for the following one, null ends it. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface TelemetryPoint {
  at: string;
  count: number;
  errors: number;
  avg_ms: number | null;
  max_ms: number | null;
}

export interface TelemetrySeries {
  type: string;
  total: number;
  errors: number;
  points: TelemetryPoint[];
}

export interface Telemetry {
  from: string;
  to: string;
  bucket_sec: number;
  series: TelemetrySeries[];
}

export interface LogEntry {
  id: number;
  received_at: string;
  /** The phone's clock. */
  ts: string | null;
  level_summary: string | null;
  source: string | null;
  payload: string;
  truncated: boolean;
}

export interface StatsRow {
  /** `2026-11-15` by day, `2026-11` by month, of the tenant's time zone. */
  period: string;
  user: Person;
  total: number;
  connected: number;
  connect_rate: number | null;
  /** Of connected calls whose duration the phone told. */
  avg_talk_sec: number | null;
  talk_sec: number;
  by_status: Record<string, number>;
  by_direction: Record<string, number>;
  by_method: Record<string, number>;
  by_source: Record<string, number>;
}

export interface PhoneStats {
  from: string;
  to: string;
  by: 'day' | 'month';
  time_zone: string;
  rows: StatsRow[];
}

export interface Build {
  id: string;
  version_name: string;
  version_code: number;
  sha256: string;
  size_bytes: number;
  uploaded_at: string;
  uploaded_by: Person;
  /** The build phones are told of: the highest version code. */
  latest: boolean;
}

export interface PhoneSettings {
  empty_hold_ms: number;
  command_life_ms: number;
  access_ttl_sec: number;
  password_sign_in: boolean;
}

export interface PushHealth {
  breaker: 'closed' | 'open' | 'half_open';
  breaker_until: string | null;
  waiting: number;
  dead: number;
  delivered: number;
  last_delivered_at: string | null;
  last_failure_at: string | null;
  last_error: string | null;
}

export interface PushSettings {
  configured: boolean;
  project_id: string | null;
  /** Masked: the key file is never given back. */
  client_email: string | null;
  updated_at: string | null;
  health: PushHealth;
}

export interface QrCode {
  token: string;
  expires_at: string;
}

export interface QrStatus {
  status: 'pending' | 'used' | 'expired';
  expires_at: string;
  used_at: string | null;
}
