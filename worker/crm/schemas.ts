import { z } from '@hono/zod-openapi';
import { CALLER_RULE } from '../../objects/lib/lines';

export const Enterprise = z
  .string()
  .regex(/^\d{4}$/, 'four digits')
  .openapi({ example: '0101', description: 'Number of one’s own tenant.' });
export const entParam = z.object({ ent: Enterprise });

/** Id of a person in the CRM: digits in RetailCRM, anything short elsewhere. */
export const CrmUserId = z
  .string()
  .regex(/^[\w.@-]{1,64}$/, 'letters, digits, and . @ - _')
  .openapi({ example: '11' });
export const Extension = z
  .string()
  .regex(/^\d{2,5}$/, 'two to five digits')
  .openapi({ example: '101' });
const Phone = z.string().regex(/^\+?\d{3,15}$/, 'digits, with or without a plus');

export const UserExtensions = z
  .record(CrmUserId, Extension.nullable())
  .openapi('CrmUserExtensions', { example: { '11': '101', '12': null } });

/** As `CrmCallRules` of the hub. */
export const CallRules = z
  .strictObject({
    attribution: z
      .enum(['first', 'last'])
      .openapi({ description: 'Who has the record of a call that several talked on.' }),
    groupPopups: z.enum(['all', 'answerer', 'none']),
    busyPopups: z.enum(['show', 'skip']),
    transferPopups: z.boolean(),
    popups: z.strictObject({ in: z.boolean(), out: z.boolean(), hangup: z.boolean() }),
    mobiles: z
      .array(z.strictObject({ number: z.string().regex(/^\d{5,15}$/), extension: Extension.nullable() }))
      .max(500),
    transferWaitSec: z.int().min(0).max(120),
    recordingWaitSec: z.int().min(0).max(600),
    incomingTransform: z
      .record(
        z.string().regex(/^(?:gsm:\d{7}|sip:[\w.@-]{1,60})$/, 'gsm:<seven digits> or sip:<name>'),
        z.string().regex(CALLER_RULE, 'what goes before and how many last digits stay, like +375{9}'),
      )
      .refine((lines) => Object.keys(lines).length <= 200, 'at most 200 lines')
      .openapi({
        description: 'How callers’ numbers are written, by line.',
        example: { 'gsm:0001001': '+375{9}' },
      }),
  })
  .openapi('CrmCallRules');

/** What may be changed of a link, whatever its family; absent fields stay as they are. */
export const ConfigChange = z
  .strictObject({
    enabled: z.boolean().optional(),
    domain: z
      .string()
      .trim()
      .max(2_048)
      .optional()
      .openapi({ description: 'Address of the CRM, or of the webhook.' }),
    api_key: z.string().trim().min(1).max(512).optional().openapi({
      description: 'API key or signing secret. The masked one that was read leaves it as it is.',
    }),
    user_extensions: UserExtensions.optional(),
    site: z.string().trim().max(80).nullable().optional(),
    zone: z.string().max(64).refine(isZone, 'no such time zone').nullable().optional(),
    lines: z
      .record(z.string().max(64), Phone)
      .refine((lines) => Object.keys(lines).length <= 200, 'at most 200 lines')
      .optional()
      .openapi({ description: 'Number of the line by its trunk.' }),
    prefix_ids: z.boolean().optional(),
    popup_life_sec: z.int().min(5).max(86_400).nullable().optional(),
    send_recordings: z.boolean().optional(),
    recording_link_days: z.int().min(1).max(3_650).nullable().optional(),
    rules: CallRules.partial().optional(),
  })
  .openapi('CrmConfigChange');

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

export const Config = z
  .object({
    enabled: z.boolean(),
    domain: z.string(),
    api_key: z.string().openapi({ description: 'Masked: its last four characters.', example: '****-key' }),
    user_extensions: UserExtensions,
    last_sync: z.iso.datetime().nullable(),
    version: z.literal('1.0'),
    site: z.string().nullable(),
    zone: z.string().nullable().openapi({ description: 'IANA zone of the CRM account; null: the tenant’s.' }),
    lines: z.record(z.string(), z.string()),
    prefix_ids: z.boolean(),
    popup_life_sec: z.number().int().nullable(),
    send_recordings: z.boolean().openapi({
      description: 'Records carry an address under which the CRM’s people listen without a sign-in.',
    }),
    recording_link_days: z.number().int().nullable().openapi({
      description: 'How long such an address is good, from the call on; null: until it is called back.',
    }),
    rules: CallRules,
    registered_at: z.iso.datetime().nullable(),
  })
  .openapi('CrmConfig');

export const ConfigAnswer = z.object({ enterprise_number: Enterprise, config: Config });

const iso = z.iso.datetime().nullable();

export const LinkStatusBody = z
  .object({
    configured: z.boolean(),
    enabled: z.boolean(),
    breaker: z.enum(['closed', 'open', 'half_open']),
    breaker_until: iso,
    held: z
      .object({ since: z.iso.datetime(), http_status: z.number().int().nullable(), reason: z.string() })
      .nullable()
      .openapi({
        description: 'The CRM refuses our key: nothing is sent until it is changed or tested with success.',
      }),
    waiting: z.number().int(),
    oldest_waiting_at: iso,
    next_try_at: iso,
    dead: z.number().int(),
    counters: z.record(z.string(), z.number()),
    last_success_at: iso,
    last_failure_at: iso,
    last_error: z.string().nullable(),
    sync: z.object({ state: z.enum(['none', 'ok', 'pending']), at: iso, error: z.string().nullable() }),
    unknown_codes: z.array(z.string()),
    config_read_at: iso,
  })
  .openapi('CrmLinkStatus');

export const LogBody = z
  .object({
    id: z.number().int(),
    created_at: z.iso.datetime(),
    enterprise_number: Enterprise,
    integration_type: z.string(),
    event_type: z.string().openapi({ example: 'call_event:in' }),
    call_unique_id: z.string().nullable(),
    phone: z.string().nullable(),
    request_data: z.unknown(),
    response_data: z.unknown(),
    status: z.enum(['success', 'error']),
    error_message: z.string().nullable(),
    http_status: z.number().int().nullable(),
    attempt: z.number().int(),
    duration_ms: z.number().int().nullable(),
  })
  .openapi('CrmLogEntry');

export const DeadLetterBody = z
  .object({
    id: z.string(),
    kind: z.string(),
    call_unique_id: z.string(),
    phone: z.string(),
    created_at: z.iso.datetime(),
    died_at: z.iso.datetime(),
    attempts: z.number().int(),
    error: z.string(),
  })
  .openapi('CrmDeadLetter');
