import type { Agent } from './agents';
import type * as c from './contract';
import { CampaignCore } from './core';
import type { Refused } from './desk';
import { takeLeads } from './lead-intake';
import { leadView } from './lead-store';
import { RANK } from './retry';

/** One per campaign: its leads, attempts, agents and pace. See contract.ts. */
export class Campaign extends CampaignCore implements c.CampaignApi {
  configure(row: c.CampaignRow): Promise<void> {
    this.commit(() => {
      this.book.configure(row);
    });
    if (this.book.standing.state === 'running') this.lookSoon();
    return Promise.resolve();
  }

  addLeads(input: c.AddLeadsInput): Promise<c.AddLeadsResult> {
    const taken = this.commit(() => takeLeads(this.book, input));
    if (taken.ok && taken.counts.added > 0 && this.book.standing.state === 'running') this.lookSoon();
    return Promise.resolve(taken);
  }

  async run(row: c.CampaignRow, by: string): Promise<c.CommandResult> {
    const { state, closed } = this.book.standing;
    if (closed) return { ok: false, code: 'wrong_state', state };
    const already = state === 'running' || state === 'paused';
    this.commit(() => {
      this.book.configure(row);
      if (!already) this.book.stand({ state: 'running', since: Date.now(), by, runner: by });
    });
    return this.#going(already);
  }

  async resume(row: c.CampaignRow, by: string): Promise<c.CommandResult> {
    const { state, closed } = this.book.standing;
    if (closed || (state !== 'paused' && state !== 'running'))
      return { ok: false, code: 'wrong_state', state };
    this.commit(() => {
      this.book.configure(row);
      if (state === 'paused') this.book.stand({ state: 'running', since: Date.now(), by, runner: by });
    });
    return this.#going(state === 'running');
  }

  async stop(by: string): Promise<c.CommandResult> {
    const { state } = this.book.standing;
    const already = state !== 'running' && state !== 'paused';
    if (!already) await this.halt('stopped', by);
    return { ok: true, already, progress: await this.progressNow() };
  }

  async pause(by: string): Promise<c.CommandResult> {
    const { state } = this.book.standing;
    if (state !== 'running' && state !== 'paused') return { ok: false, code: 'wrong_state', state };
    if (state === 'running') await this.halt('paused', by);
    return { ok: true, already: state === 'paused', progress: await this.progressNow() };
  }

  async close(by: string): Promise<void> {
    const agents = this.commit(() => {
      this.book.stand({ closed: true });
      return this.book.agents.all();
    });
    await this.halt('stopped', by);
    this.commit(() => {
      for (const agent of agents) {
        const now = this.book.agents.byId(agent.userId);
        if (now !== null) this.desk.deed(now, { do: 'leave' }, Date.now());
      }
    });
    await Promise.all(agents.map(({ userId }) => this.lines.freeAgent(userId, this.book.campaignId)));
  }

  progress(): Promise<c.CampaignProgress> {
    return this.progressNow();
  }

  leads(query: c.LeadQuery): Promise<c.Page<c.LeadView>> {
    return Promise.resolve(this.book.leads.page(query, Date.now()));
  }

  lead(leadId: string): Promise<c.LeadView | null> {
    const lead = this.book.leads.byId(Number(leadId));
    return Promise.resolve(lead && leadView(lead, Date.now()));
  }

  removeLead(leadId: string): Promise<{ ok: true } | { ok: false; code: 'not_found' | 'busy' }> {
    const lead = this.book.leads.byId(Number(leadId));
    if (lead === null || lead.state === 'removed') return Promise.resolve({ ok: false, code: 'not_found' });
    if (lead.state !== 'waiting' && lead.state !== 'done')
      return Promise.resolve({ ok: false, code: 'busy' });
    this.commit(() => {
      this.flow.saveLead(lead, { state: 'removed' });
    });
    return Promise.resolve({ ok: true });
  }

  retryLead(
    leadId: string,
  ): Promise<{ ok: true; lead: c.LeadView } | { ok: false; code: 'not_found' | 'busy' }> {
    const lead = this.book.leads.byId(Number(leadId));
    if (lead === null) return Promise.resolve({ ok: false, code: 'not_found' });
    const isOver = lead.state === 'done' || lead.state === 'removed' || lead.state === 'waiting';
    if (!isOver) return Promise.resolve({ ok: false, code: 'busy' });
    const now = Date.now();
    this.commit(() => {
      // A fresh count: the rules begin anew for it.
      const anew = {
        state: 'waiting',
        result: null,
        rank: RANK.again,
        nextAt: now,
        outcomes: {},
        disposition: null,
      } as const;
      this.flow.saveLead(lead, anew);
      if (this.book.standing.state === 'done') this.book.stand({ state: 'running', since: now, by: null });
    });
    if (this.book.standing.state === 'running') this.lookSoon();
    const after = this.book.leads.byId(lead.id) ?? lead;
    return Promise.resolve({ ok: true, lead: leadView(after, now) });
  }

  attempts(query: c.AttemptQuery): Promise<c.Page<c.AttemptView>> {
    return Promise.resolve(this.book.attempts.page(query));
  }

