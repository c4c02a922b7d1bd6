/** Readings of every phone, taken one after another all the time instead of all at once when somebody asks. */
import type { SlotReading } from '../protocol/readings.ts';
import type { BridgeServices } from '../part.ts';
import { wordsOf } from './adb/shell.ts';
import { shown } from './machine.ts';
import { noReading, readingOf } from './readings/reading.ts';
import { READINGS_LINE } from './readings/sections.ts';
import type { CpuTicks } from '../lib/procfs.ts';
import type { Registry } from './registry.ts';
import type { Slot } from './slot.ts';

const EVERY_MS = 30_000;
const BEAT_MS = 250;
const AT_ONCE = 2;
const ANSWER_WITHIN_MS = 15_000;
/** As many as a message of readings takes. */
const MAX_READINGS = 256;
const MAX_BYTES = 256 * 1024;

interface Sampled {
  reading: SlotReading | null;
  ticks: CpuTicks | null;
  due: number;
  asking: boolean;
}

export class Sampler {
  readonly #registry: Registry;
  readonly #services: BridgeServices;
  readonly #sampled = new Map<string, Sampled>();
  #asking = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(registry: Registry, services: BridgeServices) {
    this.#registry = registry;
    this.#services = services;
  }

  start(): void {
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  ready(slot: Slot): void {
    // After a restart of the phone its counters began anew.
    this.#sampled.set(slot.key, { ...this.#of(slot.key), due: 0, ticks: null });
  }

  /** The newest of each phone that the bridge knows. */
  readings(): SlotReading[] {
    return this.#registry
      .all()
      .slice(0, MAX_READINGS)
      .map((slot) => {
        const { status } = shown(slot.condition);
        const reading = this.#sampled.get(slot.key)?.reading;
        if (slot.condition.link !== 'ready') {
          return noReading(slot.key, this.#services.now(), `The phone is ${status}.`);
        }
        return reading ?? noReading(slot.key, this.#services.now(), 'The phone was not asked yet.');
      });
  }

  #of(key: string): Sampled {
    return this.#sampled.get(key) ?? { reading: null, ticks: null, due: 0, asking: false };
  }

  #beat(): void {
    const now = performance.now();
    for (const slot of this.#registry.all()) {
      if (this.#asking >= AT_ONCE) return;
      const sampled = this.#of(slot.key);
      if (slot.transport === null || slot.condition.link === 'booting') continue;
      if (sampled.asking || now < sampled.due) continue;
      this.#sampled.set(slot.key, { ...sampled, asking: true });
      void this.#sample(slot);
    }
  }

  async #sample(slot: Slot): Promise<void> {
    this.#asking += 1;
    const { ticks: before } = this.#of(slot.key);
    let taken: Pick<Sampled, 'reading' | 'ticks'>;
    try {
      const result = await this.#registry.run(slot, READINGS_LINE, {
        timeoutMs: ANSWER_WITHIN_MS,
        maxBytes: MAX_BYTES,
      });
      taken = readingOf(slot.key, result.stdout.toString('utf8'), {
        at: this.#services.now(),
        latencyMs: result.firstByteMs,
        before,
      });
      this.#registry.answered(slot, null);
    } catch (error) {
      const reason = wordsOf(error);
      taken = { reading: noReading(slot.key, this.#services.now(), reason), ticks: null };
      this.#registry.answered(slot, `The phone does not answer commands: ${reason} Restart it.`);
    } finally {
      this.#asking -= 1;
    }
    this.#sampled.set(slot.key, { ...taken, due: performance.now() + EVERY_MS, asking: false });
  }
}
