/**
 * What a family of CRMs is to the link: how an intent is asked, what an answer means, and what else the CRM can do. A new
 * CRM is a folder beside these with one object of this type, and a line in `index.ts`. Pure of storage and clocks; the
 * only way out is `ask`, which budgets, times and logs every request.
 */
import type { CrmIntent } from '../../call-hub/crm/contract';
import type { CrmLinkOptions } from '../../../worker/db/schema';
import type { CrmAnswer, CrmCaller, CrmDrift, CrmUserView, LinkCandidate, RegisterInput } from '../contract';
import type { Outcome } from '../machine';

/** The link as a family sees it; the secret is open. */
export interface FamilyLink extends LinkCandidate {
  tenantId: string;
  options: CrmLinkOptions;
  /** IANA zone the CRM's account writes its dates in. */
  zone: string;
  /** The CRM's user by our extension. */
  users: ReadonlyMap<string, string>;
  registered: boolean;
  /** Where the CRM's people listen to a recording; null where it is not to be told. */
  recordingUrl(call: { callId: string; startedAt: number }, recordingId: string): string | null;
}

export interface CrmRequest {
  /** As the log calls it. */
  eventType: string;
  method: 'GET' | 'POST';
  url: string;
  /** May hold the secret: never logged. */
  headers: Record<string, string>;
  body?: string;
  /** What the log shows of it. */
  shown: unknown;
}

/** `status` null: no answer, `error` says why. `body` is the parsed JSON, undefined where it is none. */
export interface CrmReply {
  status: number | null;
  body: unknown;
  error: string | null;
  retryAfterMs?: number;
}

export type Ask = (request: CrmRequest) => Promise<CrmReply>;

/** What a CRM takes of several calls in one request. */
export interface CrmSharing {
  /** Calls in one request. */
  most: number;
  takes(intent: CrmIntent): boolean;
  /** One request for several intents, each of which it takes; the family's `judge` says what it means for one of them. */
  request(intents: CrmIntent[], link: FamilyLink): CrmRequest;
  /** What the log of one of them shows of the exchange: its own part of it. */
  shown(intent: CrmIntent, link: FamilyLink, reply: CrmReply): { request: unknown; response: unknown };
}

export interface CrmFamily {
  name: string;
  /** Requests a second that the CRM allows for telling. */
  perSecond: number;
  sharing?: CrmSharing;
  /** What to send for an intent at `now`, or why nothing is to be told. */
  request(intent: CrmIntent, link: FamilyLink, now: number): Promise<CrmRequest | { skip: string }>;
  /** What the answer to such a request means. */
  judge(intent: CrmIntent, link: FamilyLink, reply: CrmReply): Outcome;
  test(link: FamilyLink, ask: Ask, now: number): Promise<CrmAnswer<{ details: string }>>;
  /** Who a customer's number belongs to, and who is responsible for him. */
  lookUp?(
    input: { phone: string; ignoreStatus: boolean },
    link: FamilyLink,
    ask: Ask,
  ): Promise<CrmAnswer<CrmCaller>>;
  /** What only some CRMs have: our registration with them, their people, their copy of our extensions. */
  directory?: CrmDirectory;
}

export interface CrmDirectory {
  register(
    link: FamilyLink,
    input: RegisterInput,
    ask: Ask,
  ): Promise<CrmAnswer<{ created: boolean; unknownUsers: string[] }>>;
  users(link: FamilyLink, ask: Ask): Promise<CrmAnswer<CrmUserView[]>>;
  push(link: FamilyLink, ask: Ask): Promise<CrmAnswer<{ pushed: number; unknownUsers: string[] }>>;
  drift(link: FamilyLink, ask: Ask): Promise<CrmAnswer<CrmDrift>>;
}
