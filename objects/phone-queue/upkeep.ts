/** What a PhoneQueue does by itself: telling others, expiring, tidying, its copy of the tenant's settings; one alarm for all. */
import type { Env } from '../../worker/env';
import type { PhoneQueueSettings } from './contract';
import type { DeviceStore } from './devices';
import type { Directory } from './directory';
import type { Dispatcher } from './dispatcher';
import type { Outbound } from './outbound';
import type { RecordStore } from './records';
import type { CommandStore } from './store';

type Settings = PhoneQueueSettings & { shards: number };

interface UpkeepParts {
  outbound: Outbound;
  dispatcher: Dispatcher;
  commands: CommandStore;
  devices: DeviceStore;
  records: RecordStore;
  directory: Directory;
}

/** Changes are told this long after they were made, so that those of one moment travel together. */
const TELL_AFTER_MS = 10;
/** When the alarm looks after rows that the timer above should have told. */
const TELL_AGAIN_MS = 30_000;
const TIDY_EVERY_MS = 6 * 3_600_000;
/** Settings are read anew after this, in the background: a notice of a change may get lost. */
const SETTINGS_LIFE_MS = 15 * 60_000;
const COMMANDS_KEPT = { rows: 20_000, ms: 60 * 86_400_000 };

export class Upkeep {
  #settings: (Settings & { readAt: number }) | null;
  #loading: Promise<void> | null = null;
  #isTelling = false;
  #isResumed = false;
  /** Undefined until it was asked for: a wake-up that changes nothing must not cost a look. */
  #alarmAt: number | null | undefined;

  constructor(
    private readonly ctx: DurableObjectState,
    private readonly parts: UpkeepParts,
  ) {
    const [row] = ctx.storage.sql
      .exec<{ value: string }>(`SELECT value FROM meta WHERE key = 'settings'`)
      .toArray();
    this.#settings = row === undefined ? null : (JSON.parse(row.value) as Settings & { readAt: number });
  }

  get isReady(): boolean {
    return this.#settings !== null;
  }

  get settings(): Settings {
    if (this.#settings === null) throw new Error('settings are read before they are used');
    return this.#settings;
  }

  /** Before anything else of a life: reads the tenant's settings the first time, goes on telling what waits. */
  async ready(): Promise<void> {
    if (!this.#isResumed) {
      this.#isResumed = true;
      // Rows of an earlier life: a crash may have come between storing them and setting their alarm.
      this.changed(Date.now());
    }
    if (this.#settings === null) return this.#load();
    if (Date.now() - this.#settings.readAt > SETTINGS_LIFE_MS) {
      this.ctx.waitUntil(
        this.#load().catch((error: unknown) =>
          console.warn(`phone queue: settings not read (${String(error)})`),
        ),
      );
    }
  }

  configure(settings: PhoneQueueSettings): void {
    const shards = this.#settings?.shards ?? 1;
    this.#keep({ ...settings, shards, readAt: this.#settings === null ? 0 : Date.now() });
  }

  /** Something was stored that others must hear of, or that falls due at `dueAt`. */
  changed(now: number, dueAt?: number): void {
    const { outbound } = this.parts;
    if (outbound.waiting > 0) {
      if (!this.#isTelling) setTimeout(() => this.#tell(), TELL_AFTER_MS);
      this.#isTelling = true;
      this.#wakeBy(now + TELL_AGAIN_MS);
    }
    if (dueAt !== undefined) this.#wakeBy(dueAt);
  }

  /** Tells everything that waits, or stops waiting for it. */
  async tellNow(limitMs: number): Promise<void> {
    const told = this.parts.outbound.drain();
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, limitMs))]);
  }

  /** Something was stored that will grow old. */
  tidyLater(now: number): void {
    this.#wakeBy(now + TIDY_EVERY_MS);
  }

  async alarm(now: number): Promise<void> {
    this.#alarmAt = null;
    const { outbound, dispatcher, commands, devices, records } = this.parts;
    const due = dispatcher.tick(now);
    commands.prune(now - COMMANDS_KEPT.ms, COMMANDS_KEPT.rows);
    devices.pruneSessions(now);
    records.prune(now);
    const told = await outbound.drain();
    outbound.sweep();
    if (due !== null) this.#wakeBy(due);
    if (!told || outbound.waiting > 0) this.#wakeBy(Date.now() + TELL_AGAIN_MS);
    if (!records.isEmpty()) this.#wakeBy(now + TIDY_EVERY_MS);
  }

  /** Whether another shard of the tenant holds a command. */
  async isHeldElsewhere(
    namespace: Env['PHONE_QUEUE'],
    tenantId: string,
    commandId: string,
  ): Promise<boolean> {
    await this.ready();
    const others = Array.from({ length: this.settings.shards }, (_, shard) => `${tenantId}:${shard}`).filter(
      (name) => name !== this.ctx.id.name,
    );
    const held = await Promise.all(others.map((name) => namespace.getByName(name).holdsCommand(commandId)));
    return held.includes(true);
  }

  #tell(): void {
    this.#isTelling = false;
    this.ctx.waitUntil(this.parts.outbound.drain());
  }

  /** One alarm for everything, moved only when something falls due earlier: setting it is a write. */
  #wakeBy(at: number): void {
    if (this.#alarmAt !== undefined && this.#alarmAt !== null && this.#alarmAt <= at) return;
    if (this.#alarmAt === undefined) {
      this.#alarmAt = at;
      this.ctx.waitUntil(this.#moveAlarm(at));
      return;
    }
    this.#alarmAt = at;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
  }

  /** The first look after a wake-up: an alarm set earlier in an earlier life stays. */
  async #moveAlarm(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set !== null && set <= at) {
      this.#alarmAt = Math.min(set, this.#alarmAt ?? set);
      return;
    }
    await this.ctx.storage.setAlarm(Math.min(at, this.#alarmAt ?? at));
  }

  #load(): Promise<void> {
    this.#loading ??= this.parts.directory
      .settings()
      .then((settings) => this.#keep({ ...settings, readAt: Date.now() }))
      .finally(() => {
        this.#loading = null;
      });
    return this.#loading;
  }

  #keep(settings: Settings & { readAt: number }): void {
    this.#settings = settings;
    this.ctx.storage.sql.exec(
      `INSERT INTO meta (key, value) VALUES ('settings', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      JSON.stringify(settings),
    );
  }
}
