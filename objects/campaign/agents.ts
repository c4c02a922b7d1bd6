/** An agent's place in a campaign, pure: what each deed and each end of a call makes of it. */
import type { AgentNotice } from './agent-contract';
import type { AgentState } from './views';

export interface WrapUp {
  disposition: string | null;
  note: string | null;
  callbackAt: number | null;
}

export interface Agent {
  userId: string;
  name: string;
  state: AgentState;
  since: number;
  /** When the state ends by itself. */
  until: number | null;
  leadId: number | null;
  attemptId: string | null;
  pauseAfter: boolean;
  /** Sign of life. */
  seenAt: number;
  notice: AgentNotice | null;
  /** Written while the call went on. */
  wrapUp: WrapUp | null;
  /** Calls of a day, `YYYY-MM-DD`. */
  callsDay: string;
  calls: number;
  /** Left while a call went on: gone when it ends. */
  leaving: boolean;
}

/** Without a sign of life an agent who is ready is taken to be away. */
export const AWAY_MS = 90_000;

export const newAgent = (userId: string, name: string, now: number): Agent => ({
  userId,
  name,
  state: 'paused',
  since: now,
  until: null,
  leadId: null,
  attemptId: null,
  pauseAfter: false,
  seenAt: now,
  notice: null,
  wrapUp: null,
  callsDay: '',
  calls: 0,
  leaving: false,
});

/** In another state, with nothing left of the last one. */
export const moved = (agent: Agent, state: AgentState, now: number, more: Partial<Agent> = {}): Agent => ({
  ...agent,
  state,
  since: agent.state === state ? agent.since : now,
  until: null,
  notice: null,
  ...more,
});

/** Free again: ready for the next, or paused where that was asked for. */
export const freed = (agent: Agent, now: number, more: Partial<Agent> = {}): Agent =>
  moved({ ...agent, pauseAfter: false }, agent.pauseAfter ? 'paused' : 'ready', now, {
    leadId: null,
    attemptId: null,
    wrapUp: null,
    ...more,
  });

/** The attempt at the agent's lead is over. `writes`: it was answered and there is time to write up. */
export function callEnded(agent: Agent, writes: boolean, wrapUpMs: number, now: number): Agent {
  if (!writes || agent.wrapUp !== null) return freed(agent, now);
  return moved(agent, 'wrap_up', now, { until: now + wrapUpMs });
}

export class AgentStore {
  constructor(private readonly sql: SqlStorage) {}

  byId(userId: string): Agent | null {
    const [row] = this.sql
      .exec<{ record: string }>('SELECT record FROM agents WHERE user_id = ?', userId)
      .toArray();
    return row === undefined ? null : (JSON.parse(row.record) as Agent);
  }

  all(): Agent[] {
    return this.sql
      .exec<{ record: string }>('SELECT record FROM agents ORDER BY user_id')
      .toArray()
      .map(({ record }) => JSON.parse(record) as Agent);
  }

  save(agent: Agent): void {
    this.sql.exec(
      'INSERT OR REPLACE INTO agents (user_id, record) VALUES (?, ?)',
      agent.userId,
      JSON.stringify(agent),
    );
  }

  remove(userId: string): void {
    this.sql.exec('DELETE FROM agents WHERE user_id = ?', userId);
  }
}
