/** Telling what waits, as a loop over injected parts, so that every order of events can be tested without a runtime. */
import { admit, type Breaker } from '../lib/breaker';
import { giveBack, take, untilNext, type Bucket } from './bucket';
import type { CrmIntent } from '../call-hub/crm/contract';
import { breakerAfter, judge, type Outcome, type Verdict } from './machine';

export interface Waiting {
  id: string;
  /** Messages of one key go out one at a time, in their order. */
  key: string;
  intent: CrmIntent;
  createdAt: number;
  /** Attempts begun so far. */
  attempts: number;
  /** It failed together with others: it is tried by itself, so that it spoils nobody's delivery. */
  alone: boolean;
}

/** What became of an attempt; `note` is written together with the verdict. */
export interface Attempted {
  outcome: Outcome;
  note?: () => void;
}

export interface Settlement extends Attempted {
  message: Waiting;
  verdict: Verdict;
}

export interface PumpParts {
  now(): number;
  random: () => number;
  wait(ms: number): Promise<void>;
  /** Whether the CRM refuses us and nothing is to be sent. */
  held(): boolean;
  /** The first waiting message of each key, of those that are due. */
  dueHeads(now: number, limit: number): Waiting[];
  /** Stores that an attempt starts, so that a crash in mid-delivery counts as one; false: it waits no more. */
  begin(id: string, now: number): boolean;
  /** With how many messages in all this one may share a request; 1: with none. */
  together(message: Waiting): number;
  /** Stores what became of the messages of one request, together with their notes. */
  settle(settlements: Settlement[], now: number): void;
  breaker(): Breaker;
  saveBreaker(breaker: Breaker): void;
  bucket(): Bucket | null;
  saveBucket(bucket: Bucket): void;
  /** One request, for messages that may share it: what became of each, in their order. A throw is a failure of the CRM. */
  deliver(messages: Waiting[]): Promise<Attempted[]>;
}

export interface PumpLimits {
  /** Requests at once, each with messages of other keys. */
  concurrency: number;
  /** Requests in one go: the rest waits for the next alarm. */
  most: number;
  /** Requests the CRM allows in a second. */
  perSecond: number;
  /** Messages in one request, of those that may share one. */
  together: number;
}

export class Pump {
  private readonly running = new Set<Promise<void>>();
  private wake: () => void = () => undefined;
  /** Messages in one request, as far as the CRM has kept up with so many. */
  private most: number;

  constructor(
    private readonly parts: PumpParts,
    private readonly limits: PumpLimits,
  ) {
    this.most = limits.together;
  }

  /** Something new waits: a loop that is under way looks at once. */
  kick(): void {
    this.wake();
  }

  /**
   * Tells what is due: calls side by side, each in its order, within the CRM's budget, nothing while the breaker rests.
   * Answers when nothing is due any more.
   *
   * @returns how many requests were begun
   */
  async run(): Promise<number> {
    let made = 0;
    for (;;) {
      const kicked = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      const { started, waitMs } = this.start(this.limits.most - made);
      made += started;
      if (this.running.size === 0 && waitMs === null) return made;
      const others = waitMs === null ? [kicked] : [kicked, this.parts.wait(waitMs)];
      await Promise.race([...this.running, ...others]);
    }
  }

  /** Starts what may start now; `waitMs`: more is due, but the budget of this moment is spent. */
  private start(left: number): { started: number; waitMs: number | null } {
    const { parts, limits } = this;
    const nothing = { started: 0, waitMs: null };
    const now = parts.now();
    const free = Math.min(limits.concurrency - this.running.size, left);
    const breaker = parts.breaker();
    // A probe is one attempt alone.
    if (free <= 0 || parts.held() || (breaker.state !== 'closed' && this.running.size > 0)) return nothing;
    const admitted = admit(breaker, now, free);
    if (admitted.slots === 0) return nothing;
    const due = this.batches(now, admitted.slots, breaker.state === 'closed' ? this.most : 1);
    if (due.length === 0) return nothing;
    const { bucket, granted } = take(parts.bucket(), limits.perSecond, due.length, now);
    parts.saveBucket(bucket);
    const begun = due
      .slice(0, granted)
      .map((batch) => batch.filter((message) => parts.begin(message.id, now)))
      .filter((batch) => batch.length > 0);
    if (begun.length > 0 && admitted.breaker !== breaker) parts.saveBreaker(admitted.breaker);
    for (const batch of begun)
      this.launch(batch.map((message) => ({ ...message, attempts: message.attempts + 1 })));
    return {
      started: begun.length,
      waitMs: granted < due.length ? untilNext(bucket, limits.perSecond) : null,
    };
  }

  /**
   * What is due, as up to `slots` requests. Those that may share one do: a full one goes in the turn of its first message, one
   * that is not full only after whatever else is due, for meanwhile it fills.
   */
  private batches(now: number, slots: number, most: number): Waiting[][] {
    const { parts } = this;
    const batches: Waiting[][] = [];
    let filling: Waiting[] = [];
    for (const message of parts.dueHeads(now, slots * most)) {
      const room = message.alone ? 1 : Math.min(parts.together(message), most);
      if (room <= 1) {
        batches.push([message]);
        continue;
      }
      if (filling.length === 0) batches.push(filling);
      filling.push(message);
      if (filling.length >= room) filling = [];
    }
    const full = batches.filter((batch) => batch !== filling);
    return [...full, ...(filling.length > 0 ? [filling] : [])].slice(0, slots);
  }

  private launch(batch: Waiting[]): void {
    const attempt = this.attempt(batch).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }

  private async attempt(batch: Waiting[]): Promise<void> {
    const { parts, limits } = this;
    let attempted: Attempted[];
    try {
      attempted = await parts.deliver(batch);
      if (attempted.length !== batch.length) throw new Error('not every message has its outcome');
    } catch (error) {
      const outcome: Outcome = {
        kind: 'failed',
        error: error instanceof Error ? error.message : String(error),
      };
      attempted = batch.map(() => ({ outcome }));
    }
    const now = parts.now();
    // One moment for all of them: what waits together may go together again.
    const chance = parts.random();
    const settlements = batch.flatMap((message, at): Settlement[] => {
      const one = attempted[at];
      if (one === undefined) return [];
      return [{ message, ...one, verdict: judge(message, one.outcome, now, () => chance, batch.length) }];
    });
    parts.settle(settlements, now);
    const asked = attempted.find(({ outcome }) => outcome.kind !== 'skipped');
    if (asked === undefined) {
      const bucket = parts.bucket();
      // Nobody was asked: what is not told costs nothing of the budget.
      if (bucket !== null) parts.saveBucket(giveBack(bucket, limits.perSecond));
      return;
    }
    // A CRM that is slow with many is asked for fewer.
    if (asked.outcome.kind === 'failed') this.most = Math.max(1, Math.floor(this.most / 2));
    else if (asked.outcome.kind === 'delivered') this.most = Math.min(limits.together, this.most * 2);
    parts.saveBreaker(breakerAfter(parts.breaker(), asked.outcome, now, parts.random));
  }
}
