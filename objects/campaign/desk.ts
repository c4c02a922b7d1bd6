/** What agents do with their sessions. Changes run in the caller's transaction; `call` answers the attempt to go on with. */
import { freed, moved, newAgent, type Agent } from './agents';
import type { AgentAnswer, AgentInput, AgentJoin, AgentNotice, AgentSession } from './agent-contract';
import type { Book } from './book';
import type { Flow } from './flow';
import { leadView, zonesIn } from './lead-store';
import { pacingOf, plan } from './pacing';
import type { Pump } from './pump';
import { RANK } from './retry';
import { isOpen } from './windows';

export type Refused = Extract<AgentAnswer, { ok: false }>;
/** `attempt`: what the deed set going. */
export type Done = { ok: true; attempt: string | null };

const WRONG: Refused = { ok: false, code: 'wrong_state' };
const DONE: Done = { ok: true, attempt: null };

export class Desk {
  constructor(
    private readonly book: Book,
    private readonly flow: Flow,
    private readonly pump: Pump,
  ) {}

  join({ userId, name, now }: AgentJoin): Done | Refused {
    const { agents } = this.book.config;
    if (agents !== null && !agents.includes(userId)) return { ok: false, code: 'not_allowed' };
    const known = this.book.agents.byId(userId);
    // Whoever left during a call and comes back goes on with it.
    this.book.agents.save(
      known === null ? newAgent(userId, name, now) : { ...known, name, seenAt: now, leaving: false },
    );
    return DONE;
  }

  deed(agent: Agent, input: AgentInput, now: number): Done | Refused {
    const seen = { ...agent, seenAt: now };
    switch (input.do) {
      case 'ready':
        return this.#ready(seen, now);
      case 'pause':
        return this.#pause(seen, now);
      case 'leave':
        return this.#leave(seen, now);
      case 'next':
        return this.#next(seen, input.leadId, now);
      case 'call':
        return this.#call(seen, now);
      case 'skip':
        return this.#skip(seen, input, now);
      case 'wrap_up':
        return this.#wrapUp(seen, input, now);
    }
  }

  session(agent: Agent, now: number): AgentSession {
    const { book } = this;
    const lead = agent.leadId === null ? null : book.leads.byId(agent.leadId);
    const attempt = agent.attemptId === null ? null : book.attempts.byId(agent.attemptId);
    const { config } = book;
    const isWaiting = agent.state === 'ready';
    const decided = isWaiting ? plan(this.pump.inputs(now)) : null;
    return {
      campaign_id: book.campaignId,
      campaign: book.row?.name ?? '',
      mode: config.mode,
      via: config.via,
      campaign_state: book.standing.state,
      state: agent.state,
      since: new Date(agent.since).toISOString(),
      until: agent.until === null ? null : new Date(agent.until).toISOString(),
      pause_after: agent.pauseAfter,
      lead: lead && leadView(lead, now),
      call_id: attempt?.callId ?? null,
      dispositions: config.dispositions,
      notice: agent.notice,
      why: decided?.why.filter(({ code }) => code !== 'dialling') ?? [],
      calls_today: agent.callsDay === new Date(now).toISOString().slice(0, 10) ? agent.calls : 0,
    };
  }

