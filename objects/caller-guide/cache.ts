/** What was found a moment ago, by key, and what is being looked for: whoever asks for the same waits for the same. */
export class Lookups<T> {
  private readonly found = new Map<string, { value: T; until: number }>();
  private readonly underWay = new Map<string, Promise<T>>();

  constructor(
    /** For how long a value may serve, milliseconds; 0: not at all. */
    private readonly lifeOf: (value: T) => number,
    private readonly now: () => number,
    private readonly most = 2_000,
  ) {}

  known(key: string): T | undefined {
    const entry = this.found.get(key);
    return entry !== undefined && entry.until > this.now() ? entry.value : undefined;
  }

  /** The known value, or the one `find` comes to; a failure is everybody's who waits for it, and not kept. */
  get(key: string, find: () => Promise<T>): Promise<T> {
    const known = this.known(key);
    if (known !== undefined) return Promise.resolve(known);
    const running = this.underWay.get(key);
    if (running !== undefined) return running;
    const begun = find()
      .then((value) => {
        // Forgotten meanwhile: it was found by what counts no more.
        if (this.underWay.get(key) === begun) this.keep(key, value);
        return value;
      })
      .finally(() => {
        if (this.underWay.get(key) === begun) this.underWay.delete(key);
      });
    this.underWay.set(key, begun);
    return begun;
  }

  forget(): void {
    this.found.clear();
    this.underWay.clear();
  }

  private keep(key: string, value: T): void {
    const life = this.lifeOf(value);
    if (life <= 0) return;
    this.found.delete(key);
    const oldest = this.found.size >= this.most ? this.found.keys().next() : null;
    if (oldest !== null && oldest.done !== true) this.found.delete(oldest.value);
    this.found.set(key, { value, until: this.now() + life });
  }
}
