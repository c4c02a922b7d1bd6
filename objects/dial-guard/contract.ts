/**
 * What other rooms and objects may ask of a DialGuard: one object per tenant (named by the tenant's id), the only writer
 * of its do-not-call list, of how often each number was dialled today by whichever campaign, and of which campaign an
 * agent works in. Numbers are E.164. Times are milliseconds since the epoch.
 */

export interface DncEntry {
  number: string;
  /** Why, in the words of who put it there. */
  reason: string | null;
  /** `user:<id>`, `import`, `agent:<id>`. */
  by: string;
  created_at: string;
  /** Until when; null: for good. */
  until: string | null;
}

export interface DncInput {
  number: string;
  reason: string | null;
  until: number | null;
}

export interface DncQuery {
  /** Digits of the number, or a part of the reason. */
  q?: string | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  limit: number;
}

export interface DncPage {
  items: DncEntry[];
  next: string | null;
  total: number;
  /** Grows with every change of the list; attempts keep the one they were checked against. */
  version: number;
}

export interface DialLimits {
  /** Attempts at one number in one day of the number's own zone, of all campaigns together; null: no limit. */
  calls_per_number_per_day: number | null;
}

export interface AdmitInput {
  /** The same attempt again gets the same answer and counts once. */
  attemptId: string;
  campaignId: string;
  number: string;
  /** Day of the number's own calendar, `YYYY-MM-DD`. */
  day: string;
  now: number;
}

/** `listed`: on the do-not-call list. `capped`: dialled as often as allowed today. */
export type AdmitResult =
  | { ok: true; dncVersion: number; callsToday: number; cap: number | null }
  | {
      ok: false;
      code: 'listed' | 'capped';
      dncVersion: number;
      callsToday: number;
      cap: number | null;
      reason: string | null;
    };

export interface DialGuardApi extends Rpc.DurableObjectBranded {
  /** May this number be dialled now? Counts the attempt when it may. Idempotent by `attemptId`. */
  admit(input: AdmitInput): Promise<AdmitResult>;
  /** The attempt came to nothing before anything rang: it does not count. Idempotent. */
  release(attemptId: string): Promise<void>;
  /** Which of these numbers are on the list now. */
  listed(numbers: string[], now: number): Promise<string[]>;
  dnc(query: DncQuery): Promise<DncPage>;
  dncEntry(number: string): Promise<DncEntry | null>;
  /** Adds or changes entries; `changed` counts those that were there. */
  addDnc(
    entries: DncInput[],
    by: string,
    now: number,
  ): Promise<{ added: number; changed: number; full: boolean }>;
  /** False: it was not on the list. */
  removeDnc(number: string): Promise<boolean>;
  limits(): Promise<DialLimits>;
  setLimits(limits: DialLimits): Promise<DialLimits>;
  /** Takes an agent for a campaign; answers the one they worked in until now, if another. */
  claimAgent(userId: string, campaignId: string): Promise<{ before: string | null }>;
  /** The agent works in this campaign no more. Another one's claim stays. */
  freeAgent(userId: string, campaignId: string): Promise<void>;
  agentCampaign(userId: string): Promise<string | null>;
}
