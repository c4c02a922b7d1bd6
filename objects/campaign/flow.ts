/**
 * What an attempt's events do to its lead and its agent. Runs inside the caller's transaction, so that the three never
 * disagree, wherever the object dies.
 */
import { newCallId } from '../lib/ids';
import { callEnded, freed, moved, type Agent } from './agents';
import { applyAttempt, type Attempt, type AttemptEvent } from './attempt';
import type { Book } from './book';
import { zonesIn, type Lead } from './lead-store';
import { afterAttempt, RANK, type Outcomes } from './retry';
import type { AttemptOutcome, Pacing } from './views';
import { openWindow } from './windows';
import { clockIn, localTime } from './zones';
import type { AgentNotice } from './agent-contract';

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
/** A lead whose call could not be begun is tried again after this. */
const REFUSED_AGAIN_MS = 5_000;

export interface Start {
  agent: Agent | null;
  bridgeId: string | null;
  slot: number | null;
  pacing: Pacing;
}

export class Flow {
  constructor(private readonly book: Book) {}

  /** A lead is taken to be called: its attempt begins, with all it was decided by. */
  begin(lead: Lead, { agent, bridgeId, slot, pacing }: Start, now: number): Attempt {
    const { book } = this;
    const { config } = book;
    const zones = zonesIn(lead.zone);
    const attempt: Attempt = {
      id: crypto.randomUUID(),
      leadId: lead.id,
      number: lead.number,
      n: lead.attempts + 1,
      callId: newCallId(now),
      commandId: crypto.randomUUID(),
      state: 'checking',
      outcome: null,
      reason: null,
      via: config.via,
      bridgeId,
      slot,
      pbx: null,
      extension: null,
      userId: agent?.userId ?? book.standing.runner ?? '',
      agentId: agent?.userId ?? null,
      createdAt: now,
      sentAt: null,
      status: null,
      answeredAt: null,
      endedAt: null,
      talkSec: null,
      evidence: {
        local_times: zones.map((zone) => ({ time_zone: zone, local: localTime(zone, now) })),
        time_zone_source: lead.zoneSource,
        window: openWindow(config.windows, zones[0] ?? 'UTC', now),
        consent: lead.consent,
        list_version: lead.listVersion,
        campaign_version: book.row?.version ?? 0,
        dnc: null,
        number_cap: null,
        pacing,
      },
    };
    book.attempts.insert(attempt);
    this.saveLead(lead, {
      state: 'calling',
      lastAttemptId: attempt.id,
      agentId: agent?.userId ?? lead.agentId,
    });
    if (agent !== null)
      book.agents.save(
        moved(agent, 'calling', now, { leadId: lead.id, attemptId: attempt.id, wrapUp: null }),
      );
    return attempt;
  }

  /** Applies an event and all that follows from it. Answers whether it said anything new. */
  apply(id: string, event: AttemptEvent, now: number): boolean {
    const before = this.book.attempts.byId(id);
    if (before === null) return false;
    const after = applyAttempt(before, event);
    if (after === before) return false;
    this.book.attempts.save(after, before);
    if (after.state === before.state) {
      if (after.outcome !== before.outcome) this.#corrected(after, before.outcome, now);
      return true;
    }
    if (after.state === 'dialling') this.#sent(after, now);
    else if (after.state === 'blocked') this.#blocked(after, now);
    else if (after.state === 'withdrawn') this.#withdrawn(after, before.state === 'dialling', now);
    else if (after.state === 'ended') this.#ended(after, now);
    return true;
  }

  /** Gives a lead that an agent looks at back to all, due at `nextAt`. */
  giveBack(leadId: number, nextAt: number): void {
    const lead = this.book.leads.byId(leadId);
    if (lead?.state === 'offered') this.saveLead(lead, { state: 'waiting', nextAt });
  }

  /** Ends the writing up of the agent's lead with what was written, or with nothing. */
  finishWrapUp(agent: Agent, now: number): void {
    const lead = agent.leadId === null ? null : this.book.leads.byId(agent.leadId);
    const wrapUp = agent.wrapUp;
    if (lead?.state !== 'wrap_up') return;
    if (wrapUp?.disposition != null) this.book.attempts.count(`disposition:${wrapUp.disposition}`, 1);
    const written = {
      disposition: wrapUp?.disposition ?? lead.disposition,
      agentNote: wrapUp?.note ?? lead.agentNote,
    };
    if (wrapUp?.callbackAt != null)
      this.saveLead(lead, {
        ...written,
        state: 'waiting',
        result: null,
        rank: RANK.again,
        nextAt: Math.max(wrapUp.callbackAt, now),
      });
    else this.saveLead(lead, { ...written, state: 'done', result: 'answered' });
  }

  saveLead(lead: Lead, change: Partial<Lead>): void {
    this.book.leads.save({ ...lead, ...change }, lead);
  }

