/** Readings of the phones: the newest of each, and one a minute for the charts of a day. */
import type { SlotReading } from '../../../bridge/protocol/readings';
import type { SlotSample } from '../contract';

const EVERY_MS = 60_000;
/** Readings come four times a minute: one that comes a moment early is still this minute's. */
const EARLY_MS = 5_000;
const KEEP_MS = 24 * 3_600_000;
/** A reading older than this says nothing about the minute. */
const FRESH_MS = 90_000;

const FIELDS = ['battery', 'temperature', 'signal', 'cpu', 'ram', 'storage', 'latency_ms'] as const;

export class Samples {
  #newest: Map<string, SlotReading> | null = null;

  constructor(private readonly sql: SqlStorage) {}

  newest(key: string): SlotReading | null {
    return this.#all().get(key) ?? null;
  }

  /** Takes readings as they arrive. `idOf` is null for a phone that nobody knows (yet). */
  take(readings: readonly SlotReading[], now: number, idOf: (key: string) => number | null): void {
    const all = this.#all();
    for (const reading of readings) if (idOf(reading.slot) !== null) all.set(reading.slot, reading);
    for (const key of all.keys()) if (idOf(key) === null) all.delete(key);
    this.sql.exec(
      'INSERT INTO slot_readings (one, data) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET data = excluded.data',
      JSON.stringify([...all.values()]),
    );
    const [last] = this.sql.exec<{ at: number | null }>('SELECT max(at) AS at FROM slot_samples').toArray();
    // A clock set back must not stop the charts for as long as it was set back.
    if (last?.at != null && last.at <= now && now - last.at < EVERY_MS - EARLY_MS) return;
    const row: Record<string, (number | null)[]> = {};
    for (const [key, reading] of all)
      if (now - reading.at < FRESH_MS) row[String(idOf(key))] = FIELDS.map((field) => reading[field]);
    if (Object.keys(row).length > 0)
      this.sql.exec('INSERT OR REPLACE INTO slot_samples (at, data) VALUES (?, ?)', now, JSON.stringify(row));
    this.sql.exec('DELETE FROM slot_samples WHERE at < ?', now - KEEP_MS);
  }

  /** Oldest first. */
  since(slotId: number, since: number): SlotSample[] {
    return this.sql
      .exec<{ at: number; sample: string | null }>(
        'SELECT at, json_extract(data, ?) AS sample FROM slot_samples WHERE at >= ? ORDER BY at',
        `$."${slotId}"`,
        since,
      )
      .toArray()
      .flatMap(({ at, sample }) => (sample === null ? [] : [sampleOf(at, sample)]));
  }

  #all(): Map<string, SlotReading> {
    if (this.#newest !== null) return this.#newest;
    const [row] = this.sql.exec<{ data: string }>('SELECT data FROM slot_readings').toArray();
    const readings = row === undefined ? [] : (JSON.parse(row.data) as SlotReading[]);
    return (this.#newest = new Map(readings.map((reading) => [reading.slot, reading])));
  }
}

function sampleOf(at: number, json: string): SlotSample {
  const values = JSON.parse(json) as (number | null)[];
  const value = (index: number): number | null => values[index] ?? null;
  return {
    at,
    battery: value(0),
    temperature: value(1),
    signal: value(2),
    cpu: value(3),
    ram: value(4),
    storage: value(5),
    latency_ms: value(6),
  };
}
