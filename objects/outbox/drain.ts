/** Draining an Outbox as a function over injected parts, so that every order of events can be tested without a runtime. */
import type { OutboxMessage } from './contract';
import { admit, afterAttempt, judge, type Breaker, type Outcome, type Verdict } from './machine';

export interface StoredMessage extends OutboxMessage {
  createdAt: number;
  /** Attempts begun so far. */
  attempts: number;
}

export interface DrainParts {
  now(): number;
  random: () => number;
  /** The first waiting message of each key that has one due, oldest first. */
  dueHeads(now: number, limit: number): StoredMessage[];
  /** Stores that an attempt starts, so that a crash in mid-delivery counts as one; false: it is no longer waiting. */
  begin(id: string, now: number): boolean;
  /** Stores what became of it. */
  settle(message: StoredMessage, verdict: Verdict, now: number): void;
  breaker(): Breaker;
  saveBreaker(breaker: Breaker): void;
  /** One attempt; a throw counts as a failure of the destination. */
  deliver(message: StoredMessage): Promise<Outcome>;
}

export interface DrainLimits {
  /** Deliveries at once, each of another key. */
  concurrency: number;
  /** Deliveries in one go: the rest waits for the next alarm. */
  most: number;
}

/**
 * Delivers what is due: keys side by side, each key in order, nothing while the breaker rests.
 * @returns how many attempts were made.
 */
export async function drain(parts: DrainParts, limits: DrainLimits): Promise<number> {
  let made = 0;
  while (made < limits.most) {
    const now = parts.now();
    const { breaker, slots } = admit(parts.breaker(), now, Math.min(limits.concurrency, limits.most - made));
    if (slots === 0) break;
    const batch = parts.dueHeads(now, slots).filter((message) => parts.begin(message.id, now));
    if (batch.length === 0) break;
    if (breaker !== parts.breaker()) parts.saveBreaker(breaker);
    made += batch.length;
    await Promise.all(batch.map((message) => attempt(parts, { ...message, attempts: message.attempts + 1 })));
  }
  return made;
}

async function attempt(parts: DrainParts, message: StoredMessage): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = await parts.deliver(message);
  } catch (error) {
    outcome = { kind: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
  const now = parts.now();
  parts.settle(message, judge(message, outcome, now, parts.random), now);
  parts.saveBreaker(afterAttempt(parts.breaker(), outcome, now, parts.random));
}
