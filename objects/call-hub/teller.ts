import type { Feed } from './feed';
import type { Told } from './seats';
import type { LiveSockets } from './sockets';

/** Heads follow a change at most this often; with no changes or no listeners there are none. */
const HEAD_MS = 25_000;

/**
 * Tells the sockets what was stored: in order, after it is durable, after whoever reported it has its answer, and a
 * batch at a time, since with thousands of sockets it takes tens of milliseconds in which others want answers too.
 * A socket that comes in between hears of a change twice and drops the second.
 */
export class Teller {
  private told: Told[] = [];
  private running: Promise<void> | null = null;
  private headAt: number | null = null;
  /** Not known after a sleep: then one head more is sent. */
  private headTold = -1;

  constructor(
    private readonly sockets: LiveSockets,
    private readonly feed: Feed,
    /** Resolves when everything written so far is on disk. */
    private readonly durable: () => Promise<void>,
  ) {}

  add(change: Told): void {
    this.told.push(change);
  }

  /** How many changes wait, to go back to with `rollback` when their transaction fails. */
  get mark(): number {
    return this.told.length;
  }

  rollback(mark: number): void {
    this.told.length = mark;
  }

  /** After a transaction: starts telling. Answers when heads are due, null when nobody listens or nothing changed. */
  tell(now: number): number | null {
    if (!this.sockets.listened) {
      this.told.length = 0;
      return null;
    }
    if (this.told.length === 0) return this.headAt;
    this.running ??= this.run();
    this.headAt ??= now + HEAD_MS;
    return this.headAt;
  }

  /** Sends the heads if they are due and anything changed since the last ones. Answers when they are due next. */
  async heads(now: number): Promise<number | null> {
    if (this.headAt !== null && this.headAt > now) return this.headAt;
    this.headAt = null;
    // A head that overtook a change would make its receiver take the change for seen.
    while (this.running) await this.running;
    if (this.headTold !== this.feed.head) this.sockets.heads(now);
    this.headTold = this.feed.head;
    return this.headAt;
  }

  private async run(): Promise<void> {
    try {
      await this.durable();
      for (let change = this.told.shift(); change; change = this.told.shift()) {
        for (const rest of this.sockets.broadcast(change)) if (rest > 0) await scheduler.wait(0);
      }
    } catch (error) {
      // A change that could not be told is a hole its receivers see with the next one, and then ask for.
      console.error('telling the live sockets', error);
    } finally {
      this.running = null;
    }
  }
}
