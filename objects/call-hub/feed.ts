/**
 * The tenant's feed: every change of a call is a row with a growing offset, under an epoch made once per storage.
 * What a row says is kept as the text that goes over the wire: it is made once, whoever reads it.
 */
import type { LiveSubscriber, Viewer } from './contract';
import { OF_SLOTS, type FeedEvent } from './feed-events';
import { eventMessage } from './feed-messages';

/** History kept for clients that were away. Whoever was away longer reads the whole picture again. */
export const FEED_ROWS_KEPT = 10_000;
export const FEED_KEPT_MS = 24 * 3_600_000;
/** More missed events than this cost more than reading the whole picture. */
export const REPLAY_LIMIT = 1_000;
const TRIM_EVERY = 500;

/** `reload`: the history does not reach back to where the client was. */
export type Replay = { ok: true; messages: string[] } | { ok: false };

/** Whose eyes, as far as the feed is concerned. */
export type FeedViewer = Viewer & Pick<LiveSubscriber, 'slots'>;

export class Feed {
  private offset: number;

  constructor(
    private readonly sql: SqlStorage,
    readonly epoch: string,
  ) {
    this.offset = this.read();
  }

  get head(): number {
    return this.offset;
  }

  /** After a rolled back transaction: the head is what is stored. */
  reread(): void {
    this.offset = this.read();
  }

  /** Stores one change; answers its offset. `key` is the call's id, `slot:<id>` or the like, `data` its JSON. */
  append(event: FeedEvent, key: string, data: string, at: number): number {
    this.offset += 1;
    this.sql.exec('INSERT INTO feed VALUES (?, ?, ?, ?, ?)', this.offset, at, key, data, event);
    if (this.offset % TRIM_EVERY === 0)
      this.sql.exec('DELETE FROM feed WHERE offset <= ?', this.offset - FEED_ROWS_KEPT);
    return this.offset;
  }

  /**
   * Which users, besides those who see everything, are told what is under a key that is no call's. From `offset` on: what
   * was said before is not theirs. Answers who was told so far.
   */
  setViewers(key: string, viewers: readonly string[], offset: number): string[] {
    const [row] = this.sql
      .exec<{ users: string }>('SELECT users FROM feed_viewers WHERE key = ?', key)
      .toArray();
    const former = row === undefined ? [] : (JSON.parse(row.users) as string[]);
    const gone = former.filter((userId) => !viewers.includes(userId));
    const fresh = viewers.filter((userId) => !former.includes(userId));
    for (const userId of gone)
      this.sql.exec('DELETE FROM call_viewers WHERE user_id = ? AND call_id = ?', userId, key);
    for (const userId of fresh)
      this.sql.exec(
        'INSERT OR REPLACE INTO call_viewers (user_id, call_id, since) VALUES (?, ?, ?)',
        userId,
        key,
        offset,
      );
    if (gone.length > 0 || fresh.length > 0)
      this.sql.exec('INSERT OR REPLACE INTO feed_viewers VALUES (?, ?)', key, JSON.stringify(viewers));
    return former;
  }

  /** Whether every change after `offset` is still here. */
  reaches(epoch: string, offset: number): boolean {
    if (epoch !== this.epoch || !Number.isSafeInteger(offset) || offset < 0 || offset > this.offset)
      return false;
    if (offset === this.offset) return true;
    const [row] = this.sql.exec<{ first: number | null }>('SELECT min(offset) AS first FROM feed').toArray();
    return row?.first !== null && row?.first !== undefined && row.first <= offset + 1;
  }

  /** The messages a viewer missed after `offset`, oldest first. */
  replay(epoch: string, offset: number, viewer: FeedViewer): Replay {
    if (!this.reaches(epoch, offset)) return { ok: false };
    const rows = this.sql
      .exec<{ offset: number; data: string; event: FeedEvent }>(
        `SELECT offset, data, event FROM (${missed(viewer)}) ORDER BY offset LIMIT ${REPLAY_LIMIT + 1}`,
        ...(viewer.scope === 'own' ? [offset, viewer.userId] : [offset]),
      )
      .toArray();
    if (rows.length > REPLAY_LIMIT) return { ok: false };
    let prev = offset;
    const messages = rows.map((row) => {
      const message = eventMessage(row, prev);
      prev = row.offset;
      return message;
    });
    return { ok: true, messages };
  }