  #ready(agent: Agent, now: number): Done {
    const { agents } = this.book;
    if (agent.state === 'wrap_up') this.flow.finishWrapUp(agent, now);
    if (agent.state === 'paused' || agent.state === 'wrap_up')
      agents.save(freed({ ...agent, pauseAfter: false }, now));
    else agents.save({ ...agent, pauseAfter: false, notice: null });
    return DONE;
  }

  #pause(agent: Agent, now: number): Done {
    if (agent.state === 'calling' || agent.state === 'wrap_up') {
      this.book.agents.save({ ...agent, pauseAfter: true });
      return DONE;
    }
    if (agent.state === 'offered' && agent.leadId !== null) this.flow.giveBack(agent.leadId, now);
    this.book.agents.save(moved(agent, 'paused', now, { leadId: null }));
    return DONE;
  }

  #leave(agent: Agent, now: number): Done {
    if (agent.state === 'offered' && agent.leadId !== null) this.flow.giveBack(agent.leadId, now);
    if (agent.state === 'wrap_up') this.flow.finishWrapUp(agent, now);
    // The call goes on, and its end still belongs to the agent.
    if (agent.state === 'calling') this.book.agents.save({ ...agent, leaving: true, pauseAfter: true });
    else this.book.agents.remove(agent.userId);
    return DONE;
  }

  #next(agent: Agent, leadId: string | null, now: number): Done | Refused {
    if (agent.state !== 'ready' && agent.state !== 'paused') return WRONG;
    if (this.book.config.mode === 'progressive') return WRONG;
    if (this.book.standing.state !== 'running') return this.#notice(agent, NOT_RUNNING);
    const asked = leadId === null ? null : this.book.leads.byId(Number(leadId));
    if (leadId !== null && asked?.state !== 'waiting') return { ok: false, code: 'no_such_lead' };
    const lead = asked ?? this.pump.dueLeads(now, 1)[0];
    if (lead === undefined)
      return this.#notice(agent, { code: 'no_lead', message: 'No lead is due right now.' });
    this.book.agents.save(agent);
    this.pump.offer(agent.userId, lead, now);
    return DONE;
  }

  #call(agent: Agent, now: number): Done | Refused {
    const { book } = this;
    const lead = agent.leadId === null ? null : book.leads.byId(agent.leadId);
    if (agent.state !== 'offered' || lead?.state !== 'offered') return WRONG;
    if (book.standing.state !== 'running') return this.#notice(agent, NOT_RUNNING);
    const inputs = this.pump.inputs(now);
    const blocked = this.#blocked(zonesIn(lead.zone), inputs.live, inputs.startedLastMinute, now);
    if (blocked !== null) return this.#notice(agent, blocked);
    const slot = book.config.via === 'slot' ? this.pump.freeSlots()[0] : null;
    if (slot === undefined)
      return this.#notice(agent, { code: 'no_free_slot', message: 'No slot is free right now.' });
    const pacing = pacingOf(inputs, this.pump.slots?.at ?? null);
    const attempt = this.flow.begin(
      lead,
      { agent, bridgeId: slot?.bridgeId ?? null, slot: slot?.slot ?? null, pacing },
      now,
    );
    return { ok: true, attempt: attempt.id };
  }

  #blocked(zones: readonly string[], live: number, started: number, now: number): AgentNotice | null {
    const { config } = this.book;
    if (!isOpen(config.windows, zones, now))
      return { code: 'outside_window', message: 'It is not calling time where the lead is.' };
    if (live >= config.max_concurrent)
      return { code: 'at_cap', message: 'As many calls run as may at a time.' };
    if (started >= config.calls_per_minute)
      return { code: 'rate_cap', message: 'As many calls were started in the last minute as may.' };
    return null;
  }

  #skip(
    agent: Agent,
    { laterMinutes, reason }: Extract<AgentInput, { do: 'skip' }>,
    now: number,
  ): Done | Refused {
    const lead = agent.leadId === null ? null : this.book.leads.byId(agent.leadId);
    if (agent.state !== 'offered' || lead?.state !== 'offered') return WRONG;
    const agentNote = reason ?? lead.agentNote;
    if (laterMinutes === null) this.flow.saveLead(lead, { state: 'done', result: 'skipped', agentNote });
    else {
      const nextAt = now + laterMinutes * 60_000;
      this.flow.saveLead(lead, { state: 'waiting', rank: RANK.again, nextAt, agentNote });
    }
    this.book.agents.save(freed(agent, now));
    return DONE;
  }

  #wrapUp(agent: Agent, input: Extract<AgentInput, { do: 'wrap_up' }>, now: number): Done | Refused {
    const { disposition, note, callbackAt } = input;
    if (disposition !== null && !this.book.config.dispositions.includes(disposition))
      return { ok: false, code: 'bad_disposition' };
    const written = { ...agent, wrapUp: { disposition, note, callbackAt } };
    if (agent.state === 'calling') {
      this.book.agents.save(written);
      return DONE;
    }
    if (agent.state !== 'wrap_up') return WRONG;
    this.flow.finishWrapUp(written, now);
    this.book.agents.save(freed(written, now));
    return DONE;
  }

  #notice(agent: Agent, notice: AgentNotice): Done {
    this.book.agents.save({ ...agent, notice });
    return DONE;
  }
}

const NOT_RUNNING: AgentNotice = { code: 'not_running', message: 'The campaign does not run.' };
