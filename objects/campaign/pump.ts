/**
 * What keeps a campaign going: looks at what there is, has calls begin, and says when to look again. One look at a time;
 * it may be cut off anywhere, because all it knows is stored before anything goes out.
 */
import { AWAY_MS, moved } from './agents';
import { isOpenAttempt, type Attempt } from './attempt';
import type { Book } from './book';
import { DueLeads } from './due';
import { driveAttempt, type DriveParts } from './drive';
import { endsOfTime } from './ends';
import type { Flow } from './flow';
import { zonesIn, type Lead } from './lead-store';
import type { Lines, SlotsSeen } from './lines';
import { pacingOf, plan, type PaceInputs, type Plan } from './pacing';
import type { CampaignState } from './views';
import { isOpen } from './windows';

/** What the pump asks of the other objects. */
export type LinesParts = Pick<
  Lines,
  'tenant' | 'slots' | 'admit' | 'release' | 'watch' | 'prepare' | 'start' | 'callOf' | 'withdrawCommand'
>;

export interface PumpParts {
  book: Book;
  flow: Flow;
  lines: LinesParts;
  now(): number;
  /** Runs changes in one transaction, then has the progress told. */
  commit<T>(work: () => T): T;
}

/** A look at slots is good for this long. */
const SLOTS_FRESH_MS = 2_000;
const MINUTE_MS = 60_000;
/** When an attempt of which nothing was heard is asked about, and when it is given up. */
const ASK_AFTER_MS = 30_000;
const LOST_AFTER_MS = 180_000;
/** No call is longer; the hub ends them by itself some time before. */
const LONGEST_CALL_MS = 5 * 3_600_000;
const TROUBLE_MS = 10_000;
const DRIVE_AGAIN_MS = 2_000;
/** Calls that begin in one go. */
const MOST_AT_ONCE = 50;

export class Pump {
  slots: SlotsSeen | null = null;
  tenantOpen = true;
  trouble: PaceInputs['trouble'] = null;
  readonly #driving = new Map<string, Promise<void>>();

  readonly #due: DueLeads;

  constructor(private readonly parts: PumpParts) {
    this.#due = new DueLeads(parts.book, MOST_AT_ONCE);
  }

