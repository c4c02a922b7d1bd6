/**
 * What other rooms may ask of an OperatorEnrolment: one object per tenant (named by the tenant's id), which puts the
 * tenant's operators into telephony one after another, whatever dies meanwhile. One run goes on at a time. Times are
 * milliseconds since the epoch.
 */
import type { ItemResult, Problem, RunState } from './machine';

export type { ItemResult, Problem, RunState };

/** `missing`: those without an account; `all`: those with one as well, whose account is made where it is missing. */
export type Include = 'missing' | 'all';

/** Who asks; for the audit log. */
export interface Actor {
  userId: string;
  address: string | null;
}

export interface RunRecord {
  id: string;
  state: RunState;
  include: Include;
  /** User id. */
  by: string;
  startedAt: number;
  /** Null: it goes on. */
  finishedAt: number | null;
  total: number;
  counts: Record<ItemResult, number>;
  /** Why it waits, or was halted. */
  problem: Problem | null;
  /** When telephony is asked next, where it waits. */
  waitsUntil: number | null;
}

export interface ItemRecord {
  n: number;
  uuid: string;
  login: string;
  fullName: string;
  extension: string | null;
  result: ItemResult;
  problem: Problem | null;
  tries: number;
  /** When it was asked for last. */
  at: number | null;
}

export interface StartResult {
  run: RunRecord;
  /** One was going on: it is answered, and nothing new began. */
  joined: boolean;
}
export type ChangeResult =
  | { ok: true; run: RunRecord; changed: boolean }
  | { ok: false; code: 'NOT_FOUND' | 'NOTHING_LEFT' | 'ANOTHER_RUNS' };

/** The RPC surface. */
export interface OperatorEnrolmentApi extends Rpc.DurableObjectBranded {
  /** Begins with the operators there are now. */
  start(input: { include: Include; actor: Actor; now: number }): Promise<StartResult>;
  /** The newest first, 50 at most: older ones are forgotten. */
  runs(): Promise<RunRecord[]>;
  run(id: string): Promise<RunRecord | null>;
  /** Operators of a run in the order of their ids; null: no such run. `next`: what `after` is for the next page. */
  items(input: {
    id: string;
    result: ItemResult | null;
    after: number;
    limit: number;
  }): Promise<{ items: ItemRecord[]; next: number | null } | null>;
  /** Lets what is being asked end, and asks for no other. One that is over stays as it is. */
  stop(input: { id: string; now: number }): Promise<ChangeResult>;
  /** Goes on with whoever has no account: who was left, and who failed. */
  resume(input: { id: string; actor: Actor; now: number }): Promise<ChangeResult>;
}
