/**
 * Calls that somebody wants to be told of: a campaign of the calls it dialled. What changed is a row stored in the same
 * transaction as the change, told right after and again until it was taken; of one call only the newest waits, because it
 * says all that the ones before it did.
 */
import { statusOf, type CallRecord } from './machine';
import type { CallWatchEvent, WatchInput } from './watch-contract';

/** An ended call can still be corrected (a phone that comes back late): it is watched a while longer. */
const KEPT_MS = 2 * 24 * 3_600_000;
const BATCH = 200;
export const TELL_AGAIN_MS = 5_000;

type Row = { campaign_id: string; call_id: string; event: string };

export const watchEventOf = (id: string, call: CallRecord): CallWatchEvent => ({
  id,
  callId: call.callId,
  status: statusOf(call),
  outcome: call.ending?.outcome ?? null,
  ringingAt: call.marks.ringing?.at ?? null,
  answeredAt: call.ending ? call.ending.answerAt : (call.marks.connected?.at ?? null),
  endedAt: call.ending?.endAt ?? null,
  talkSec: call.ending?.talkSec ?? null,
  slotId: call.slotId,
  userId: call.userId,
});

export class CallWatches {
  readonly #watched = new Map<string, string>();
  #waiting: boolean;
  #running: Promise<boolean> | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly tell: (campaignId: string, events: CallWatchEvent[]) => Promise<void>,
  ) {
    this.#read();
    this.#waiting = sql.exec('SELECT 1 FROM watch_outbound LIMIT 1').toArray().length > 0;
  }

  /** Whether a row waits to be taken. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** After a rolled back transaction. */
  reread(): void {
    this.#watched.clear();
    this.#read();
    this.#waiting = true;
  }

  /** From now on; a call that is known already is told of at once. */
  add({ callId, campaignId, now }: WatchInput, known: CallRecord | null): void {
    if (this.#watched.has(callId)) return;
    this.sql.exec(
      'INSERT OR IGNORE INTO call_watches (call_id, campaign_id, at) VALUES (?, ?, ?)',
      callId,
      campaignId,
      now,
    );
    this.#watched.set(callId, campaignId);
    if (known !== null) this.changed(known);
  }

  /** A call was stored: if it is watched, there is something to tell. */
  changed(call: CallRecord): void {
    const campaignId = this.#watched.get(call.callId);
    if (campaignId === undefined) return;
    const event = watchEventOf(crypto.randomUUID(), call);
    const { id: _, ...told } = event;
    const [last] = this.sql
      .exec<{ told: string | null }>('SELECT told FROM call_watches WHERE call_id = ?', call.callId)
      .toArray();
    // Notes, recordings and names are nothing to it.
    if (last?.told === JSON.stringify(told)) return;
    this.sql.exec('UPDATE call_watches SET told = ? WHERE call_id = ?', JSON.stringify(told), call.callId);
    this.sql.exec(
      'INSERT OR REPLACE INTO watch_outbound (call_id, campaign_id, event) VALUES (?, ?, ?)',
      call.callId,
      campaignId,
      JSON.stringify(event),
    );
    this.#waiting = true;
  }

  /** Tells everything that waits. False when a campaign could not be reached: try again later. */
  drain(): Promise<boolean> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  trim(now: number): void {
    const old = this.sql
      .exec<{ call_id: string }>(
        `DELETE FROM call_watches WHERE at < ? AND NOT EXISTS
         (SELECT 1 FROM calls c WHERE c.call_id = call_watches.call_id AND c.status <> 'ended') RETURNING call_id`,
        now - KEPT_MS,
      )
      .toArray();
    for (const { call_id } of old) this.#watched.delete(call_id);
  }

  get isEmpty(): boolean {
    return this.#watched.size === 0;
  }

  async #drain(): Promise<boolean> {
    const away = new Set<string>();
    for (;;) {
      const rows = this.sql
        .exec<Row>(
          'SELECT campaign_id, call_id, event FROM watch_outbound ORDER BY campaign_id LIMIT ?',
          BATCH,
        )
        .toArray()
        .filter(({ campaign_id }) => !away.has(campaign_id));
      const [first] = rows;
      if (first === undefined) break;
      const group = rows.filter(({ campaign_id }) => campaign_id === first.campaign_id);
      try {
        await this.tell(
          first.campaign_id,
          group.map(({ event }) => JSON.parse(event) as CallWatchEvent),
        );
      } catch (error) {
        console.warn(`call hub: campaign ${first.campaign_id} not told, again later (${String(error)})`);
        away.add(first.campaign_id);
        continue;
      }
      // A newer change may have taken the place of the one that was just told.
      for (const { call_id, event } of group)
        this.sql.exec('DELETE FROM watch_outbound WHERE call_id = ? AND event = ?', call_id, event);
    }
    this.#waiting = this.sql.exec('SELECT 1 FROM watch_outbound LIMIT 1').toArray().length > 0;
    return away.size === 0;
  }

  #read(): void {
    for (const row of this.sql.exec<{ call_id: string; campaign_id: string }>(
      'SELECT call_id, campaign_id FROM call_watches',
    ))
      this.#watched.set(row.call_id, row.campaign_id);
  }
}
