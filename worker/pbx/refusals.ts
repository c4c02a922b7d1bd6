/** Counts events refused for their token and says so in the log, once a minute at most: the PBX never retries, nor tells anyone. */
const EVERY_MS = 60_000;

export class RefusalCount {
  private count = 0;
  private saidAt = -Infinity;

  constructor(private readonly say: (line: string) => void) {}

  add(now: number): void {
    this.count += 1;
    if (now - this.saidAt < EVERY_MS) return;
    this.say(`pbx: ${this.count} event(s) refused, their token is unknown`);
    this.saidAt = now;
    this.count = 0;
  }
}
