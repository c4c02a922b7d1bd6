/** Everything an OperatorDesk keeps; the only place with its SQL. */
import { CLOSED, type Breaker } from '../lib/breaker';
import type { AnswerCount, DeskOperator, DeskSettings, QueueView, TimelineQuery } from './contract';
import { differs, type Segment, type Standing } from './machine';

export type Desired = NonNullable<QueueView['desired']>;
export type SeenStanding = NonNullable<QueueView['seen']>;

export interface Position {
  queue: string;
  desired: Desired | null;
  seen: SeenStanding | null;
}

/** A pause that a rule asked for and telephony has not done yet. */
export interface Act {
  id: string;
  uuid: string;
  queue: string;
  bridgeId: string;
  pbx: string;
  extension: string;
  reason: string;
  tries: number;
}

const DEFAULTS: DeskSettings = { bridgeId: null, pbx: null, pauseAfterMissed: 0 };

type OperatorRow = Omit<DeskOperator, 'queues'> & { queues: string; missed: number };

const OPERATOR = 'SELECT uuid, name, user_id AS userId, extension, queues, missed FROM operators';
type PositionRow = { queue: string; desired: string | null; seen: string | null };
type SegmentRow = Omit<Segment, 'state' | 'cause'> & { uuid: string; state: string; cause: string };

export interface KnownOperator extends DeskOperator {
  missed: number;
}

const operatorOf = ({ queues, ...row }: OperatorRow): KnownOperator => ({
  ...row,
  queues: JSON.parse(queues) as string[],
});

const seenOf = (seen: string | null): SeenStanding | null =>
  seen === null ? null : (JSON.parse(seen) as SeenStanding);

const positionOf = ({ queue, desired, seen }: PositionRow): Position => ({
  queue,
  desired: desired === null ? null : (JSON.parse(desired) as Desired),
  seen: seenOf(seen),
});

const segmentOf = ({ uuid: _uuid, ...row }: SegmentRow): Segment => row as Segment;

export class DeskStore {
  constructor(private readonly sql: SqlStorage) {}

