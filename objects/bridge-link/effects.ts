import type { BridgeVerb } from '../../bridge/protocol/verbs';
import type { LinkAnswer } from './contract';

/** A command with an effect, as it was written before it was sent. */
export interface EffectRow {
  id: string;
  verb: BridgeVerb;
  /** JSON. */
  args: string;
  by: string;
  tag: string | null;
  askedAt: number;
  deadline: number;
  answer: LinkAnswer | null;
}

type EffectColumns = {
  id: string;
  verb: string;
  args: string;
  by: string;
  tag: string | null;
  asked_at: number;
  deadline: number;
  answer: string | null;
};

const COLUMNS = 'id, verb, args, by, tag, asked_at, deadline, answer';

const toRow = (row: EffectColumns): EffectRow => ({
  id: row.id,
  // Nothing else is ever written here.
  verb: row.verb as BridgeVerb,
  args: row.args,
  by: row.by,
  tag: row.tag,
  askedAt: row.asked_at,
  deadline: row.deadline,
  answer: row.answer === null ? null : (JSON.parse(row.answer) as LinkAnswer),
});

/** Commands with an effect: open ones are sent again after a break, done ones answer a caller that asks again. */
export class EffectStore {
  constructor(private readonly sql: SqlStorage) {}

  get(id: string): EffectRow | null {
    const [row] = this.sql.exec<EffectColumns>(`SELECT ${COLUMNS} FROM effects WHERE id = ?`, id).toArray();
    return row === undefined ? null : toRow(row);
  }

  /** In the order they were asked. */
  open(): EffectRow[] {
    return this.sql
      .exec<EffectColumns>(`SELECT ${COLUMNS} FROM effects WHERE answer IS NULL ORDER BY asked_at, id`)
      .toArray()
      .map(toRow);
  }

  add(row: Omit<EffectRow, 'answer'>): void {
    this.sql.exec(
      'INSERT INTO effects (id, verb, args, by, tag, asked_at, deadline) VALUES (?, ?, ?, ?, ?, ?, ?)',
      row.id,
      row.verb,
      row.args,
      row.by,
      row.tag,
      row.askedAt,
      row.deadline,
    );
  }

  /** The first answer is the one that counts. Answers whether this was it. */
  end(id: string, answer: LinkAnswer, now: number): boolean {
    const changed = this.sql.exec(
      'UPDATE effects SET answer = ?, ended_at = ? WHERE id = ? AND answer IS NULL',
      JSON.stringify(answer),
      now,
      id,
    );
    return changed.rowsWritten > 0;
  }

  /** What came of a command after its deadline, for callers that ask again. */
  replace(id: string, answer: LinkAnswer): void {
    this.sql.exec('UPDATE effects SET answer = ? WHERE id = ?', JSON.stringify(answer), id);
  }

  forget(endedBefore: number): void {
    this.sql.exec('DELETE FROM effects WHERE ended_at < ?', endedBefore);
  }
}
