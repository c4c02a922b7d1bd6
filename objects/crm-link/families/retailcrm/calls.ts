/** Popups and history rows: from our words into RetailCRM's. */
import type { CrmCall, CrmIntent, CrmRecord, CrmResult } from '../../../call-hub/crm/contract';
import type { Outcome } from '../../machine';
import type { CrmReply, CrmRequest, CrmSharing, FamilyLink } from '../family';
import { recordingUrlOf } from '../recording-url';
import { isRecord, refusalOf } from '../replies';
import { post, succeeded, words } from './wire';

/** The two spellings are the CRM's own: `no answered` of a popup, `no answer` of a history row. */
const HANGUP_STATUS: Record<CrmResult, string> = {
  answered: 'answered',
  no_answer: 'no answered',
  busy: 'busy',
  rejected: 'busy',
  cancelled: 'no answered',
  failed: 'failed',
};
const CALL_RESULT: Record<CrmResult, string> = {
  answered: 'answered',
  no_answer: 'no answer',
  busy: 'busy',
  rejected: 'busy',
  cancelled: 'no answer',
  failed: 'failed',
};

const UPLOAD_PATH = '/api/v5/telephony/calls/upload';

const upload = (records: readonly CrmRecord[], link: FamilyLink): CrmRequest =>
  post(link, 'calls_upload', UPLOAD_PATH, { calls: records.map((record) => rowOf(record, link)) });

export function callRequest(intent: CrmIntent, link: FamilyLink): CrmRequest | { skip: string } {
  if (intent.kind === 'record') return upload([intent], link);
  const codes = intent.extensions.filter((extension) => link.users.has(extension));
  // The CRM would answer that it knows none of them.
  if (codes.length === 0) return { skip: `no manager of the CRM has ${intent.extensions.join(', ')}` };
  const type = intent.kind === 'popup' ? intent.call.direction : 'hangup';
  const event = {
    phone: intent.call.phone,
    type,
    codes,
    // Who did not get the call is told that it is gone, in the one word that says nothing of the customer.
    ...(intent.kind === 'close' && { hangupStatus: 'cancel' }),
    ...(intent.kind === 'hangup' && { hangupStatus: HANGUP_STATUS[intent.result] }),
    callExternalId: externalIdOf(intent.call, link),
    ...lineOf(intent.call, link),
  };
  return post(link, `call_event:${type}`, '/api/v5/telephony/call/event', { event });
}

export function judgeCall(intent: CrmIntent, link: FamilyLink, reply: CrmReply): Outcome {
  if (!succeeded(reply)) {
    const text = words(reply);
    // Over its limit the CRM is not ill: it answers so itself, a proxy in trouble does not.
    if (reply.status === 503 && /rate limit/i.test(text))
      return {
        kind: 'limited',
        error: `503: ${text}`,
        ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
      };
    return refusalOf(reply, text);
  }
  if (intent.kind === 'record') {
    const { duplicateCalls } = reply.body;
    const known = Array.isArray(duplicateCalls) && duplicateCalls.includes(externalIdOf(intent.call, link));
    return known ? { kind: 'delivered', duplicate: true } : { kind: 'delivered' };
  }
  const { notExistCodes } = reply.body;
  const unknownCodes = Array.isArray(notExistCodes) ? notExistCodes.map(String) : [];
  return unknownCodes.length === 0 ? { kind: 'delivered' } : { kind: 'delivered', unknownCodes };
}

const isRecordIntent = (intent: CrmIntent): intent is CrmRecord => intent.kind === 'record';

/** History rows of many calls go up in one request. */
export const sharing: CrmSharing = {
  most: 50,
  takes: isRecordIntent,
  request: (intents, link) => upload(intents.filter(isRecordIntent), link),
  shown(intent, link, { body }) {
    const id = externalIdOf(intent.call, link);
    const known = isRecord(body) && Array.isArray(body.duplicateCalls) && body.duplicateCalls.includes(id);
    return {
      request: { path: UPLOAD_PATH, calls: isRecordIntent(intent) ? [rowOf(intent, link)] : [] },
      response:
        isRecord(body) && Array.isArray(body.duplicateCalls)
          ? { ...body, duplicateCalls: known ? [id] : [] }
          : (body ?? null),
    };
  },
};

const externalIdOf = (call: CrmCall, link: FamilyLink): string =>
  link.options.prefixIds === true ? `${link.tenantId}-${call.externalId}` : call.externalId;

function lineOf(call: CrmCall, link: FamilyLink): { externalPhone?: string; site?: string } {
  const line = call.trunk === null ? undefined : link.options.lines?.[call.trunk];
  return {
    ...(line !== undefined && { externalPhone: line }),
    ...(link.options.site !== undefined && { site: link.options.site }),
  };
}

function rowOf(record: CrmRecord, link: FamilyLink): Record<string, unknown> {
  const { call, extension } = record;
  const userId = extension === null ? undefined : Number(link.users.get(extension));
  return {
    date: dateIn(record.startedAt, link.zone),
    type: call.direction,
    phone: call.phone,
    // Nobody is guessed: where no one of ours is known to have had the call, nobody has it.
    ...(extension !== null && { code: extension }),
    ...(userId !== undefined && Number.isInteger(userId) && { userId }),
    result: CALL_RESULT[record.result],
    duration: talkSeconds(record),
    durationWaiting: Math.max(0, Math.round(record.waitingSec)),
    externalId: externalIdOf(call, link),
    ...recordingOf(record, link),
    ...lineOf(call, link),
  };
}

function recordingOf(record: CrmRecord, link: FamilyLink): { recordUrl?: string } {
  const url = recordingUrlOf(record, link);
  return url === null ? {} : { recordUrl: url };
}

/** Of a call answered at a moment nobody saw: what is left after the waiting. */
function talkSeconds(record: CrmRecord): number {
  if (record.result !== 'answered') return 0;
  const whole = (record.endedAt - record.startedAt) / 1_000;
  return Math.max(0, Math.round(record.durationSec ?? whole - record.waitingSec));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Y-m-d H:i:s` on the clock of a zone. */
export function dateIn(at: number, zone: string): string {
  let format = formats.get(zone);
  if (format === undefined) {
    const two = '2-digit';
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}

/** The codes and people of an answer, where it names some. */
export const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
