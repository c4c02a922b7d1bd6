/** Telling what waits, as a loop over injected parts, so that every order of events can be tested without a runtime. */
import { admit, type Breaker } from '../lib/breaker';
import { take, untilNext, type Bucket } from './bucket';
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
}

/** What became of an attempt; `note` is written together with the verdict. */
export interface Attempted {
  outcome: Outcome;
  note?: () => void;
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
  /** Stores what became of it, together with the attempt's note. */
  settle(message: Waiting, verdict: Verdict, attempted: Attempted, now: number): void;
  breaker(): Breaker;
  saveBreaker(breaker: Breaker): void;
  bucket(): Bucket | null;
  saveBucket(bucket: Bucket): void;
  /** One attempt; a throw counts as a failure of the CRM. */
  deliver(message: Waiting): Promise<Attempted>;
}

export interface PumpLimits {
  /** Deliveries at once, each of another key. */
  concurrency: number;
  /** Deliveries in one go: the rest waits for the next alarm. */
  most: number;
  /** Requests the CRM allows in a second. */
  perSecond: number;
}

export class Pump {
  private readonly running = new Set<Promise<void>>();
  private wake: () => void = () => undefined;

  constructor(
    private readonly parts: PumpParts,
    private readonly limits: PumpLimits,
  ) {}

  /** Something new waits: a loop that is under way looks at once. */
  kick(): void {
    this.wake();
  }

  /**
   * Tells what is due: calls side by side, each in its order, within the CRM's budget, nothing while the breaker rests.
   * Answers when nothing is due any more.
   *
   * @returns how many attempts were made
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
    const due = parts.dueHeads(now, admitted.slots);
    if (due.length === 0) return nothing;
    const { bucket, granted } = take(parts.bucket(), limits.perSecond, due.length, now);
    parts.saveBucket(bucket);
    const begun = due.slice(0, granted).filter((message) => parts.begin(message.id, now));
    if (begun.length > 0 && admitted.breaker !== breaker) parts.saveBreaker(admitted.breaker);
    for (const message of begun) this.launch({ ...message, attempts: message.attempts + 1 });
    return {
      started: begun.length,
      waitMs: granted < due.length ? untilNext(bucket, limits.perSecond) : null,
    };
  }

  private launch(message: Waiting): void {
    const attempt = this.attempt(message).finally(() => this.running.delete(attempt));
    this.running.add(attempt);
  }

  private async attempt(message: Waiting): Promise<void> {
    const { parts } = this;
    let attempted: Attempted;
    try {
      attempted = await parts.deliver(message);
    } catch (error) {
      attempted = {
        outcome: { kind: 'failed', error: error instanceof Error ? error.message : String(error) },
      };
    }
    const now = parts.now();
    parts.settle(message, judge(message, attempted.outcome, now, parts.random), attempted, now);
    parts.saveBreaker(breakerAfter(parts.breaker(), attempted.outcome, now, parts.random));
  }
}
