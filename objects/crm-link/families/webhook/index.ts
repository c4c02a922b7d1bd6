/**
 * A CRM (or anything else) that takes signed webhooks as the Standard Webhooks specification describes them: one POST of
 * JSON per intent, `webhook-id` the same in every repeat, signed with HMAC-SHA256 over id, moment and body.
 */
import type { CrmIntent } from '../../../call-hub/crm/contract';
import type { CrmAnswer } from '../../contract';
import type { CrmFamily, CrmRequest, FamilyLink } from '../family';
import { recordingUrlOf } from '../recording-url';
import { refusalOf } from '../replies';

const PREFIX = 'whsec_';

/** The key's bytes: base64 after `whsec_`, as the specification writes it; any other text is its own bytes. */
export function keyBytes(secret: string): Uint8Array<ArrayBuffer> {
  if (!secret.startsWith(PREFIX)) return new Uint8Array(new TextEncoder().encode(secret));
  return Uint8Array.from(atob(secret.slice(PREFIX.length)), (letter) => letter.charCodeAt(0));
}

/** `v1,<base64>` over `id.timestamp.body`. */
export async function sign(secret: string, id: string, seconds: number, body: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    keyBytes(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const signed = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${id}.${seconds}.${body}`));
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`;
}

async function request(
  link: FamilyLink,
  eventType: string,
  id: string,
  message: { type: string; timestamp: string; data: unknown },
  now: number,
): Promise<CrmRequest> {
  const body = JSON.stringify(message);
  const seconds = Math.floor(now / 1_000);
  return {
    eventType,
    method: 'POST',
    url: link.url,
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': await sign(link.secret, id, seconds, body),
    },
    body,
    shown: { id, ...message },
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** What the receiver is told; names are those of our API. */
function dataOf(intent: CrmIntent, link: FamilyLink): Record<string, unknown> {
  const { call } = intent;
  const line = call.trunk === null ? null : (link.options.lines?.[call.trunk] ?? null);
  const common = {
    enterprise_number: link.tenantId,
    call_id: call.callId,
    external_id: call.externalId,
    direction: call.direction,
    phone: call.phone,
    trunk: call.trunk,
    line,
  };
  if (intent.kind !== 'record') {
    const people = intent.extensions.map((extension) => ({
      extension,
      user_id: link.users.get(extension) ?? null,
    }));
    return { ...common, people, ...(intent.kind === 'hangup' && { result: intent.result }) };
  }
  return {
    ...common,
    start_time: iso(intent.startedAt),
    end_time: iso(intent.endedAt),
    duration: intent.durationSec,
    waiting: intent.waitingSec,
    result: intent.result,
    extension: intent.extension,
    user_id: intent.extension === null ? null : (link.users.get(intent.extension) ?? null),
    talkers: intent.talkers,
    recording_id: intent.recordingId,
    recording_url: recordingUrlOf(intent, link),
    recovered: intent.recovered,
  };
}

export const webhook: CrmFamily = {
  name: 'webhook',
  perSecond: 40,
  request: (intent, link, now) =>
    request(
      link,
      `webhook:${intent.kind}`,
      intent.id.replaceAll('/', '_'),
      {
        type: `call.${intent.kind}`,
        timestamp: iso(intent.at),
        data: dataOf(intent, link),
      },
      now,
    ),
  judge(_, __, reply) {
    if (reply.status !== null && reply.status >= 200 && reply.status < 300) return { kind: 'delivered' };
    // The specification's way of saying that nobody wants them any more.
    if (reply.status === 410)
      return { kind: 'rejected', error: '410: the receiver is gone', httpStatus: 410 };
    return refusalOf(reply, 'the receiver did not take it');
  },
  async test(link, ask, now): Promise<CrmAnswer<{ details: string }>> {
    const message = { type: 'test', timestamp: iso(now), data: { enterprise_number: link.tenantId } };
    const reply = await ask(
      await request(link, 'test_connection', `test_${crypto.randomUUID()}`, message, now),
    );
    if (reply.status !== null && reply.status >= 200 && reply.status < 300)
      return { ok: true, value: { details: `answered ${reply.status}` } };
    return { ok: false, status: reply.status, error: reply.error ?? `answered ${reply.status ?? 'nothing'}` };
  },
};
