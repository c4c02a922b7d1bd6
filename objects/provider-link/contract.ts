/**
 * What other rooms and objects may ask of a ProviderLink: one object per tenant and provider (`0101:chat-post`), the only
 * one that calls that provider for the tenant and the one that knows whose tokens are good. It keeps a copy of the tenant's
 * configuration (D1 has the truth), delivers in the order of each chat, and tells the tenant's Inbox what became of it.
 * Times are milliseconds since the epoch.
 */
import type { BreakerState } from '../lib/breaker';
import type { Probe, ProbeRequest } from './exchange';

export type * from './exchange';

export const providerLinkName = (tenantId: string, provider: string): string => `${tenantId}:${provider}`;

/** Under which name a provider's key is sealed; the app's code stands where a tenant's number would. */
export const PROVIDER_KEY = 'provider-key';

export const REQUIRED_ENDPOINTS = [
  'sendMessage',
  'updateMessageContent',
  'updateMessageStatus',
  'markChatRead',
  'disconnect',
  'getChannels',
] as const;
export const OPTIONAL_ENDPOINTS = [
  'setWebhook',
  'deleteWebhook',
  'getMessageHistory',
  'bulkMessages',
] as const;
export type Endpoint = (typeof REQUIRED_ENDPOINTS)[number] | (typeof OPTIONAL_ENDPOINTS)[number];

/** What people may do in a channel, by type of message; absent: anything. */
export interface Capabilities {
  /** By type of message (`text` …) the actions a channel can do: `send`, `edit`, `read`. */
  messages?: Record<string, string[]>;
  /** Most characters of a text. */
  maxTextLength?: number;
  /** A reply is taken only so long after the customer's last message, minutes. */
  replyWindowMinutes?: number;
}

/** A configuration as its developer uploaded it, without the key. */
export interface ProviderContent {
  providerLabel: string;
  endpoints: Record<(typeof REQUIRED_ENDPOINTS)[number], string> &
    Partial<Record<(typeof OPTIONAL_ENDPOINTS)[number], string>>;
  authentication: { type: 'API_KEY'; in: 'header' | 'query'; name: string };
  /** By channel code; `*` for those not named. */
  capabilities?: Record<string, Capabilities>;
}

/** A configuration that a tenant runs on. */
export interface Tie {
  configurationId: string;
  appVersion: string;
  configurationVersion: string;
  content: ProviderContent;
  /** The provider's key, sealed to its app. */
  key: string;
}

export interface LinkConfig {
  /** Null: the app is not installed for the tenant. */
  tie: Tie | null;
  /** Ids of good tokens; none: the integration is not active. */
  tokens: string[];
}

/** `unknown_token`: revoked, or of an integration that is no more. */
export type Admission =
  | { ok: true }
  | { ok: false; code: 'unknown_token' }
  | { ok: false; code: 'rate_limited'; retryAfterMs: number };

/** What people did that the provider is to do as well, each by its own endpoint of the configuration. */
export const DELIVERY_KINDS = ['send_message', 'update_message', 'update_status', 'mark_read'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];

export interface ProviderDelivery {
  /**
   * Travels as `Idempotency-Key`. Of a new message its own id; the same id again, within 7 days of its settling, is the
   * same delivery.
   */
  id: string;
  kind: DeliveryKind;
  /**
   * The id of an earlier delivery of the same message, of which nobody knows whether the provider has it: travels as
   * `Idempotency-Key` in the place of `id`.
   */
  sentAs?: string;
  /** What it is ordered by. */
  chatId: string;
  /** The JSON body the provider gets; `tenant` is added to it. */
  payload: Record<string, unknown>;
}

/** `inactive`: the tenant has no active integration with this provider; `full`: 50,000 deliveries wait already. */
export type TakeResult = { ok: true; added: number } | { ok: false; code: 'inactive' | 'full' };

/** A channel as the provider lists it. */
export interface ProviderChannel {
  id: string;
  code: string;
  name: string;
  /** Channel it belongs to; null of a main one. */
  parentId: string | null;
}

/** What the Inbox is told; each carries an id by which it drops repeats. In the order it happened. */
export type ProviderNews = { id: string; at: number } & (
  | { kind: 'delivered'; deliveryId: string; delivery: DeliveryKind; externalId: string | null }
  /** Given up: a dead letter that a person may retry, after which `delivered` may still come. */
  | { kind: 'failed'; deliveryId: string; delivery: DeliveryKind; error: string }
  /** Accounts to create or to activate. */
  | { kind: 'channels'; channels: ProviderChannel[] }
  /** A page of the first synchronisation: bodies as of `POST /messages`, to be stored without notifying anybody. */
  | { kind: 'history'; messages: Record<string, unknown>[] }
  /** The integration became active or is no more, or its channels can do other things by now; `*`: those not named. */
  | { kind: 'integration'; active: boolean; capabilities: Record<string, Capabilities> }
  /** The app was uninstalled: every account of the provider, main and children, is to be deactivated. */
  | { kind: 'uninstalled' }
);

