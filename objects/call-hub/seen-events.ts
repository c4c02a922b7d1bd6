/** How far behind its journal's newest an event may come: more than a bridge ever has on the way at once. */
const WINDOW = 2_048;
/** Journals are made anew when a bridge loses its disk; the oldest are forgotten. */
const JOURNALS_KEPT = 200;

/**
 * Which events of which journal were taken in already. A bridge sends again what was not acknowledged, never anything
 * older than that, so the newest numbers of each journal are enough: nothing here grows with the history.
 */
export class SeenEvents {
  constructor(private readonly sql: SqlStorage) {}

  /** False when the event is known already. */
  keep(journal: string, seq: number, now: number): boolean {
    const [row] = this.sql
      .exec<{ head: number }>('SELECT head FROM bridge_journals WHERE journal = ?', journal)
      .toArray();
    if (row && seq <= row.head - WINDOW) return false;
    const written = this.sql.exec(
      'INSERT OR IGNORE INTO bridge_events VALUES (?, ?)',
      journal,
      seq,
    ).rowsWritten;
    if (written === 0) return false;
    if (!row || seq > row.head) this.advance(journal, seq, now, row === undefined);
    return true;
  }

  private advance(journal: string, head: number, now: number, fresh: boolean): void {
    this.sql.exec(
      'INSERT INTO bridge_journals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET head = excluded.head, at = excluded.at',
      journal,
      head,
      now,
    );
    this.sql.exec('DELETE FROM bridge_events WHERE journal = ? AND seq <= ?', journal, head - WINDOW);
    if (!fresh) return;
    const old = `SELECT journal FROM bridge_journals ORDER BY at DESC, journal LIMIT -1 OFFSET ${JOURNALS_KEPT}`;
    this.sql.exec(`DELETE FROM bridge_events WHERE journal IN (${old})`);
    this.sql.exec(`DELETE FROM bridge_journals WHERE journal IN (${old})`);
  }
}
