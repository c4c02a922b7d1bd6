/**
 * What other rooms and objects may ask of a CrmLink: one object per tenant and family of CRMs (`0101:retailcrm`), the only
 * one that speaks to that CRM for the tenant. It keeps a copy of the link's configuration (D1 has the truth), tells the
 * calls' intents in the order of each call, and a log of all it asked. Times are milliseconds since the epoch.
 */
import type { CrmReceiver } from '../call-hub/crm/contract';

export const CRM_FAMILIES = ['retailcrm', 'webhook'] as const;
export type CrmFamilyName = (typeof CRM_FAMILIES)[number];

/** How the link stands with its CRM. `held`: the CRM refuses our key; nothing is sent until somebody sees to it. */
export interface LinkHold {
  since: number;
  httpStatus: number | null;
  /** In the CRM's words. */
  reason: string;
}

export interface LinkStatus {
  /** Whether a link is configured and switched on. */
  enabled: boolean;
  configured: boolean;
  breaker: 'closed' | 'open' | 'half_open';
  /** When an open breaker lets one delivery through. */
  breakerUntil: number | null;
  held: LinkHold | null;
  waiting: number;
  oldestWaitingAt: number | null;
  /** When what waits is tried next; null when nothing waits or the link is held. */
  nextTryAt: number | null;
  dead: number;
  counters: LinkCounters;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastError: string | null;
  /** Our extensions against the CRM's: `pending` is tried again by itself. */
  sync: { state: 'none' | 'ok' | 'pending'; at: number | null; error: string | null };
  /** Codes of popups that the CRM did not know since the last sync. */
  unknownCodes: string[];
  /** When the copy of the configuration was read. */
  configReadAt: number | null;
}

/** Running totals since the object was made. */
export interface LinkCounters {
  delivered: number;
  /** Of these: records the CRM had already. */
  duplicates: number;
  /** Not for this CRM, or too late to be of use. */
  skipped: number;
  failed: number;
  dead: number;
  dbReads: number;
  dbWrites: number;
  cacheHits: number;
  cacheMisses: number;
  cacheRefreshes: number;
}

export interface LogEntry {
  id: number;
  at: number;
  /** `call_event:in`, `calls_upload`, `register_module` … */
  eventType: string;
  /** The PBX's id of the call, null of what is about no call. */
  callId: string | null;
  phone: string | null;
  /** What was asked and answered, as JSON, secrets masked. */
  request: string | null;
  response: string | null;
  status: 'success' | 'error';
  error: string | null;
  httpStatus: number | null;
  attempt: number;
  durationMs: number | null;
}

export interface LogQuery {
  status?: 'success' | 'error';
  eventType?: string;
  callId?: string;
  phone?: string;
  /** Only older entries than this id. */
  before?: number;
  /** 1–200. */
  limit: number;
}

export interface DeadLetter {
  id: string;
  kind: string;
  callId: string;
  phone: string;
  createdAt: number;
  diedAt: number;
  attempts: number;
  error: string;
}

/** A person of the CRM, whoever may have an extension. */
export interface CrmUserView {
  id: string;
  firstName: string;
  lastName: string;
  email: string;
  groups: string[];
  /** The extension the CRM has for him, null where none. */
  crmCode: string | null;
}

/** `status` is the CRM's HTTP status, null where it was not reached. */
export type CrmAnswer<T> = { ok: true; value: T } | { ok: false; status: number | null; error: string };

/** What a CRM knows of somebody who calls. */
export interface CrmCaller {
  /** The responsible manager's id in the CRM; null: none, or he is not free and the CRM does not tell who. */
  userId: string | null;
  /** His extension: by our mapping, else the code the CRM has for him. */
  extension: string | null;
  customerName: string | null;
  /** There is a responsible manager, and he is not free. */
  busy: boolean;
}

/** An address and a key as somebody typed them: tried before they are kept. */
export interface LinkCandidate {
  url: string;
  secret: string;
}

export interface RegisterInput {
  candidate: LinkCandidate;
  clientId: string;
  /** Where the CRM reaches us: an origin. */
  publicUrl: string;
  /** Signed sign-in of the tenant's people, holds a token. */
  accountUrl: string;
  active: boolean;
}

/** How our extensions differ from the CRM's, by its user ids. */
export interface CrmDrift {
  /** Here, not there. */
  missing: { userId: string; code: string }[];
  /** There, not here. */
  extra: { userId: string; code: string }[];
  /** There with another one. */
  different: { userId: string; code: string; crmCode: string }[];
  active: boolean;
}

/** A request of the CRM, or of whoever acts for it or at our screens, and what became of it. */
export interface AskedOfUs {
  eventType: 'make_call' | 'user_status' | 'smart_redirect' | 'monitor' | 'transfer' | 'save_extensions';
  callId: string | null;
  phone: string | null;
  request: Record<string, string>;
  httpStatus: number;
  /** Null: it was done. */
  error: string | null;
  durationMs: number;
}

export interface CrmLinkApi extends Rpc.DurableObjectBranded, CrmReceiver {
  /** Reads the configuration from D1 now, lifts the hold, closes the breaker, tries what waits. `written`: it was changed. */
  configChanged(written?: boolean): Promise<void>;
  status(): Promise<LinkStatus>;
  /** Something the CRM asked of us, for the log. */
  note(asked: AskedOfUs): Promise<void>;
  /** Newest first. */
  logs(query: LogQuery): Promise<{ items: LogEntry[]; next: number | null }>;
  /** The last successes and the last failures, five each. */
  digest(): Promise<{ successes: LogEntry[]; errors: LogEntry[] }>;
  /** Newest first; `limit` 1–200. */
  deadLetters(query: {
    cursor?: string | null;
    limit: number;
  }): Promise<{ items: DeadLetter[]; next: string | null }>;
  /** Tells dead letters anew; without ids, all of them. */
  replay(ids?: string[]): Promise<{ replayed: number }>;
  discard(ids?: string[]): Promise<{ discarded: number }>;
  /** Lifts the hold, closes the breaker and tries what waits now. */
  resume(): Promise<void>;
  /** Asks the CRM whether it takes the address and the key; without a candidate those of the link. */
  tryOut(candidate?: LinkCandidate): Promise<CrmAnswer<{ details: string }>>;
  /** Shows somebody of the CRM a popup and closes it: the CRM is asked at once, nothing is kept. */
  tryPopup(input: { userId: string; code: string }): Promise<CrmAnswer<null>>;
  /** Makes us known to the CRM (or known as inactive), with the extensions D1 has. */
  register(input: RegisterInput): Promise<CrmAnswer<{ created: boolean; unknownUsers: string[] }>>;
  /**
   * Who a number is to the CRM, asked now: within its budget of requests, never while it is held or its breaker is open.
   * A link that is not configured, or switched off, knows nobody.
   */
  lookUp(input: { phone: string; ignoreStatus: boolean }): Promise<CrmAnswer<CrmCaller>>;
  /** Active people of the CRM. */
  users(): Promise<CrmAnswer<CrmUserView[]>>;
  /** Pushes our extensions to the CRM; where it can't be reached, it is tried again until it succeeds. */
  sync(): Promise<CrmAnswer<{ pushed: number; unknownUsers: string[] }>>;
  drift(): Promise<CrmAnswer<CrmDrift>>;
}