  #sent(attempt: Attempt, now: number): void {
    const lead = this.book.leads.byId(attempt.leadId);
    if (lead) this.saveLead(lead, { attempts: lead.attempts + 1, lastAttemptAt: now });
    const agent = this.#agentOf(attempt);
    if (agent === null) return;
    const day = new Date(now).toISOString().slice(0, 10);
    this.book.agents.save({ ...agent, callsDay: day, calls: (agent.callsDay === day ? agent.calls : 0) + 1 });
  }

  #blocked(attempt: Attempt, now: number): void {
    const lead = this.#leadOf(attempt);
    const isListed = attempt.reason === 'listed';
    if (lead && isListed) this.saveLead(lead, { state: 'done', result: 'do_not_call' });
    else if (lead)
      this.saveLead(lead, {
        state: 'waiting',
        rank: RANK.again,
        nextAt: dayAfter(zonesIn(lead.zone)[0] ?? 'UTC', now),
      });
    const agent = this.#agentOf(attempt);
    const notice: AgentNotice = isListed
      ? { code: 'do_not_call', message: 'The number is on the do-not-call list.' }
      : { code: 'number_cap', message: 'The number was called as often as allowed today.' };
    if (agent) this.#saveAgent(freed(agent, now, { notice }));
  }

  #withdrawn(attempt: Attempt, wasSent: boolean, now: number): void {
    const lead = this.#leadOf(attempt);
    const agent = this.#agentOf(attempt);
    const keeps = agent !== null && !agent.leaving && this.book.config.mode !== 'progressive';
    if (lead)
      this.saveLead(lead, {
        attempts: wasSent ? Math.max(0, lead.attempts - 1) : lead.attempts,
        ...(keeps
          ? { state: 'offered' as const }
          : { state: 'waiting' as const, nextAt: now + REFUSED_AGAIN_MS }),
      });
    if (agent === null) return;
    const notice: AgentNotice = { code: 'refused', message: attempt.reason ?? 'The call was refused.' };
    if (keeps) this.#saveAgent(moved(agent, 'offered', now, { attemptId: null, notice }));
    // An agent whose phone or extension can't be rung is no agent to send calls to.
    else
      this.#saveAgent(
        freed(attempt.via === 'slot' ? agent : { ...agent, pauseAfter: true }, now, { notice }),
      );
  }

  #ended(attempt: Attempt, now: number): void {
    const { config } = this.book;
    const lead = this.#leadOf(attempt);
    const agent = this.#agentOf(attempt);
    const outcome = attempt.outcome ?? 'unknown';
    const hasTalked = outcome === 'answered' && agent !== null;
    const writes = hasTalked && config.wrap_up_seconds > 0 && !agent.leaving;
    if (lead) {
      const outcomes = counted(lead.outcomes, outcome, 1);
      if (hasTalked) {
        this.saveLead(lead, { state: 'wrap_up', result: 'answered', outcomes, lastOutcome: outcome });
        if (!writes || agent.wrapUp !== null) this.finishWrapUp({ ...agent, leadId: lead.id }, now);
      } else this.#judge({ ...lead, outcomes, lastOutcome: outcome }, lead, outcome, now);
    }
    if (agent) this.#saveAgent(callEnded(agent, writes, config.wrap_up_seconds * 1_000, now));
  }

  /** The outcome turned out to be another one than was told first. */
  #corrected(attempt: Attempt, was: AttemptOutcome | null, now: number): void {
    const lead = this.book.leads.byId(attempt.leadId);
    if (lead === null || attempt.outcome === null) return;
    const outcomes = counted(
      was === null ? lead.outcomes : counted(lead.outcomes, was, -1),
      attempt.outcome,
      1,
    );
    const isNewest = lead.lastAttemptId === attempt.id;
    const next = { ...lead, outcomes, ...(isNewest && { lastOutcome: attempt.outcome }) };
    // What a person decided, or what happened since, stands.
    const isOpen =
      isNewest && lead.disposition === null && (lead.state === 'waiting' || lead.state === 'done');
    if (isOpen) this.#judge(next, lead, attempt.outcome, now);
    else this.book.leads.save(next, lead);
  }

  #judge(next: Lead, before: Lead, outcome: AttemptOutcome, now: number): void {
    const { attempts, outcomes } = next;
    const verdict = afterAttempt(this.book.config, { outcome, outcomes, attempts }, now);
    const change: Partial<Lead> =
      verdict.state === 'done'
        ? { state: 'done', result: verdict.result }
        : { state: 'waiting', result: null, rank: RANK.again, nextAt: verdict.nextAt };
    this.book.leads.save({ ...next, ...change }, before);
  }

  #leadOf(attempt: Attempt): Lead | null {
    const lead = this.book.leads.byId(attempt.leadId);
    return lead?.lastAttemptId === attempt.id && lead.state === 'calling' ? lead : null;
  }

  #agentOf(attempt: Attempt): Agent | null {
    const agent = attempt.agentId === null ? null : this.book.agents.byId(attempt.agentId);
    return agent?.attemptId === attempt.id ? agent : null;
  }

  #saveAgent(agent: Agent): void {
    if (agent.leaving && agent.state !== 'calling') this.book.agents.remove(agent.userId);
    else this.book.agents.save(agent);
  }
}

const counted = (outcomes: Outcomes, outcome: AttemptOutcome, by: 1 | -1): Outcomes => ({
  ...outcomes,
  [outcome]: Math.max(0, (outcomes[outcome] ?? 0) + by),
});

/** The first full hour of the next day in a zone. */
function dayAfter(zone: string, now: number): number {
  const { day } = clockIn(zone, now);
  for (let at = Math.ceil((now + 1) / HOUR_MS) * HOUR_MS; at <= now + DAY_MS + 2 * HOUR_MS; at += HOUR_MS)
    if (clockIn(zone, at).day !== day) return at;
  return now + DAY_MS;
}
