import type { z } from '@hono/zod-openapi';
import type { CrmCallRules } from '../../objects/call-hub/crm/contract';
import type { DeadLetter, LinkStatus, LogEntry } from '../../objects/crm-link/contract';
import type { LinkRow } from './links';
import type { Config, DeadLetterBody, LinkStatusBody, LogBody } from './schemas';

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** What a key looks like to people; sent back, it means "as it is". */
export const maskOf = (hint: string): string => `****${hint}`;

export const configView = (
  row: LinkRow,
  extensions: Record<string, string>,
  rules: CrmCallRules,
  lastSync: number | null,
): z.infer<typeof Config> => ({
  enabled: row.enabled,
  domain: row.url,
  api_key: maskOf(row.hint),
  user_extensions: extensions,
  last_sync: iso(lastSync),
  version: '1.0',
  site: row.options.site ?? null,
  zone: row.options.zone ?? null,
  lines: row.options.lines ?? {},
  prefix_ids: row.options.prefixIds ?? false,
  popup_life_sec: row.options.popupLifeSec ?? null,
  send_recordings: row.options.noRecordings !== true,
  recording_link_days: row.options.recordingDays ?? null,
  rules,
  registered_at: iso(row.registeredAt),
});

export const statusView = (status: LinkStatus): z.infer<typeof LinkStatusBody> => ({
  configured: status.configured,
  enabled: status.enabled,
  breaker: status.breaker,
  breaker_until: iso(status.breakerUntil),
  held: status.held && {
    since: new Date(status.held.since).toISOString(),
    http_status: status.held.httpStatus,
    reason: status.held.reason,
  },
  waiting: status.waiting,
  oldest_waiting_at: iso(status.oldestWaitingAt),
  next_try_at: iso(status.nextTryAt),
  dead: status.dead,
  counters: { ...status.counters },
  last_success_at: iso(status.lastSuccessAt),
  last_failure_at: iso(status.lastFailureAt),
  last_error: status.lastError,
  sync: { ...status.sync, at: iso(status.sync.at) },
  unknown_codes: status.unknownCodes,
  config_read_at: iso(status.configReadAt),
});

/** The link writes JSON there, or nothing. */
const parsed = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

export const logView = (entry: LogEntry, tenantId: string, family: string): z.infer<typeof LogBody> => ({
  id: entry.id,
  created_at: new Date(entry.at).toISOString(),
  enterprise_number: tenantId,
  integration_type: family,
  event_type: entry.eventType,
  call_unique_id: entry.callId,
  phone: entry.phone,
  request_data: parsed(entry.request),
  response_data: parsed(entry.response),
  status: entry.status,
  error_message: entry.error,
  http_status: entry.httpStatus,
  attempt: entry.attempt,
  duration_ms: entry.durationMs,
});

export const deadView = (letter: DeadLetter): z.infer<typeof DeadLetterBody> => ({
  id: letter.id,
  kind: letter.kind,
  call_unique_id: letter.callId,
  phone: letter.phone,
  created_at: new Date(letter.createdAt).toISOString(),
  died_at: new Date(letter.diedAt).toISOString(),
  attempts: letter.attempts,
  error: letter.error,
});
