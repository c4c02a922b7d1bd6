import type { DeliveriesPage, DeliveryFilter, DeliveryView } from './contract';
import { ATTEMPT_LEASE_MS, FAREWELLS, type LaneName } from './machine';
import { NewsRows } from './news-rows';

/** Settled ids are remembered this long: the Inbox may repeat itself after its own restart. */
const REMEMBER_MS = 7 * 24 * 3_600_000;
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const MOST_DEAD = 5_000;
const MOST_WAITING = 50_000;

export interface NewDelivery {
  id: string;
  lane: LaneName;
  kind: string;
  /** Deliveries of one key go out one at a time, in their order. */
  key: string;
  payload: unknown;
  /** The key it travels under, where that is not its id. */
  sentAs?: string | null | undefined;
}

export interface StoredDelivery extends NewDelivery {
  createdAt: number;
  /** Attempts begun, with the one under way. */
  attempts: number;
  /** Whether the provider may have it already, under the same key. */
  repeated: boolean;
}

type Row = {
  seq: number;
  id: string;
  lane: string;
  kind: string;
  key: string;
  payload: string;
  created_at: number;
  attempts: number;
  next_at: number;
  error: string | null;
  dead_at: number | null;
  tried: number;
  sent_as: string | null;
};

/** Deliveries and news of a link; the only place with their SQL. Each change runs inside the caller's transaction. */
export class LinkStore extends NewsRows {
  add(delivery: NewDelivery, now: number): boolean {
    const known = this.sql.exec(
      'SELECT 1 FROM deliveries WHERE id = ?1 UNION ALL SELECT 1 FROM settled WHERE id = ?1',
      delivery.id,
    );
    if (known.toArray().length > 0) return false;
    const { payload, sentAs = null } = delivery;
    this.#insert({ ...delivery, payload: JSON.stringify(payload), tried: 0, sent_as: sentAs }, now);
    return true;
  }

  get isFull(): boolean {
    const { n } = this.sql
      .exec<{ n: number }>(
        `SELECT count(*) AS n FROM (
           SELECT 1 FROM deliveries WHERE dead_at IS NULL AND lane = 'calls' LIMIT ${MOST_WAITING}
         )`,
      )
      .one();
    return n >= MOST_WAITING;
  }

  /** The first waiting delivery of each key, of those that are due; with `farewells`, only the words of good-bye. */
  dueHeads(lane: LaneName, now: number, limit: number, farewells: boolean): StoredDelivery[] {
    return this.sql
      .exec<Row>(
        `SELECT * FROM deliveries WHERE lane = ? AND head = 1 AND next_at <= ? ${only(farewells)}
         ORDER BY next_at LIMIT ?`,
        lane,
        now,
        limit,
      )
      .toArray()
      .map(deliveryOf);
  }

  /** When the next one is due; null when none waits. */
  nextAt(lane: LaneName, farewells: boolean): number | null {
    const [row] = this.sql
      .exec<{ at: number | null }>(
        `SELECT min(next_at) AS at FROM deliveries WHERE lane = ? AND head = 1 ${only(farewells)}`,
        lane,
      )
      .toArray();
    return row?.at ?? null;
  }

  get saysGoodBye(): boolean {
    const rows = this.sql.exec(
      `SELECT 1 FROM deliveries WHERE dead_at IS NULL AND kind IN (${FAREWELL_LIST}) LIMIT 1`,
    );
    return rows.toArray().length > 0;
  }

  /** Stores that an attempt starts; null: it waits no more. */
  begin(id: string, now: number): StoredDelivery | null {
    const [row] = this.sql
      .exec<Row>(
        'UPDATE deliveries SET attempts = attempts + 1, next_at = ? WHERE id = ? AND dead_at IS NULL RETURNING *',
        now + ATTEMPT_LEASE_MS,
        id,
      )
      .toArray();
    return row === undefined ? null : deliveryOf(row);
  }

  /** False when it was there no more: stopped meanwhile. */
  retry(id: string, at: number, error: string): boolean {
    const rows = this.sql.exec(
      'UPDATE deliveries SET next_at = ?, error = ? WHERE id = ? AND dead_at IS NULL RETURNING seq',
      at,
      error,
      id,
    );
    return rows.toArray().length > 0;
  }

  /** As `retry`. */
  die(id: string, error: string, now: number): boolean {
    const [row] = this.sql
      .exec<Place>(
        'UPDATE deliveries SET dead_at = ?, error = ?, head = 0 WHERE id = ? AND dead_at IS NULL RETURNING lane, key',
        now,
        error,
        id,
      )
      .toArray();
    if (row !== undefined) this.#promote(row);
    return row !== undefined;
  }

  /** Of whatever became of it meanwhile: who has it has it. False when it was there no more: stopped and dropped. */
  done(id: string, now: number): boolean {
    this.sql.exec('INSERT OR REPLACE INTO settled (id, at) VALUES (?, ?)', id, now);
    return this.#remove(id);
  }

  /** Takes away what waits and is of these kinds, besides those under way. */
  drop(kinds: readonly string[], underWay: ReadonlySet<string>): void {
    for (const { id } of this.waitingOf(kinds)) if (!underWay.has(id)) this.#remove(id);
  }

  /** Deliveries that wait and are of these kinds, in their order. */
  waitingOf(kinds: readonly string[]): StoredDelivery[] {
    return this.sql
      .exec<Row>(
        'SELECT * FROM deliveries WHERE dead_at IS NULL AND kind IN (SELECT value FROM json_each(?)) ORDER BY seq',
        JSON.stringify(kinds),
      )
      .toArray()
      .map(deliveryOf);
  }

