/** Intents on their way to the tenant's links: stored with the change they follow from, told until they are taken. */
import type { CrmBacklog, CrmIntent } from './contract';

const BATCH = 100;
/** A link that did not answer is asked again after this long, then twice as long, and so on. */
const AGAIN_MS = 1_000;
const AGAIN_AT_MOST_MS = 60_000;

type Row = { seq: number; body: string };

export class CrmOutbound {
  private waiting: boolean;
  private failures = 0;
  private nextAt = 0;
  private running: Promise<void> | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly tell: (family: string, intents: CrmIntent[]) => Promise<void>,
    private readonly now: () => number,
  ) {
    this.waiting = this.hasRows();
  }

  /** After a rolled back transaction. */
  reread(): void {
    this.waiting = this.hasRows();
  }

  /** Part of the caller's transaction. */
  add(families: readonly string[], intents: readonly CrmIntent[]): void {
    for (const intent of intents) {
      for (const family of families) {
        const body = JSON.stringify(intent);
        this.sql.exec(
          'INSERT INTO crm_outbound (family, at, body) VALUES (?, ?, ?)',
          family,
          intent.at,
          body,
        );
      }
    }
    this.waiting ||= intents.length > 0 && families.length > 0;
  }

  /** Whoever is no link any more is told nothing more. */
  keepOnly(families: readonly string[]): void {
    this.sql.exec(
      'DELETE FROM crm_outbound WHERE family NOT IN (SELECT value FROM json_each(?))',
      JSON.stringify(families),
    );
  }

  /** When `drain` has something to do; null when nothing waits. */
  get dueAt(): number | null {
    return this.waiting ? this.nextAt : null;
  }

  backlog(): CrmBacklog[] {
    const rows = this.sql.exec<{ family: string; waiting: number; oldestAt: number }>(
      'SELECT family, count(*) AS waiting, min(at) AS oldestAt FROM crm_outbound GROUP BY family',
    );
    return rows.toArray();
  }

  /** Tells what waits, each link in order; one that is away holds up no other. */
  drain(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** Something changed at the other end: it is asked again now. */
  hurry(): void {
    this.nextAt = 0;
    this.failures = 0;
  }

  private hasRows = (): boolean => this.sql.exec('SELECT 1 FROM crm_outbound LIMIT 1').toArray().length > 0;

  private async run(): Promise<void> {
    const families = this.backlog().map(({ family }) => family);
    const told = await Promise.all(families.map((family) => this.tellAll(family)));
    this.waiting = this.hasRows();
    this.failures = told.every(Boolean) ? 0 : this.failures + 1;
    this.nextAt =
      this.failures === 0 ? 0 : this.now() + Math.min(AGAIN_MS * 2 ** (this.failures - 1), AGAIN_AT_MOST_MS);
  }

  private async tellAll(family: string): Promise<boolean> {
    for (;;) {
      const rows = this.sql
        .exec<Row>('SELECT seq, body FROM crm_outbound WHERE family = ? ORDER BY seq LIMIT ?', family, BATCH)
        .toArray();
      const last = rows.at(-1);
      if (!last) return true;
      try {
        await this.tell(
          family,
          rows.map(({ body }) => JSON.parse(body) as CrmIntent),
        );
      } catch (error) {
        console.warn(
          `call hub: ${rows.length} intents not taken by ${family}, again later (${String(error)})`,
        );
        return false;
      }
      this.sql.exec('DELETE FROM crm_outbound WHERE family = ? AND seq <= ?', family, last.seq);
    }
  }
}