  outcomes(query: { from: number; to: number }): Promise<c.OutcomePoint[]> {
    return Promise.resolve(this.book.attempts.outcomes(query));
  }

  createImport(input: {
    fileName: string;
    size: number | null;
    by: string;
    now: number;
  }): Promise<{ ok: true; import: c.ImportView } | { ok: false; code: 'too_many' }> {
    const made = this.commit(() => {
      const listVersion = this.book.listVersion + 1;
      const made = this.book.imports.create({ ...input, listVersion });
      if (made !== null) this.book.nextListVersion();
      return made;
    });
    return Promise.resolve(made === null ? { ok: false, code: 'too_many' } : { ok: true, import: made });
  }

  beginImport(importId: string): Promise<{ ok: true } | { ok: false; code: 'not_found' | 'wrong_state' }> {
    const known = this.book.imports.byId(Number(importId));
    if (known === null) return Promise.resolve({ ok: false, code: 'not_found' });
    if (known.state !== 'waiting') return Promise.resolve({ ok: false, code: 'wrong_state' });
    this.commit(() => {
      this.book.imports.setState(Number(importId), 'running', Date.now());
    });
    this.lookSoon();
    return Promise.resolve({ ok: true });
  }

  endImport(
    importId: string,
    { state, error }: { state: 'done' | 'failed'; error: string | null },
  ): Promise<c.ImportView | null> {
    const known = this.book.imports.byId(Number(importId));
    if (known?.state === 'running')
      this.commit(() => {
        this.book.imports.setState(Number(importId), state, Date.now(), error);
      });
    if (this.book.standing.state === 'running') this.lookSoon();
    return Promise.resolve(this.book.imports.byId(Number(importId)));
  }

  cancelImport(importId: string, undo: boolean): Promise<c.ImportView | null> {
    const id = Number(importId);
    const known = this.book.imports.byId(id);
    if (known === null) return Promise.resolve(null);
    this.commit(() => {
      if (known.state === 'waiting' || known.state === 'running')
        this.book.imports.setState(id, 'cancelled', Date.now());
      if (!undo) return;
      this.book.imports.undone(id, this.book.leads.dropFresh(id));
      this.book.nextListVersion();
    });
    return Promise.resolve(this.book.imports.byId(id));
  }

  imports(): Promise<c.ImportView[]> {
    return Promise.resolve(this.book.imports.list());
  }

  import(importId: string): Promise<c.ImportView | null> {
    return Promise.resolve(this.book.imports.byId(Number(importId)));
  }

  importProblems(
    importId: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<c.LeadProblem[] | null> {
    const id = Number(importId);
    return Promise.resolve(this.book.imports.byId(id) && this.book.imports.problems(id, after, limit));
  }

  join(input: c.AgentJoin): Promise<c.AgentAnswer> {
    const done = this.commit(() => this.desk.join(input));
    this.wakeAt(input.now + SIGN_MS);
    return Promise.resolve(done.ok ? { ok: true, session: this.#session(input.userId) } : done);
  }

  async agent(userId: string, input: c.AgentInput): Promise<c.AgentAnswer> {
    // What an agent may call with is looked at before it is chosen.
    if (input.do === 'call') await this.pump.refresh();
    const done = this.commit(() => this.#deed(userId, input));
    if (!done.ok) return done;
    if (done.attempt !== null) await this.pump.drive(done.attempt);
    // In preview mode the next lead comes with the answer.
    await this.look();
    return { ok: true, session: this.#session(userId) };
  }

  agentSession(userId: string): Promise<c.AgentSession | null> {
    const agent = this.book.agents.byId(userId);
    const now = Date.now();
    // Seen a moment ago is seen: a poll is no reason to write.
    if (agent !== null && now - agent.seenAt > SIGN_MS) this.book.agents.save({ ...agent, seenAt: now });
    return Promise.resolve(this.#session(userId));
  }

  told(events: c.CallWatchEvent[]): Promise<void> {
    const now = Date.now();
    const isNew = this.commit(() => {
      const news = events.map((call) => {
        const attempt = this.book.attempts.byCall(call.callId);
        return attempt !== null && this.flow.apply(attempt.id, { type: 'told', call }, now);
      });
      return news.includes(true);
    });
    if (isNew) this.lookSoon();
    return Promise.resolve();
  }

  #deed(userId: string, input: c.AgentInput): { ok: true; attempt: string | null } | Refused {
    const agent: Agent | null = this.book.agents.byId(userId);
    if (agent === null || agent.leaving) return { ok: false, code: 'not_joined' };
    return this.desk.deed(agent, input, Date.now());
  }

  #session(userId: string): c.AgentSession | null {
    const agent = this.book.agents.byId(userId);
    return agent === null || agent.leaving ? null : this.desk.session(agent, Date.now());
  }

  async #going(already: boolean): Promise<c.CommandResult> {
    // The alarm is set first: it goes on should this life end in the look.
    this.wakeAt(Date.now() + SIGN_MS);
    await this.look();
    return { ok: true, already, progress: await this.progressNow() };
  }
}

const SIGN_MS = 15_000;
