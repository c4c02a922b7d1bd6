/** Recordings that are not uploaded yet: durable, so that neither a restart nor a long break loses one. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Recording {
  id: number;
  pbx: string;
  /** As the PBX told it. */
  path: string;
  uniqueid: string;
  linkedid: string;
  /** `live`: its channel is there; `ready`: to be fetched; `failed`: given up, with the reason. */
  state: 'live' | 'ready' | 'failed';
  attempts: number;
  /** Not before this moment, ms by the host's clock. */
  nextAt: number;
  reason: string | null;
}

const MIGRATIONS = [
  `CREATE TABLE recordings (
     id INTEGER PRIMARY KEY, pbx TEXT NOT NULL, path TEXT NOT NULL, uniqueid TEXT NOT NULL, linkedid TEXT NOT NULL,
     state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0, reason TEXT,
     at INTEGER NOT NULL,
     UNIQUE (pbx, path, uniqueid)
   ) STRICT;
   CREATE INDEX recordings_due ON recordings (state, next_at);`,
];

const COLUMNS = 'id, pbx, path, uniqueid, linkedid, state, attempts, next_at AS nextAt, reason';
/** How long the reason of one that was given up is kept. */
const FAILED_KEPT_MS = 30 * 86_400_000;

export class RecordingStore {
  readonly #file: string;
  #open: DatabaseSync | null = null;

  /** Touches no file before `open`. */
  constructor(stateDir: string) {
    this.#file = join(stateDir, 'recordings.db');
  }

  /** @throws Error for a file that a newer bridge wrote */
  open(): void {
    if (this.#open) return;
    this.#open = new DatabaseSync(this.#file);
    chmodSync(this.#file, 0o600);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    const { user_version: version } = this.#db.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (version > MIGRATIONS.length) throw new Error(`${this.#file} was written by a newer bridge`);
    for (const [n, migration] of MIGRATIONS.entries()) {
      if (n >= version) this.#db.exec(`BEGIN; ${migration}; PRAGMA user_version = ${n + 1}; COMMIT`);
    }
  }

  close(): void {
    this.#open?.close();
    this.#open = null;
  }

  get #db(): DatabaseSync {
    if (!this.#open) throw new Error('the list of recordings is not open');
    return this.#open;
  }

  /** A recording was begun. Told again: nothing. */
  begin(recording: Pick<Recording, 'pbx' | 'path' | 'uniqueid' | 'linkedid'>, now: number): void {
    const { pbx, path, uniqueid, linkedid } = recording;
    this.#db
      .prepare(
        `INSERT INTO recordings (pbx, path, uniqueid, linkedid, state, at) VALUES (?, ?, ?, ?, 'live', ?)
         ON CONFLICT DO NOTHING`,
      )
      .run(pbx, path, uniqueid, linkedid, now);
  }

  /** The channel of a recording is gone, with the call it belonged to in the end. Answers whether there were any. */
  channelGone(pbx: string, uniqueid: string, linkedid: string): boolean {
    const { changes } = this.#db
      .prepare(
        `UPDATE recordings SET state = 'ready', linkedid = ? WHERE pbx = ? AND uniqueid = ? AND state = 'live'`,
      )
      .run(linkedid, pbx, uniqueid);
    return Number(changes) > 0;
  }

  live(pbx: string): Recording[] {
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM recordings WHERE pbx = ? AND state = 'live'`)
      .all(pbx) as unknown as Recording[];
  }

  /** The one that has waited longest and may be tried, of PBXs that can be reached. */
  due(pbxs: readonly string[], now: number): Recording | null {
    const places = pbxs.map(() => '?').join(', ');
    const row = this.#db
      .prepare(
        `SELECT ${COLUMNS} FROM recordings WHERE state = 'ready' AND next_at <= ? AND pbx IN (${places})
         ORDER BY next_at, id LIMIT 1`,
      )
      .get(now, ...pbxs);
    return (row as Recording | undefined) ?? null;
  }

  /** When the next one may be tried; null if none waits. */
  nextDue(): number | null {
    const { at } = this.#db
      .prepare(`SELECT min(next_at) AS at FROM recordings WHERE state = 'ready'`)
      .get() as {
      at: number | null;
    };
    return at;
  }

  retry(id: number, nextAt: number, reason: string): void {
    this.#db
      .prepare('UPDATE recordings SET attempts = attempts + 1, next_at = ?, reason = ? WHERE id = ?')
      .run(nextAt, reason.slice(0, 500), id);
  }

  /** It can't be had, however often it is tried. */
  giveUp(id: number, reason: string): void {
    this.#db
      .prepare(`UPDATE recordings SET state = 'failed', reason = ? WHERE id = ?`)
      .run(reason.slice(0, 500), id);
  }

  /** The edge has it. */
  done(id: number, now: number): void {
    this.#db.prepare('DELETE FROM recordings WHERE id = ?').run(id);
    this.#db.prepare(`DELETE FROM recordings WHERE state = 'failed' AND at < ?`).run(now - FAILED_KEPT_MS);
  }

  counts(): { waiting: number; failed: number } {
    const count = (state: string): number =>
      (this.#db.prepare('SELECT count(*) AS n FROM recordings WHERE state = ?').get(state) as { n: number })
        .n;
    return { waiting: count('ready'), failed: count('failed') };
  }
}
