/**
 * What other rooms and objects may ask of a Sandbox: one object per app version, in which its developer tries a
 * configuration before any tenant runs on it. Each opening plays a tenant of its own (`names.ts`) behind the real
 * ProviderLink, Inbox and public API; the object stands in for the tenant's rows of D1, keeps what went over the wire, and
 * runs the test stand. Times are milliseconds since the epoch. Expected refusals are results with `ok: false`.
 */
import type { Exchange, LinkConfig, ProviderContent, Tie } from '../provider-link/contract';
import type { NumberedRun, Run } from './machine';

export { sandboxName, sandboxOf } from './names';
export { CHECK_CODES, PROBLEMS_OF_CHECKS } from './machine';
export type { CheckCode, Run } from './machine';

export interface SandboxEvent extends Exchange {
  /** Grows with every event. */
  seq: number;
  at: number;
}

export interface SandboxToken {
  /** `jti` of it. */
  id: string;
  hint: string;
  createdAt: number;
}

/** `closing`: the provider is still to hear that the integration ended; then everything of it is removed. */
export interface SandboxView {
  state: 'open' | 'closing';
  tenantId: string;
  openedAt: number;
  /** Removed then, unless it is used before. */
  expiresAt: number;
  tie: { configurationId: string; configurationVersion: string; content: ProviderContent };
  tokens: SandboxToken[];
  /** Number of the newest event; 0: none. */
  lastEvent: number;
}

/** `closed`: it is not open; `no_token`: the provider could tell us nothing; `limited`: too much was asked at once, or that day. */
export type SandboxRefusal =
  | {
      ok: false;
      code:
        | 'closed'
        | 'closing'
        | 'no_token'
        | 'too_many_tokens'
        | 'no_such_token'
        | 'run_in_progress'
        | 'no_such_run';
    }
  | { ok: false; code: 'limited'; retryAfterMs: number };

export type SandboxResult<T> = { ok: true; value: T } | SandboxRefusal;

export interface SandboxApi extends Rpc.DurableObjectBranded {
  /**
   * Opens the sandbox on a configuration, or moves an open one to it. `origin`: under which the provider reaches us.
   */
  open(input: {
    appCode: string;
    tie: Tie;
    origin: string;
  }): Promise<SandboxResult<{ made: boolean; view: SandboxView }>>;
  /** Null: it is not open. */
  view(): Promise<SandboxView | null>;
  /** Ends the integration and removes everything of it. */
  close(): Promise<SandboxResult<SandboxView>>;
  /** Keeps a token that the caller signs; at most five are good at once. The first one activates the integration. */
  addToken(token: { tenantId: string; id: string; hint: string }): Promise<SandboxResult<SandboxToken>>;
  /** With the last one the integration ends and the provider is told. */
  revokeToken(id: string): Promise<SandboxResult<SandboxToken>>;
  /** As whom it plays; closed while it is being removed. */
  tenant(): Promise<SandboxResult<string>>;
  /** Before something is sent by hand: answers as whom. */
  mayAct(): Promise<SandboxResult<{ tenantId: string }>>;
  /** Newest first and older than `before`, or oldest first and newer than `after`; `limit` 1–200. */
  events(query: {
    before?: number | undefined;
    after?: number | undefined;
    limit: number;
  }): Promise<SandboxResult<{ items: SandboxEvent[]; more: boolean }>>;

  /** What a tenant's link runs on: nothing, where the tenant is not of the present opening. */
  linkConfig(tenantId: string): Promise<LinkConfig>;
  /** A request of the provider to the public API; `cost` as of its limit. */
  admit(request: {
    tenantId: string;
    cost: number;
  }): Promise<{ ok: true } | { ok: false; retryAfterMs: number }>;
  /** Keeps what went over the wire. Nothing, where the tenant is not of the present opening. */
  note(tenantId: string, exchange: Exchange): Promise<void>;

  /** Starts the test stand; one run at a time. */
  startRun(by: string): Promise<SandboxResult<Run>>;
  cancelRun(id: string): Promise<SandboxResult<Run>>;
  run(id: string): Promise<Run | null>;
  /** Newest first, older than `before` (a run's `number`). */
  runs(query: {
    before?: number | undefined;
    limit: number;
  }): Promise<{ items: NumberedRun[]; more: boolean }>;
}