  dropLane(lane: LaneName): void {
    this.sql.exec('DELETE FROM deliveries WHERE lane = ?', lane);
  }

  waiting(lane: LaneName): { waiting: number; oldestWaitingAt: number | null; dead: number } {
    const row = this.sql
      .exec<{ waiting: number; dead: number; oldest: number | null }>(
        `SELECT count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
           min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest FROM deliveries WHERE lane = ?`,
        lane,
      )
      .one();
    return { waiting: row.waiting, oldestWaitingAt: row.oldest, dead: row.dead };
  }

  /** Newest first, older than `before` (a `seq`). */
  page({ state, kind, text }: DeliveryFilter, before: number | null, limit: number): DeliveriesPage {
    const rows = this.sql
      .exec<Row>(
        `SELECT * FROM deliveries WHERE dead_at IS ${state === 'dead' ? 'NOT ' : ''}NULL AND seq < ?1
           AND (?2 IS NULL OR kind = ?2)
           AND (?3 IS NULL OR instr(lower(id || ' ' || key || ' ' || coalesce(error, '')), lower(?3)) > 0)
         ORDER BY seq DESC LIMIT ?4`,
        before ?? Number.MAX_SAFE_INTEGER,
        kind ?? null,
        text ?? null,
        limit + 1,
      )
      .toArray();
    return {
      items: rows.slice(0, limit).map(viewOf),
      next: rows.length > limit ? String(rows[limit - 1]?.seq) : null,
    };
  }

  /** Dead letters wait again, at the end of their keys' queues and with a life of their own. */
  replay(ids: readonly string[] | undefined, kinds: readonly string[] | null, now: number): string[] {
    const rows = this.#deadRows(ids).filter(({ kind }) => kinds === null || kinds.includes(kind));
    for (const row of rows) {
      this.sql.exec('DELETE FROM deliveries WHERE seq = ?', row.seq);
      this.#insert({ ...row, tried: row.tried + row.attempts }, now);
    }
    return rows.map(({ id }) => id);
  }

  discard(ids: readonly string[] | undefined, now: number): number {
    const rows = this.#deadRows(ids);
    for (const { id } of rows) this.done(id, now);
    return rows.length;
  }

  /** What waits is due now. */
  hurry(lane: LaneName, now: number): void {
    this.sql.exec(
      'UPDATE deliveries SET next_at = ?1 WHERE dead_at IS NULL AND lane = ?2 AND next_at > ?1',
      now,
      lane,
    );
  }

  /** Forgets what is too old to matter. */
  prune(now: number): void {
    this.sql.exec('DELETE FROM settled WHERE at < ?', now - REMEMBER_MS);
    this.sql.exec('DELETE FROM deliveries WHERE dead_at < ?', now - KEEP_DEAD_MS);
    this.sql.exec(
      `DELETE FROM deliveries WHERE dead_at IS NOT NULL AND seq <=
         (SELECT seq FROM deliveries WHERE dead_at IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      MOST_DEAD,
    );
  }

  #insert(
    row: Pick<Row, 'id' | 'lane' | 'kind' | 'key' | 'payload' | 'tried' | 'sent_as'>,
    now: number,
  ): void {
    this.sql.exec(
      `INSERT INTO deliveries (id, lane, kind, key, payload, created_at, next_at, tried, sent_as, head)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, NOT EXISTS (
         SELECT 1 FROM deliveries WHERE lane = ?2 AND key = ?4 AND dead_at IS NULL
       ))`,
      row.id,
      row.lane,
      row.kind,
      row.key,
      row.payload,
      now,
      row.tried,
      row.sent_as,
    );
  }

  #remove(id: string): boolean {
    const [row] = this.sql
      .exec<Place & { dead_at: number | null }>(
        'DELETE FROM deliveries WHERE id = ? RETURNING lane, key, dead_at',
        id,
      )
      .toArray();
    if (row?.dead_at === null) this.#promote(row);
    return row !== undefined;
  }

  /** Something of this key waits no more: what is first now is its head. */
  #promote({ lane, key }: Place): void {
    this.sql.exec(
      `UPDATE deliveries SET head = 1 WHERE head = 0 AND seq =
         (SELECT min(seq) FROM deliveries WHERE lane = ? AND key = ? AND dead_at IS NULL)`,
      lane,
      key,
    );
  }

  #deadRows(ids: readonly string[] | undefined): Row[] {
    const only = ids === undefined ? '' : 'AND id IN (SELECT value FROM json_each(?))';
    return this.sql
      .exec<Row>(
        `SELECT * FROM deliveries WHERE dead_at IS NOT NULL ${only} ORDER BY seq`,
        ...(ids === undefined ? [] : [JSON.stringify(ids)]),
      )
      .toArray();
  }
}

/** What a delivery is ordered with. */
type Place = { lane: string; key: string };

const FAREWELL_LIST = FAREWELLS.map((kind) => `'${kind}'`).join(', ');

const only = (farewells: boolean): string => (farewells ? `AND kind IN (${FAREWELL_LIST})` : '');

const deliveryOf = (row: Row): StoredDelivery => ({
  id: row.id,
  // Written by `add` only.
  lane: row.lane as LaneName,
  kind: row.kind,
  key: row.key,
  payload: JSON.parse(row.payload) as unknown,
  createdAt: row.created_at,
  attempts: row.attempts,
  repeated: row.sent_as !== null || row.attempts + row.tried > 1,
  sentAs: row.sent_as,
});

const viewOf = (row: Row): DeliveryView => ({
  id: row.id,
  kind: row.kind,
  chatId: row.key,
  createdAt: row.created_at,
  attempts: row.attempts,
  nextAt: row.dead_at === null ? row.next_at : null,
  diedAt: row.dead_at,
  error: row.error,
});