  settings(): DeskSettings {
    return (this.#read('settings') as DeskSettings | null) ?? DEFAULTS;
  }

  configure(settings: DeskSettings): void {
    this.#write('settings', settings);
  }

  /** The tenant, kept at the first call: an alarm's wake need not carry the object's name. */
  tenant(name: string | undefined): string {
    const known = this.#read('tenant') as string | null;
    if (known !== null || name === undefined) return known ?? '';
    this.#write('tenant', name);
    return name;
  }

  /** Number of the newest event of a bridge's journal that is stored. */
  journal(bridgeId: string, journal: string): number {
    const known = this.#read(`journal:${bridgeId}`) as { id: string; seq: number } | null;
    return known?.id === journal ? known.seq : 0;
  }

  stored(bridgeId: string, journal: string, seq: number): void {
    this.#write(`journal:${bridgeId}`, { id: journal, seq });
  }

  breaker(): Breaker {
    return (this.#read('breaker') as Breaker | null) ?? CLOSED;
  }

  saveBreaker(breaker: Breaker): void {
    this.#write('breaker', breaker);
  }

  countAnswer(endpoint: string, status: number, now: number): void {
    this.sql.exec(
      `INSERT INTO answers VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET count = count + 1, last_at = excluded.last_at`,
      endpoint,
      status,
      now,
    );
  }

  answers(): AnswerCount[] {
    return this.sql
      .exec<{ endpoint: string; status: number; count: number; lastAt: number }>(
        'SELECT endpoint, status, count, last_at AS lastAt FROM answers ORDER BY endpoint, status',
      )
      .toArray();
  }

  /** Whether that is anything new. */
  put({ uuid, name, userId, extension, queues }: DeskOperator): boolean {
    const known = this.operator(uuid);
    const isSame =
      known?.name === name &&
      known.userId === userId &&
      known.extension === extension &&
      known.queues.join() === queues.join();
    if (isSame) return false;
    this.sql.exec(
      `INSERT INTO operators (uuid, name, user_id, extension, queues) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (uuid) DO UPDATE SET
       name = excluded.name, user_id = excluded.user_id, extension = excluded.extension, queues = excluded.queues`,
      uuid,
      name,
      userId,
      extension,
      JSON.stringify(queues),
    );
    return true;
  }

  /** The time-line stays: it is history. */
  remove(uuid: string): void {
    this.sql.exec('DELETE FROM operators WHERE uuid = ?', uuid);
    this.sql.exec('DELETE FROM standings WHERE uuid = ?', uuid);
    this.sql.exec('DELETE FROM acts WHERE uuid = ?', uuid);
  }

  operator(uuid: string): KnownOperator | null {
    const [row] = this.sql.exec<OperatorRow>(`${OPERATOR} WHERE uuid = ?`, uuid).toArray();
    return row === undefined ? null : operatorOf(row);
  }

  byExtension(extension: string): KnownOperator | null {
    const [row] = this.sql.exec<OperatorRow>(`${OPERATOR} WHERE extension = ?`, extension).toArray();
    return row === undefined ? null : operatorOf(row);
  }

  operators(): KnownOperator[] {
    return this.sql.exec<OperatorRow>(`${OPERATOR} ORDER BY uuid`).toArray().map(operatorOf);
  }

  missed(uuid: string, missed: number): void {
    this.sql.exec('UPDATE operators SET missed = ? WHERE uuid = ?', missed, uuid);
  }

  positions(uuid: string): Position[] {
    return this.sql
      .exec<PositionRow>('SELECT queue, desired, seen FROM standings WHERE uuid = ? ORDER BY queue', uuid)
      .toArray()
      .map(positionOf);
  }

  /** Everybody who stands in a queue, by somebody's word. */
  standing(queue: string): { operator: KnownOperator; seen: SeenStanding | null }[] {
    return this.sql
      .exec<OperatorRow & { seen: string | null }>(
        `SELECT o.uuid, o.name, o.user_id AS userId, o.extension, o.queues, o.missed, s.seen
         FROM standings s JOIN operators o ON o.uuid = s.uuid WHERE s.queue = ? ORDER BY o.uuid`,
        queue,
      )
      .toArray()
      .map(({ seen, ...row }) => ({ operator: operatorOf(row), seen: seenOf(seen) }));
  }

  desire(uuid: string, queue: string, desired: Desired): void {
    this.sql.exec(
      `INSERT INTO standings (uuid, queue, desired) VALUES (?, ?, ?)
       ON CONFLICT (uuid, queue) DO UPDATE SET desired = excluded.desired`,
      uuid,
      queue,
      JSON.stringify(desired),
    );
  }

  see(uuid: string, queue: string, seen: SeenStanding): void {
    this.sql.exec(
      `INSERT INTO standings (uuid, queue, seen) VALUES (?, ?, ?)
       ON CONFLICT (uuid, queue) DO UPDATE SET seen = excluded.seen`,
      uuid,
      queue,
      JSON.stringify(seen),
    );
  }

  openSegment(uuid: string): Segment | null {
    const [row] = this.sql
      .exec<SegmentRow>(
        'SELECT uuid, "from", "to", state, reason, cause, actor FROM segments WHERE uuid = ? AND "to" IS NULL',
        uuid,
      )
      .toArray();
    return row === undefined ? null : segmentOf(row);
  }

  changeSegment(uuid: string, ended: Segment | null, begun: Segment): void {
    if (ended !== null)
      this.sql.exec('UPDATE segments SET "to" = ? WHERE uuid = ? AND "to" IS NULL', ended.to, uuid);
    this.sql.exec(
      `INSERT INTO segments (uuid, "from", n, "to", state, reason, cause, actor)
       VALUES (?1, ?2, (SELECT count(*) FROM segments WHERE uuid = ?1 AND "from" = ?2), NULL, ?3, ?4, ?5, ?6)`,
      uuid,
      begun.from,
      begun.state,
      begun.reason,
      begun.cause,
      begun.actor,
    );
  }

  /** Those that touch a time, by operator, oldest first. */
  segments({
    uuid,
    from,
    to,
    after = '',
    most = -1,
  }: TimelineQuery): { uuid: string; segments: Segment[] }[] {
    const rows = this.sql.exec<SegmentRow>(
      `WITH touching AS (
         SELECT * FROM segments
         WHERE (?1 IS NULL OR uuid = ?1) AND uuid > ?4 AND "from" < ?3 AND ("to" IS NULL OR "to" > ?2)
       )
       SELECT uuid, "from", "to", state, reason, cause, actor FROM touching
       WHERE uuid IN (SELECT DISTINCT uuid FROM touching ORDER BY uuid LIMIT ?5)
       ORDER BY uuid, "from", n`,
      uuid ?? null,
      from,
      to,
      after,
      most,
    );
    const found = new Map<string, Segment[]>();
    for (const row of rows) {
      const list = found.get(row.uuid) ?? [];
      found.set(row.uuid, list);
      list.push(segmentOf(row));
    }
    return [...found].map(([uuid, segments]) => ({ uuid, segments }));
  }

  prune(before: number): void {
    this.sql.exec('DELETE FROM segments WHERE "to" < ?', before);
  }

  act({ id, uuid, queue, bridgeId, pbx, extension, reason }: Omit<Act, 'tries'>): void {
    this.sql.exec(
      'INSERT OR IGNORE INTO acts (id, uuid, queue, bridge_id, pbx, extension, reason) VALUES (?, ?, ?, ?, ?, ?, ?)',
      id,
      uuid,
      queue,
      bridgeId,
      pbx,
      extension,
      reason,
    );
  }

  acts(): Act[] {
    return this.sql
      .exec<Record<string, string | number>>(
        'SELECT id, uuid, queue, bridge_id AS bridgeId, pbx, extension, reason, tries FROM acts',
      )
      .toArray() as unknown as Act[];
  }

  acted(id: string): void {
    this.sql.exec('DELETE FROM acts WHERE id = ?', id);
  }

  triedAct(id: string): void {
    this.sql.exec('UPDATE acts SET tries = tries + 1 WHERE id = ?', id);
  }

  #read(key: string): unknown {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray();
    return row === undefined ? null : JSON.parse(row.value);
  }

  #write(key: string, value: unknown): void {
    this.sql.exec('INSERT OR REPLACE INTO meta VALUES (?, ?)', key, JSON.stringify(value));
  }
}

const plain = ({ connected, paused, priority, reason }: Standing): Standing => ({
  connected,
  paused,
  priority,
  reason,
});

/** A position as it is shown. */
export const queueView = ({ queue, desired, seen }: Position): QueueView => ({
  queue,
  desired,
  seen,
  drift: differs(desired && plain(desired), seen && plain(seen)),
});
