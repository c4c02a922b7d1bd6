import type { LogEntry } from './contract';

/** Entries told at once; of more, the newest: a client finds the hole by their numbers and reads what is between. */
const MOST = 200;

export interface TellerParts {
  /** Newest entry that was told. */
  told(): number;
  setTold(id: number): void;
  last(): number;
  since(id: number, limit: number): LogEntry[];
  /** At-least-once: entries carry their numbers. */
  send(entries: LogEntry[]): Promise<void>;
  /** Try again later. */
  later(): void;
}

/** Tells the tenant's live sockets of new entries of the log, in order, one message under way at a time. */
export class Teller {
  #telling = false;

  constructor(private readonly parts: TellerParts) {}

  async tell(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    const { parts } = this;
    try {
      while (parts.told() < parts.last()) {
        const from = Math.max(parts.told(), parts.last() - MOST);
        const entries = parts.since(from, MOST);
        const newest = entries.at(-1)?.id ?? parts.last();
        if (entries.length > 0) await parts.send(entries);
        parts.setTold(newest);
      }
    } catch (error) {
      console.warn(`pipelines: the live feed was not reached (${String(error)})`);
      parts.later();
    } finally {
      this.#telling = false;
    }
  }
}
