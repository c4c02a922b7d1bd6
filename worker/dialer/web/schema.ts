/**
 * Shapes of the phones screen's API (`/api/phones/*`). Times are ISO 8601 in UTC, durations say their unit in the
 * name, ids of phones are `devices.id`. Lists answer `{items, next}`; `next` goes back as `?cursor=`, null ends it.
 *
 * Own phones and commands need `phone.own`; other people's need `phone.view` to be seen and `phone.manage` to be changed,
 * and without it look like ones that don't exist.
 *
 * | call | action | answer |
 * |---|---|---|
 * | GET /api/phones?mine=1 | phone.own | PhoneList; without `mine` everybody's where phone.view allows |
 * | GET, DELETE /api/phones/:id | phone.own | Phone, Removed |
 * | GET /api/phones/commands?user=&device=&state=&cursor=&limit= | phone.own | CommandList |
 * | POST /api/phones/commands/:id/cancel | phone.own | CancelledCommand |
 * | GET /api/phones/:id/telemetry?from=&to=&bucket= | phone.own | Telemetry |
 * | GET /api/phones/:id/logs?cursor=&limit= | phone.own | LogList |
 * | GET /api/phones/stats?from=&to=&by=day\|month | phone.stats | PhoneStats, or CSV with `Accept: text/csv` |
 * | GET, POST /api/phones/builds; DELETE /api/phones/builds/:id | phone.manage | BuildList, Build, Removed |
 * | GET, PATCH /api/phones/settings | phone.manage | PhoneSettings |
 * | GET, PUT, DELETE /api/phones/push | phone.manage | PushSettings |
 * | GET /api/phones/push/dead?cursor=&limit= | phone.manage | DeadPushList |
 * | POST /api/phones/push/replay | phone.manage | Replayed |
 * | POST /api/phone/qr/create/, GET /api/phone/qr/status/?token= | phone.sign_in (dialer's error shape) | QrCode, QrStatus |
 */
import { z } from '@hono/zod-openapi';
import { ACTION_SOURCES, CALL_STATUSES, COMMAND_STATES } from '../../../objects/phone-queue/contract';

const time = z.iso.datetime().openapi({ example: '2026-11-15T10:30:00.000Z' });
const count = z.int().min(0);

/** Enough of a user to show who it is. */
export const Person = z
  .object({ id: z.string(), username: z.string(), display_name: z.string() })
  .openapi('PhonePerson', {
    example: { id: '5d0e9f1c-8f7e-4a51-9b0e-0a3f4f0a9c11', username: 'op12', display_name: 'Olga' },
  });

/** polling: a poll is parked now; recent: seen within 2 minutes; asleep: seen longer ago; never: registered, not seen. */
export const PHONE_STATES = ['polling', 'recent', 'asleep', 'never'] as const;

export const PhoneAlert = z
  .object({
    /** The app reports results it cannot deliver. */
    kind: z.literal('queue_stuck'),
    since: time,
    count,
    oldest_age_sec: count.nullable(),
    by_type: z.record(z.string(), count),
  })
  .openapi('PhoneAlert');

export const Phone = z
  .object({
    id: z.string(),
    device_id: z.string().openapi({ description: 'What the phone calls itself; unique per user only' }),
    name: z.string(),
    user: Person,
    simulator: z.boolean(),
    state: z.enum(PHONE_STATES),
    last_seen_at: time.nullable(),
    app_version: z.string().nullable(),
    last_poll_code: z.int().nullable(),
    last_poll_at: time.nullable(),
    encryption_enabled: z.boolean().nullable(),
    queue_stuck: z.boolean(),
    stuck_count: count,
    oldest_stuck_age_sec: count.nullable(),
    stuck_by_type: z.record(z.string(), count),
    alerts: z.array(PhoneAlert),
    push: z.boolean().openapi({ description: 'The phone gave a push token, so it can be woken' }),
    pending_commands: count,
    registered_at: time,
  })
  .openapi('Phone');
export const PhoneList = z.object({ items: z.array(Phone) }).openapi('PhoneList');

export const CommandResult = z
  .object({
    status: z.enum(CALL_STATUSES),
    direction: z.string().nullable(),
    method: z.string().nullable(),
    source: z.enum(ACTION_SOURCES).nullable(),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    duration_sec: count.nullable(),
    attempts: count.nullable(),
    resolve_reason: z.string().nullable(),
    reason_if_unknown: z.string().nullable(),
  })
  .openapi('PhoneCommandResult');

export const Command = z
  .object({
    id: z.uuid(),
    call_id: z.string(),
    user: Person,
    created_by: Person,
    phone: z.string().openapi({ example: '+375290000000' }),
    company_id: z.string().nullable(),
    contact_id: z.string().nullable(),
    note: z.string().nullable(),
    /** `Phone.id` it was aimed at, null for any of the user's. */
    aimed_at: z.string().nullable(),
    /** `Phone.id` that took it. */
    delivered_to: z.string().nullable(),
    state: z.enum(COMMAND_STATES),
    created_at: time,
    expires_at: time,
    delivered_at: time.nullable(),
    redelivered: z.boolean(),
    ended_at: time.nullable(),
    cancelled_by: z.union([Person, z.null()]),
    /** A call the phone made by itself and told us about. */
    manual: z.boolean(),
    result: z.union([CommandResult, z.null()]),
  })
  .openapi('PhoneCommand');
export const CommandList = z
  .object({ items: z.array(Command), next: z.string().nullable() })
  .openapi('PhoneCommandList');