/** Messages of a history that could not be stored, and why the first of them could not. */
export interface PassedOver {
  count: number;
  why: string;
}

/** What an object has to answer to that the news of providers are told to: the tenant's Inbox. */
export interface ProviderListener {
  /** Stored when it returns, but for what it answers. A throw is tried again. */
  takeProviderNews(provider: string, news: ProviderNews[]): Promise<PassedOver | null>;
}

export type LinkState = 'none' | 'installed' | 'active' | 'disconnecting';

/** The first synchronisation of chats. `error` is of the last page asked for, null when it came. */
export interface SyncProgress {
  /** Messages that the Inbox could not store, of those that came; null: none. */
  passedOver: PassedOver | null;
  state: 'none' | 'running' | 'done' | 'failed';
  pages: number;
  messages: number;
  startedAt: number | null;
  finishedAt: number | null;
  error: string | null;
}

export interface ProviderLinkStatus {
  state: LinkState;
  breaker: BreakerState;
  breakerUntil: number | null;
  waiting: number;
  oldestWaitingAt: number | null;
  nextTryAt: number | null;
  dead: number;
  delivered: number;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastError: string | null;
  sync: SyncProgress;
  webhook: WebhookView | null;
}

/** The provider's webhook; `disabledAt`: it failed for five days in a row and is asked no more until it is set anew. */
export interface WebhookView {
  url: string;
  createdAt: number;
  /** Last four characters of the newest secret. */
  hint: string;
  /** When the secret before it stops signing; null: there is none. */
  previousUntil: number | null;
  disabledAt: number | null;
  failingSince: number | null;
  lastError: string | null;
}

export interface DeliveryView {
  id: string;
  kind: string;
  chatId: string;
  createdAt: number;
  attempts: number;
  /** Null of a dead letter. */
  nextAt: number | null;
  diedAt: number | null;
  error: string | null;
}

/** Which deliveries; of those that wait or died, the ones that all the rest fits. */
export interface DeliveryFilter {
  state: 'waiting' | 'dead';
  /** As in `DeliveryView`. */
  kind?: string | undefined;
  /** Part of its id, its chat or its reason, in any case. */
  text?: string | undefined;
}

export interface DeliveriesPage {
  items: DeliveryView[];
  next: string | null;
}

export interface ProviderLinkApi extends Rpc.DurableObjectBranded {
  /** Whether a token is good and may ask now; costs no storage. `cost`: how many ordinary requests it counts as. */
  admit(request: { jti: string; cost?: number }): Promise<Admission>;
  /** Returns once they are stored. Idempotent by `id`. */
  takeDeliveries(deliveries: ProviderDelivery[]): Promise<TakeResult>;
  /**
   * Reads the tie and the tokens from D1 now and does what follows from them. `origin`: under which the provider
   * reaches us, where a person's request told.
   */
  configChanged(change?: { origin?: string }): Promise<void>;
  status(): Promise<ProviderLinkStatus>;
  /** Newest first; `limit` 1–200. */
  deliveries(
    query: DeliveryFilter & { cursor?: string | null | undefined; limit: number },
  ): Promise<DeliveriesPage>;
  /** Tries dead letters anew, at the end of their chats' queues; without ids, all of them. */
  replay(ids?: string[]): Promise<{ replayed: number }>;
  discard(ids?: string[]): Promise<{ discarded: number }>;
  /** Closes the breaker and tries what waits now. */
  resume(): Promise<void>;
  /** Starts the first synchronisation again from its beginning; false where the provider has no history to give. */
  synchronise(): Promise<boolean>;
  /** Sets the webhook; the secret is shown this once. */
  setWebhook(url: string): Promise<{ webhook: WebhookView; secret: string }>;
  webhook(): Promise<WebhookView | null>;
  /** A new secret; the one before signs along for 24 hours. Null where there is no webhook. */
  rotateWebhook(): Promise<{ webhook: WebhookView; secret: string } | null>;
  /** False where there was none. */
  deleteWebhook(): Promise<boolean>;
  /** Of a sandbox alone: asks the provider one thing now, beside the queues; nobody is told what became of it. */
  probe(request: ProbeRequest): Promise<Probe>;
  /** Of a sandbox alone: takes away all that is stored. */
  erase(): Promise<void>;
}