  /** One look. Answers when the next is due, null when something has to happen first. */
  async look(): Promise<number | null> {
    const { book, commit, now } = this.parts;
    if (book.row === null) return null;
    commit(() => {
      endsOfTime(book, this.parts.flow, now());
    });
    if (this.trouble !== null && this.trouble.until <= now()) this.trouble = null;
    await this.#see();
    const decided = commit(() => this.#begin(now()));
    this.driveAll();
    await this.#ask(now());
    return this.#next(decided, now());
  }

  /** Goes on with every attempt nobody goes on with. */
  driveAll(): void {
    for (const attempt of this.parts.book.attempts.open())
      if (attempt.state !== 'live') void this.drive(attempt.id);
  }

  /** Goes on with one attempt; resolves when it waits for its call, or could not go on now. */
  drive(id: string): Promise<void> {
    const running = this.#driving.get(id);
    if (running) return running;
    const work = driveAttempt(this.#driveParts(), id)
      .catch((error: unknown) => {
        console.warn(
          `campaign ${this.parts.book.campaignId}: attempt ${id} goes on later (${String(error)})`,
        );
        this.trouble = {
          code: 'guard_away',
          message: 'A part of the server could not be asked just now.',
          until: this.parts.now() + DRIVE_AGAIN_MS,
        };
      })
      .finally(() => {
        this.#driving.delete(id);
      });
    this.#driving.set(id, work);
    return work;
  }

  /**
   * Nothing begins from here on. Resolves when nothing is on its way out any more; `patience` ends that wait where
   * something never answers.
   */
  async halt(state: CampaignState, by: string, patience: Promise<unknown>): Promise<void> {
    const { book, flow, lines, commit, now } = this.parts;
    const unsent = book.attempts.open().filter((one) => one.state === 'checking' || one.state === 'starting');
    commit(() => {
      book.stand({ state, since: now(), by });
      for (const { id } of unsent) flow.apply(id, { type: 'withdrawn', reason: NOT_RUNNING }, now());
    });
    await Promise.all([
      ...unsent.map((attempt) => lines.release(attempt.id).catch(() => undefined)),
      Promise.race([Promise.all(this.#driving.values()), patience]),
    ]);
    // A phone that has not taken its command yet would begin the call later.
    const waiting = book.attempts.open().filter((one) => one.via === 'phone' && one.status !== 'connected');
    await Promise.all(waiting.map((attempt) => lines.withdrawCommand(attempt, by).catch(() => undefined)));
  }

  /** What the pace would be decided by right now. */
  inputs(now: number): PaceInputs {
    const { book } = this.parts;
    const { config } = book;
    const agents = book.agents.all();
    const sent = book.attempts.sentSince(now - MINUTE_MS);
    return {
      now,
      state: book.standing.state,
      config,
      tenantOpen: this.tenantOpen,
      live: book.attempts.openCount(),
      startedLastMinute: sent.count,
      oldestStart: sent.first,
      agents: { all: agents.length, ready: agents.filter(({ state }) => state === 'ready').length },
      slots: config.via === 'slot' ? (this.slots ?? { bridges: 0, connected: 0, online: 0, free: 0 }) : null,
      leads: this.#due.inputs(now),
      trouble: this.trouble,
    };
  }

  /** Leads that may be called now, the one whose turn it is first. */
  dueLeads(now: number, limit: number): Lead[] {
    return this.#due.next(now, limit);
  }

  /** Slots nobody has, not even an attempt that is about to take it. */
  freeSlots(): SlotsSeen['freeSlots'] {
    const taken = new Set(this.parts.book.attempts.open().map(({ bridgeId, slot }) => `${bridgeId}:${slot}`));
    return (this.slots?.freeSlots ?? []).filter(({ bridgeId, slot }) => !taken.has(`${bridgeId}:${slot}`));
  }

  /** Looks at the tenant and its slots, unless that was done a moment ago. */
  async refresh(): Promise<void> {
    if (this.slots !== null && this.parts.now() - this.slots.at < SLOTS_FRESH_MS) return;
    await this.#see();
  }

  async #see(): Promise<void> {
    const { book, lines, now } = this.parts;
    if (book.standing.state !== 'running') return;
    try {
      const tenant = await lines.tenant();
      this.tenantOpen = tenant !== null;
      if (tenant !== null && book.config.via === 'slot') this.slots = await lines.slots(tenant, now());
    } catch (error) {
      console.warn(`campaign ${book.campaignId}: what it dials with was not seen (${String(error)})`);
      const message = 'A part of the server could not be asked just now.';
      this.trouble = { code: 'guard_away', message, until: now() + DRIVE_AGAIN_MS };
    }
  }

  #begin(now: number): Plan {
    const { book } = this.parts;
    const inputs = this.inputs(now);
    const decided = plan(inputs);
    if (decided.start === 0) return decided;
    const pacing = pacingOf(inputs, this.slots?.at ?? null);
    const leads = this.dueLeads(now, Math.min(decided.start, MOST_AT_ONCE));
    const ready = book.agents
      .all()
      .filter(({ state }) => state === 'ready')
      .sort((a, b) => a.since - b.since);
    const free = this.freeSlots();
    for (const lead of leads) {
      const agent = book.config.agents_required ? (ready.shift() ?? null) : null;
      if (book.config.agents_required && agent === null) break;
      if (book.config.mode !== 'progressive') {
        if (agent !== null) this.offer(agent.userId, lead, now);
        continue;
      }
      const slot = book.config.via === 'slot' ? free.shift() : null;
      if (slot === undefined) break;
      this.parts.flow.begin(
        lead,
        { agent, bridgeId: slot?.bridgeId ?? null, slot: slot?.slot ?? null, pacing },
        now,
      );
    }
    return decided;
  }

  /** Shows an agent a lead that waits. */
  offer(userId: string, lead: Lead, now: number): void {
    const { book, flow } = this.parts;
    const agent = book.agents.byId(userId);
    if (agent === null) return;
    const { preview_seconds: seconds, mode } = book.config;
    flow.saveLead(lead, { state: 'offered', agentId: userId });
    const until = seconds > 0 && mode === 'preview' ? now + seconds * 1_000 : null;
    book.agents.save(moved(agent, 'offered', now, { leadId: lead.id, attemptId: null, wrapUp: null, until }));
  }

  /** Calls of which nothing was heard are asked about. */
  async #ask(now: number): Promise<void> {
    const { book, lines, flow, commit } = this.parts;
    for (const attempt of book.attempts.open()) {
      if (attempt.state !== 'live' || !this.#isSilent(attempt, now)) continue;
      try {
        const call = await lines.callOf(attempt);
        const isLost = call === null && now - (attempt.sentAt ?? attempt.createdAt) >= LOST_AFTER_MS;
        commit(() => {
          if (call !== null) flow.apply(attempt.id, { type: 'told', call }, now);
          else if (isLost) flow.apply(attempt.id, { type: 'lost', at: now }, now);
        });
      } catch (error) {
        console.warn(
          `campaign ${book.campaignId}: call ${attempt.callId} was not asked about (${String(error)})`,
        );
      }
    }
  }

  #isSilent(attempt: Attempt, now: number): boolean {
    const age = now - (attempt.sentAt ?? attempt.createdAt);
    return attempt.status === null ? age >= ASK_AFTER_MS : age >= LONGEST_CALL_MS;
  }

  #next(decided: Plan, now: number): number | null {
    const { book } = this.parts;
    const times: number[] = decided.wakeAt === null ? [] : [decided.wakeAt];
    for (const agent of book.agents.all()) {
      if (agent.until !== null) times.push(agent.until);
      if (agent.state === 'ready' || agent.state === 'offered') times.push(agent.seenAt + AWAY_MS);
    }
    for (const attempt of book.attempts.open()) {
      const age = attempt.sentAt ?? attempt.createdAt;
      if (attempt.state !== 'live') times.push(now + DRIVE_AGAIN_MS);
      else if (attempt.status === null) times.push(Math.max(age, now) + ASK_AFTER_MS);
      else times.push(age + LONGEST_CALL_MS);
    }
    const silent = book.imports.endSilent(now);
    if (silent !== null) times.push(silent);
    return times.length === 0 ? null : Math.max(Math.min(...times), now + 100);
  }

  #driveParts(): DriveParts {
    const { book, flow, lines, now, commit } = this.parts;
    return {
      now,
      load: (id) => book.attempts.byId(id),
      apply: (id, event) => {
        commit(() => flow.apply(id, event, now()));
        if (event.type === 'withdrawn' && isRefusal(event.reason))
          this.trouble = { code: 'refused', message: event.reason, until: now() + TROUBLE_MS };
      },
      forbidden: (attempt) => this.forbidden(attempt, now()),
      admit: (attempt) => lines.admit(attempt, book.campaignId, now()),
      release: (attempt) => lines.release(attempt.id),
      watch: (attempt) => lines.watch(attempt, book.campaignId, now()),
      prepare: (attempt) => lines.prepare(attempt, book.config.trunk),
      start: (attempt, again) => {
        const lead = book.leads.byId(attempt.leadId);
        const about = {
          contactId: lead?.contactId ?? null,
          companyId: lead?.companyId ?? null,
          note: lead?.note ?? null,
        };
        return lines.start(attempt, { trunk: book.config.trunk, lead: about }, again);
      },
    };
  }

  /** Why a call may not begin (any more). */
  forbidden(attempt: Attempt, now: number): string | null {
    const { book } = this.parts;
    if (!isOpenAttempt(attempt)) return 'over';
    if (book.standing.state !== 'running') return NOT_RUNNING;
    const { ends_at: ends, windows } = book.config;
    if (ends !== null && now >= Date.parse(ends)) return 'The campaign’s end is past.';
    const lead = book.leads.byId(attempt.leadId);
    if (lead === null) return 'The lead is gone.';
    return isOpen(windows, zonesIn(lead.zone), now) ? null : 'The lead’s calling window is over.';
  }
}

const NOT_RUNNING = 'The campaign does not run.';

/** A slot that somebody else took meanwhile is no trouble: another is taken. */
const isRefusal = (reason: string): boolean =>
  /^[A-Z_]+: /.test(reason) && !/^(SLOT_BUSY|FENCED): /.test(reason);
