/** Most that is done in one transaction. */
const MOST = 50;

interface Waiting {
  work(): unknown;
  done(result: unknown): void;
  fail(error: unknown): void;
}

/**
 * Work that came while the object was busy, done in one transaction: a durable write costs much the same for one message
 * and for ten. Each is answered by itself, and one that throws takes none of the others with it.
 */
export class Together {
  #waiting: Waiting[] = [];

  constructor(
    /** Does work in a transaction of its own. */
    private readonly commit: <T>(work: () => T) => T,
    /** Runs something as soon as what has come by now is here. */
    private readonly soon: (run: () => void) => void,
  ) {}

  do<T>(work: () => T): Promise<T> {
    return new Promise<T>((done, fail) => {
      this.#waiting.push({ work, done, fail });
      if (this.#waiting.length === 1) this.soon(() => this.#run());
    });
  }

  #run(): void {
    const taken = this.#waiting.slice(0, MOST);
    this.#waiting = this.#waiting.slice(MOST);
    if (this.#waiting.length > 0) this.soon(() => this.#run());
    try {
      const results = this.commit(() => taken.map(({ work }) => work()));
      for (const [at, { done }] of taken.entries()) done(results[at]);
    } catch (error) {
      if (taken.length === 1) taken[0]?.fail(error);
      else for (const one of taken) this.#alone(one);
    }
  }

  #alone({ work, done, fail }: Waiting): void {
    try {
      done(this.commit(work));
    } catch (error) {
      fail(error);
    }
  }
}
