import type { components } from '#lib/api/schema.js';

/** What the phones screens show, by the API's own names; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Person = Schemas['PhonePerson'];
export type Phone = Schemas['Phone'];
export type PhoneState = Phone['state'];
export type Command = Schemas['PhoneCommand'];
export type CommandState = Command['state'];
export type Telemetry = Schemas['PhoneTelemetry'];
export type TelemetrySeries = Telemetry['series'][number];
export type TelemetryPoint = TelemetrySeries['points'][number];
export type LogEntry = Schemas['PhoneLogEntry'];
export type StatsRow = Schemas['PhoneStatsRow'];
export type PhoneStats = Schemas['PhoneStats'];
export type Build = Schemas['PhoneBuild'];
export type PhoneSettings = Schemas['PhoneSettings'];
export type PushSettings = Schemas['PushSettings'];
export type PushHealth = Schemas['PushHealth'];
export type DeadPush = Schemas['DeadPush'];
export type QrCode = Schemas['PhoneQrCode'];
export type QrStatus = Schemas['PhoneQrStatus'];

/** polling: a poll is parked now; recent: seen within 2 minutes; asleep: seen longer ago; never: not seen yet. */
export const PHONE_STATES = ['polling', 'recent', 'asleep', 'never'] as const satisfies readonly PhoneState[];

export const COMMAND_STATES = [
  'queued',
  'delivered',
  'expired',
  'cancelled',
  'result',
] as const satisfies readonly CommandState[];
