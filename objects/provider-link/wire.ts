/** What a provider is asked and how its answers are read. */
import { z } from 'zod';
import type { DeliveryKind, Endpoint, ProviderChannel, Tie } from './contract';
import type { TaskKind } from './machine';
import type { StoredDelivery } from './store';

/** Messages of a page of history. */
const PAGE = 100;

/** What a page of history is asked with; `limit` where pages of the usual size were too long to be read. */
export interface HistoryRequest {
  cursor: string | null;
  limit?: number;
}

/** Half of a page that was too long; null: it was one message already. */
export function smallerPage({ cursor, limit = PAGE }: HistoryRequest): HistoryRequest | null {
  return limit > 1 ? { cursor, limit: Math.floor(limit / 2) } : null;
}

const ENDPOINTS: Record<DeliveryKind | TaskKind | 'bulk', Endpoint> = {
  send_message: 'sendMessage',
  update_message: 'updateMessageContent',
  update_status: 'updateMessageStatus',
  mark_read: 'markChatRead',
  get_channels: 'getChannels',
  history: 'getMessageHistory',
  set_webhook: 'setWebhook',
  delete_webhook: 'deleteWebhook',
  disconnect: 'disconnect',
  bulk: 'bulkMessages',
};

export const isTold = (kind: string): kind is DeliveryKind | TaskKind =>
  kind !== 'bulk' && Object.hasOwn(ENDPOINTS, kind);

/** What is read from a provider travels by GET, the rest by POST. */
const READS: readonly string[] = ['get_channels', 'history'];

export interface WireRequest {
  url: string;
  init: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string };
}

/**
 * The request of a delivery; null where the configuration has no such endpoint. Every one carries the configured key, the
 * tenant, and as `Idempotency-Key` the delivery's id, or that under which the provider may have it already.
 */
export function requestOf(
  delivery: Pick<StoredDelivery, 'id' | 'payload'> & {
    kind: DeliveryKind | TaskKind | 'bulk';
    sentAs?: string | null;
  },
  tenantId: string,
  tie: Tie,
  key: string,
): WireRequest | null {
  const address = tie.content.endpoints[ENDPOINTS[delivery.kind]];
  if (address === undefined) return null;
  const url = new URL(address);
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Idempotency-Key': delivery.sentAs ?? delivery.id,
    'User-Agent': 'Trunkline',
  };
  const { authentication } = tie.content;
  if (authentication.in === 'query') url.searchParams.set(authentication.name, key);
  else headers[authentication.name] = key;
  const payload = delivery.payload as Record<string, unknown>;
  if (READS.includes(delivery.kind)) {
    url.searchParams.set('tenant', tenantId);
    if (delivery.kind === 'history') {
      const { cursor, limit = PAGE } = delivery.payload as HistoryRequest;
      url.searchParams.set('limit', String(limit));
      if (typeof cursor === 'string') url.searchParams.set('cursor', cursor);
    }
    return { url: url.href, init: { method: 'GET', headers } };
  }
  headers['Content-Type'] = 'application/json';
  return {
    url: url.href,
    init: { method: 'POST', headers, body: JSON.stringify({ tenant: tenantId, ...payload }) },
  };
}

/** JSON of an answer, undefined where it has none. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

const Sent = z.object({ id: z.string().min(1).max(256) });

/** The provider's own id of a message it took; null where it says none. */
export function externalIdOf(body: string): string | null {
  const read = Sent.safeParse(jsonOf(body));
  return read.success ? read.data.id : null;
}

const Channels = z.object({
  items: z
    .array(
      z.object({
        id: z.string().min(1).max(256),
        code: z.string().min(1).max(64),
        name: z.string().min(1).max(200),
        parentId: z.string().min(1).max(256).nullish(),
      }),
    )
    .max(1_000),
});

/** `error` in words where the answer is no list of channels. */
export function channelsOf(body: string): { channels: ProviderChannel[] } | { error: string } {
  const read = Channels.safeParse(jsonOf(body));
  if (!read.success)
    return { error: `getChannels did not answer {items: […]}: ${z.prettifyError(read.error)}` };
  return {
    channels: read.data.items.map(({ parentId, ...channel }) => ({ ...channel, parentId: parentId ?? null })),
  };
}

const History = z.object({
  items: z.array(z.record(z.string(), z.unknown())).max(PAGE),
  nextCursor: z.string().min(1).max(1_024).nullish(),
});

/** `asked`: the cursor it was asked with; a page that leads to itself would be asked for until the end of days. */
export function historyOf(
  body: string,
  asked?: unknown,
): { messages: Record<string, unknown>[]; next: string | null } | { error: string } {
  const read = History.safeParse(jsonOf(body));
  if (!read.success)
    return {
      error: `getMessageHistory did not answer {items: […], nextCursor}: ${z.prettifyError(read.error)}`,
    };
  const next = read.data.nextCursor ?? null;
  if (next !== null && next === asked)
    return { error: 'getMessageHistory answered the cursor it was asked with as the next one' };
  return { messages: read.data.items, next };
}
