/** Requests and answers as a sandbox shows them to its developer, and requests that it has made beside the queues. */
import type { OutgoingAnswer, OutgoingFailure } from '../lib/outgoing-fetch';

/** A request as it was sent, without the keys it carried. */
export interface ShownRequest {
  method: string;
  /** Of an incoming one the path alone. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

export interface ShownAnswer {
  status: number;
  body: string;
  /** How long it took. */
  ms: number;
}

/** One request and what it was answered. */
export interface Exchange {
  /** `out`: to the provider's endpoint or webhook; `in`: to the public API. */
  direction: 'out' | 'in';
  /** Of `out` what was to be done (`send_message` …, `webhook`), of `in` the operation (`POST /messages`). */
  kind: string;
  /** Of `out`: ids of the deliveries it carries. */
  deliveries: string[];
  /** 1 for the first one; null of `in`, and of what is asked beside the queues. */
  attempt: number | null;
  request: ShownRequest;
  answer: ShownAnswer | null;
  /** Why there is no answer, in words. */
  error: string | null;
}

export interface ProbeRequest {
  /** Travels as `Idempotency-Key`. */
  id: string;
  kind: 'send_message' | 'bulk' | 'update_status' | 'mark_read' | 'get_channels' | 'history' | 'set_webhook';
  payload: Record<string, unknown>;
  /** With a key that is not the configured one. */
  wrongKey?: boolean;
}

export interface Probe {
  exchange: Exchange;
  /** Why a good answer can't be read. */
  error: string | null;
  /** Of `send_message`: the provider's own id, where it said one. */
  externalId: string | null;
  /** Of `get_channels`: how many there are. */
  channels: number;
  /** Of `history`: the first page. */
  messages: Record<string, unknown>[];
  /** Of `bulk`, in their order: what was said of each message; `again`: nothing. */
  each: { kind: 'delivered' | 'refused' | 'again'; externalId: string | null }[];
}

const HIDDEN = '•••';

/** @param key the secret that must not be seen, wherever it stands; none: nothing of it is secret */
export function exchangeOf(
  of: Pick<Exchange, 'kind' | 'deliveries' | 'attempt'>,
  request: { url: string; init: { method: string; headers: Record<string, string>; body?: string } },
  answer: OutgoingAnswer | OutgoingFailure,
  key?: string,
): Exchange {
  const forms = key === undefined ? [] : [key, encodeURIComponent(key), asQuery(key)];
  const hide = (text: string): string => forms.reduce((shown, form) => shown.replaceAll(form, HIDDEN), text);
  const { method, headers, body } = request.init;
  return {
    ...of,
    direction: 'out',
    request: {
      method,
      url: hide(request.url),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hide(value)])),
      body: body === undefined ? null : hide(body),
    },
    answer: answer.ok ? { status: answer.status, body: hide(answer.body), ms: answer.ms } : null,
    error: answer.ok ? null : hide(answer.message),
  };
}

/** As a parameter of an address writes it. */
const asQuery = (key: string): string => new URLSearchParams([['', key]]).toString().slice(1);
