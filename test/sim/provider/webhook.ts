/** The receiving end of a webhook, by the Standard Webhooks specification. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_SECONDS = 300;

export interface WebhookEvent {
  id: string;
  type: string;
  data: unknown;
}

/** Why a message is refused, or its event. */
export function readEvent(
  headers: Headers,
  body: string,
  secrets: readonly string[],
  now: number,
): { problem: string } | { event: WebhookEvent } {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headers.get(name),
  );
  if (!id || !timestamp || !signature) return { problem: 'a webhook without its three headers' };
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= TOLERANCE_SECONDS))
    return { problem: `a webhook of another time: ${timestamp}` };
  const given = signature
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'));
  const signed = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const right = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
    return given.some((one) => one.length === right.length && timingSafeEqual(one, right));
  });
  if (!signed) return { problem: `the webhook ${id} is not signed by a secret of mine` };
  try {
    const { type, data } = JSON.parse(body) as { type: string; data: unknown };
    return { event: { id, type, data } };
  } catch {
    return { problem: `the webhook ${id} is no JSON` };
  }
}
