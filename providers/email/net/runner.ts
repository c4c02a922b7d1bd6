import type { Log } from '../log.ts';
import { reasonOf } from '../log.ts';

/** Waits after the first failure, the second …; the last one counts for all that follow. Milliseconds. */
const WAITS = [1, 2, 5, 10, 30, 60, 120, 300].map((seconds) => seconds * 1_000);
/** A rest after a fault of our own, so that it does not spin. */
const FAULT_REST_MS = 5_000;

/** @param attempt 1 for the first failure */
export function backoff(attempt: number, random: () => number, atLeastMs = 0): number {
  const most = WAITS[Math.min(attempt, WAITS.length) - 1] ?? 0;
  return Math.ceil(Math.max(most / 2 + (random() * most) / 2, atLeastMs));
}

export interface RunnerParts<T> {
  name: string;
  /** At work at once. */
  most: number;
  laneOf(item: T): string;
  /** What may be done now, at most `free` and of no lane that is busy. */
  due(busy: ReadonlySet<string>, free: number): T[];
  /** When there is something to do next. */
  nextAt(): number | null;
  /** Must store what became of it: what is due still is done again. */
  work(item: T): Promise<void>;
  now(): number;
  log: Log;
}

/** Does what is due, lanes side by side and each in its order; looks again when kicked and when the next thing is due. */
export class Runner<T> {
  readonly #parts: RunnerParts<T>;
  readonly #busy = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: RunnerParts<T>) {
    this.#parts = parts;
  }

  kick(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const { most, due, laneOf, nextAt, now } = this.#parts;
    try {
      const free = most - this.#busy.size;
      for (const item of free > 0 ? due(new Set(this.#busy.keys()), free) : [])
        this.#busy.set(laneOf(item), this.#run(item));
      const at = nextAt();
      // What is due already waits for a lane or a place, and whoever leaves one kicks.
      if (at !== null && at > now()) this.#wakeIn(at - now());
    } catch (error) {
      this.#fault(error);
    }
  }

  /** What is at work comes to its end; nothing new is begun. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#busy.values());
  }

  async #run(item: T): Promise<void> {
    const lane = this.#parts.laneOf(item);
    // So that the lane is in `#busy` before it can leave it.
    await Promise.resolve();
    let failed = false;
    try {
      await this.#parts.work(item);
    } catch (error) {
      failed = true;
      this.#fault(error);
    }
    this.#busy.delete(lane);
    if (!failed) this.kick();
  }

  #fault(error: unknown): void {
    const { log, name } = this.#parts;
    log.error(`${name}: a fault of our own`, { error: reasonOf(error) });
    if (!this.#stopped) this.#wakeIn(FAULT_REST_MS);
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.kick(), Math.min(ms, 60_000));
  }
}