  /** Ids of the calls changed after `offset`. */
  changedSince(offset: number): string[] {
    const rows = this.sql
      .exec<{ call_id: string }>(
        "SELECT DISTINCT call_id FROM feed WHERE offset > ? AND event = 'call.update' LIMIT ?",
        offset,
        FEED_ROWS_KEPT,
      )
      .toArray();
    return rows.map((row) => row.call_id);
  }

  /** What the feed said last under a key. */
  lastData(key: string): string | null {
    const [row] = this.sql
      .exec<{ data: string }>('SELECT data FROM feed WHERE call_id = ? ORDER BY offset DESC LIMIT 1', key)
      .toArray();
    return row?.data ?? null;
  }

  /** Offset of the newest change before `before` that a viewer was told of; 0 of none. */
  lastFor(viewer: FeedViewer, before: number): number {
    if (viewer.scope === 'all' && viewer.slots === true) return before - 1;
    const own = viewer.scope === 'all' ? this.lastOfPeople(before) : this.lastOwn(viewer.userId, before);
    return viewer.slots === true ? Math.max(own, this.lastSlot(before)) : own;
  }

  private lastOfPeople(before: number): number {
    const [row] = this.sql
      .exec<{ offset: number }>(
        `SELECT offset FROM feed WHERE offset < ? AND NOT ${OF_SLOTS} ORDER BY offset DESC LIMIT 1`,
        before,
      )
      .toArray();
    return row?.offset ?? 0;
  }

  private lastSlot(before: number): number {
    const [row] = this.sql
      .exec<{ last: number | null }>(
        `SELECT max(last) AS last FROM (
           SELECT max(offset) AS last FROM feed WHERE event = 'slot.update' AND offset < ?1
           UNION ALL SELECT max(offset) FROM feed WHERE event = 'campaign.update' AND offset < ?1)`,
        before,
      )
      .toArray();
    return row?.last ?? 0;
  }

  private lastOwn(userId: string, before: number): number {
    const [row] = this.sql
      .exec<{ last: number | null }>(
        `SELECT max(f.offset) AS last FROM call_viewers v JOIN feed f ON f.call_id = v.call_id AND f.offset >= v.since
         WHERE v.user_id = ? AND f.offset < ?`,
        userId,
        before,
      )
      .toArray();
    return row?.last ?? 0;
  }

  /** When the oldest row is past its time; null when there is nothing to drop. The newest row stays: it is the head. */
  trimAt(): number | null {
    const [row] = this.sql
      .exec<{ at: number }>('SELECT at FROM feed WHERE offset < ? ORDER BY offset LIMIT 1', this.offset)
      .toArray();
    return row ? row.at + FEED_KEPT_MS : null;
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM feed WHERE at < ? AND offset < ?', now - FEED_KEPT_MS, this.offset);
  }

  private read(): number {
    const [row] = this.sql.exec<{ head: number | null }>('SELECT max(offset) AS head FROM feed').toArray();
    return row?.head ?? 0;
  }
}

/** The rows after offset ?1 that concern a viewer; ?2 is the user of one of own calls. */
function missed({ scope, slots }: FeedViewer): string {
  const rows = 'SELECT f.offset, f.data, f.event FROM feed f';
  if (scope === 'all') return `${rows} WHERE f.offset > ?1${slots === true ? '' : ` AND NOT f.${OF_SLOTS}`}`;
  const own = `${rows} JOIN call_viewers v ON v.call_id = f.call_id AND v.user_id = ?2 AND v.since <= f.offset
    WHERE f.offset > ?1`;
  if (slots !== true) return own;
  return `${own} UNION ALL ${rows} WHERE f.offset > ?1 AND f.${OF_SLOTS}`;
}
