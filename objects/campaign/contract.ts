/**
 * What other rooms and objects may ask of a Campaign: one object per campaign (`campaignName`), the only writer of its
 * leads, its attempts, its agents' places and its pace. Times inside are milliseconds since the epoch, what clients see
 * is ISO 8601 in UTC. Expected refusals are results with `ok: false`; a throw is a bug or an unreachable object.
 */
import type { CampaignConfig } from '../../worker/db/schema';
import type { CallWatchEvent } from '../call-hub/contract';
import type { AgentAnswer, AgentInput, AgentJoin, AgentSession } from './agent-contract';
import type { AttemptQuery, AttemptView } from './attempt-views';
import type {
  AddLeadsInput,
  AddLeadsResult,
  CampaignProgress,
  CampaignState,
  ImportView,
  LeadProblem,
  LeadQuery,
  LeadView,
  OutcomePoint,
  Page,
} from './views';

export type { CallWatchEvent };
export * from './agent-contract';
export type * from './attempt-views';
export * from './views';

/** Name of a campaign's object. */
export const campaignName = (tenantId: string, campaignId: string): string => `${tenantId}:${campaignId}`;

/** The campaign's row, as the object keeps a copy of it. */
export interface CampaignRow {
  id: string;
  tenantId: string;
  name: string;
  version: number;
  config: CampaignConfig;
}

/** `already`: it was in that state. `wrong_state`: it can't from the one it is in. */
export type CommandResult =
  | { ok: true; already: boolean; progress: CampaignProgress }
  | { ok: false; code: 'wrong_state'; state: CampaignState };

export interface CampaignApi extends Rpc.DurableObjectBranded {
  /** The row was made or changed. An older version than the known one is ignored. */
  configure(row: CampaignRow): Promise<void>;
  /** Takes leads one by one and says what became of each. With `importId` the rows count as progress of that import. */
  addLeads(input: AddLeadsInput): Promise<AddLeadsResult>;
  /** From draft, stopped or done on; a paused one stays paused. `by`: user id, whose the calls without an agent are. */
  run(row: CampaignRow, by: string): Promise<CommandResult>;
  /** No call starts after the answer; the ones under way end by themselves. */
  stop(by: string): Promise<CommandResult>;
  pause(by: string): Promise<CommandResult>;
  resume(row: CampaignRow, by: string): Promise<CommandResult>;
  /** Deleted: stopped, and its agents sent away. What was dialled is kept. */
  close(by: string): Promise<void>;
  progress(): Promise<CampaignProgress>;
  leads(query: LeadQuery): Promise<Page<LeadView>>;
  lead(leadId: string): Promise<LeadView | null>;
  /** `busy`: it is being called or looked at. */
  removeLead(leadId: string): Promise<{ ok: true } | { ok: false; code: 'not_found' | 'busy' }>;
  /** Calls a finished lead once more, as if it were new. */
  retryLead(
    leadId: string,
  ): Promise<{ ok: true; lead: LeadView } | { ok: false; code: 'not_found' | 'busy' }>;
  attempts(query: AttemptQuery): Promise<Page<AttemptView>>;
  /** Ended attempts by outcome, per hour, oldest first; moments in ms, `to` not included. */
  outcomes(query: { from: number; to: number }): Promise<OutcomePoint[]>;

  createImport(input: {
    fileName: string;
    size: number | null;
    by: string;
    now: number;
  }): Promise<{ ok: true; import: ImportView } | { ok: false; code: 'too_many' }>;
  /** The file begins to come in: `wrong_state` for an import that had one already. */
  beginImport(importId: string): Promise<{ ok: true } | { ok: false; code: 'not_found' | 'wrong_state' }>;
  /** The file is through, or could not be read on (`error`). */
  endImport(
    importId: string,
    end: { state: 'done' | 'failed'; error: string | null },
  ): Promise<ImportView | null>;
  /** Rows not read yet are left out; with `undo` its leads that were never called are taken out again. */
  cancelImport(importId: string, undo: boolean): Promise<ImportView | null>;
  imports(): Promise<ImportView[]>;
  import(importId: string): Promise<ImportView | null>;
  importProblems(importId: string, query: { after: number; limit: number }): Promise<LeadProblem[] | null>;

  join(input: AgentJoin): Promise<AgentAnswer>;
  /** Everything an agent does with their session; null session: not joined. */
  agent(userId: string, input: AgentInput): Promise<AgentAnswer>;
  /** The session, and a sign of life. */
  agentSession(userId: string): Promise<AgentSession | null>;
  /** What CallHub tells of calls this campaign watches; at least once, told apart by `id`. */
  told(events: CallWatchEvent[]): Promise<void>;
}
