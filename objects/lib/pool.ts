/** A loop that keeps several pieces of work under way at once, over injected parts: whoever is slow holds up nobody else. */
export interface PoolParts<T> {
  /** Takes what may start now, at most so many; what was taken is not offered again until its work is over. */
  start(free: number, underWay: number): T[];
  /** One piece of work. It keeps its own failures to itself: a throw is a fault, and ends the loop when the rest is over. */
  work(item: T): Promise<void>;
}

export interface PoolLimits {
  concurrency: number;
  /** Pieces in one run: the rest waits for the next one. */
  most: number;
}

export class Pool<T> {
  private readonly running = new Set<Promise<void>>();
  private current: Promise<void> | null = null;
  private wake: () => void = () => undefined;

  constructor(
    private readonly parts: PoolParts<T>,
    private readonly limits: PoolLimits,
  ) {}

  /** Something new may start: a run that is under way looks at once. */
  kick(): void {
    this.wake();
  }

  /** Ends when nothing more may start and nothing is under way. Whoever calls meanwhile waits for the same run. */
  run(): Promise<void> {
    this.wake();
    this.current ??= this.loop().finally(() => {
      this.current = null;
    });
    return this.current;
  }

  private async loop(): Promise<void> {
    let left = this.limits.most;
    const faults: unknown[] = [];
    for (;;) {
      const kicked = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      const free = Math.min(this.limits.concurrency - this.running.size, left);
      if (free > 0 && faults.length === 0) {
        for (const item of this.parts.start(free, this.running.size)) {
          left -= 1;
          const work = this.parts
            .work(item)
            .catch((error: unknown) => {
              faults.push(error);
            })
            .finally(() => this.running.delete(work));
          this.running.add(work);
        }
      }
      if (this.running.size === 0) break;
      await Promise.race([kicked, ...this.running]);
    }
    if (faults.length > 0) throw new Error('a piece of work failed', { cause: faults[0] });
  }
}