export const CancelledCommand = z
  .object({ id: z.uuid(), state: z.literal('cancelled') })
  .openapi('CancelledCommand');

export const Telemetry = z
  .object({
    from: time,
    to: time,
    bucket_sec: z.int(),
    /** One per type the phone sent in the period, most frequent first. */
    series: z.array(
      z.object({
        type: z.string().openapi({ example: 'latency' }),
        total: count,
        errors: count,
        /** Only buckets that have measurements; `errors` are those with http_code ≥ 400. */
        points: z.array(
          z.object({
            at: time,
            count,
            errors: count,
            avg_ms: z.number().nullable(),
            max_ms: z.number().nullable(),
          }),
        ),
      }),
    ),
  })
  .openapi('PhoneTelemetry');

export const LogEntry = z
  .object({
    id: z.int(),
    received_at: time,
    /** The phone's clock. */
    ts: time.nullable(),
    level_summary: z.string().nullable(),
    source: z.string().nullable(),
    payload: z.string(),
    truncated: z.boolean().openapi({ description: 'The payload was cut at 50,000 characters' }),
  })
  .openapi('PhoneLogEntry');
export const LogList = z
  .object({ items: z.array(LogEntry), next: z.string().nullable() })
  .openapi('PhoneLogList');

const counters = z.record(z.string(), count);
export const StatsRow = z
  .object({
    /** `2026-11-15` by day, `2026-11` by month, of the tenant's time zone. */
    period: z.string(),
    user: Person,
    total: count,
    connected: count,
    /** connected / total, 0–1; null when there was no call. */
    connect_rate: z.number().min(0).max(1).nullable(),
    /** Of connected calls whose duration the phone told. */
    avg_talk_sec: z.number().nullable(),
    talk_sec: count,
    by_status: counters,
    by_direction: counters,
    by_method: counters,
    by_source: counters,
  })
  .openapi('PhoneStatsRow');
export const PhoneStats = z
  .object({
    from: z.string().openapi({ example: '2026-11-01' }),
    to: z.string().openapi({ example: '2026-11-30' }),
    by: z.enum(['day', 'month']),
    time_zone: z.string(),
    rows: z.array(StatsRow),
  })
  .openapi('PhoneStats');

export const Build = z
  .object({
    id: z.string(),
    version_name: z.string().openapi({ example: '2.4.1' }),
    version_code: z.int().openapi({ example: 241 }),
    sha256: z.string(),
    size_bytes: count,
    uploaded_at: time,
    uploaded_by: Person,
    /** The build `app/latest` names: the highest version code. */
    latest: z.boolean(),
  })
  .openapi('PhoneBuild');
export const BuildLinkBody = z
  .object({
    url: z.url().openapi({ example: 'https://calls.example/api/phone/app/download/?sig=eyJ…' }),
    expires_at: time,
  })
  .openapi('PhoneBuildLink');
export const BuildList = z.object({ items: z.array(Build) }).openapi('PhoneBuildList');
export const Removed = z.object({ ok: z.literal(true), id: z.string() }).openapi('PhoneRemoved');

/** PATCH takes any part of it. */
export const PhoneSettings = z
  .object({
    empty_hold_ms: z.int().min(1_000).max(10_000).openapi({
      description:
        'How long an empty plain poll is held; under 1 s the app takes the server for one without long poll',
      example: 1_200,
    }),
    command_life_ms: z
      .int()
      .min(10_000)
      .max(24 * 3_600_000)
      .openapi({ example: 300_000 }),
    access_ttl_sec: z
      .int()
      .min(300)
      .max(7 * 24 * 3_600)
      .openapi({ example: 86_400 }),
    password_sign_in: z.boolean().openapi({ description: 'false leaves the QR code as the only way in' }),
  })
  .openapi('PhoneSettings');

export const PushHealth = z
  .object({
    breaker: z.enum(['closed', 'open', 'half_open']),
    breaker_until: time.nullable(),
    waiting: count,
    dead: count,
    delivered: count,
    last_delivered_at: time.nullable(),
    last_failure_at: time.nullable(),
    last_error: z.string().nullable(),
  })
  .openapi('PushHealth');
/** The service account is never given back: what shows is the project and the masked e-mail. */
export const PushSettings = z
  .object({
    configured: z.boolean(),
    project_id: z.string().nullable(),
    client_email: z.string().nullable().openapi({ example: 'tr***@demo-project.iam.gserviceaccount.com' }),
    updated_at: time.nullable(),
    health: PushHealth,
  })
  .openapi('PushSettings');
export const PutPush = z
  .object({ service_account: z.string().max(16_384).openapi({ description: 'The JSON key file as text' }) })
  .openapi('PutPush');
/** A wake-up that was given up. */
export const DeadPush = z
  .object({
    id: z.string(),
    phone_id: z.string(),
    reason: z.string(),
    created_at: time,
    died_at: time,
    attempts: count,
    error: z.string().openapi({ example: 'FCM answered 403 SENDER_ID_MISMATCH' }),
  })
  .openapi('DeadPush');
export const DeadPushList = z
  .object({ items: z.array(DeadPush), next: z.string().nullable() })
  .openapi('DeadPushList');
export const Replayed = z.object({ replayed: count }).openapi('PushReplayed');

/** `POST /api/phone/qr/create/`: the QR code holds the token as it is. */
export const QrCode = z.object({ token: z.string(), expires_at: time }).openapi('PhoneQrCode');
export const QrStatus = z
  .object({
    status: z.enum(['pending', 'used', 'expired']),
    expires_at: time,
    used_at: time.nullable(),
  })
  .openapi('PhoneQrStatus');
