/**
 * Watches the phones' calls. A phone tells of its telephony only when asked: often while a call is or may be going on,
 * else now and then, for a call that comes in. All phones share one clock and a few places, so that sixty of them are
 * a dozen short commands a second and never more at once than the ADB server takes lightly.
 */
import type { BridgeServices } from '../../part.ts';
import { wordsOf } from '../adb/shell.ts';
import type { Registry } from '../registry.ts';
import type { Slot } from '../slot.ts';
import type { SlotStore } from '../store.ts';
import { step, type CallInput, type CallState } from './machine.ts';
import { parseTelephony, type Telephony } from './telephony.ts';

export const FAST_MS = 400;
export const SLOW_MS = 5_000;
const BEAT_MS = 100;
const AT_ONCE = 6;
const ANSWER_WITHIN_MS = 8_000;
/** A call on a phone that stays away for longer is given up. */
const LOST_AFTER_MS = 60_000;

/** A constant: the phone's own grep keeps the lines that matter, the whole is a hundred times as long. */
export const TELEPHONY_LINE =
  "dumpsys telephony.registry | grep -E 'Phone Id=|CallState=|mCallDisconnectCause=|mCallIncomingNumber=|^ *(local logs|registrations):|Permission Denial|find service'";

interface Watched {
  call: CallState;
  due: number;
  asking: boolean;
  /** Polls are held back while an intent is on its way: the call would be taken for somebody else's. */
  held: boolean;
  /** The phone is away since. */
  awaySince: number | null;
  /** A script runs and may start a call any moment. */
  alert: boolean;
}

export class CallWatcher {
  readonly #registry: Registry;
  readonly #store: SlotStore;
  readonly #services: BridgeServices;
  readonly #clock: () => number;
  readonly #changed: (slot: Slot) => void;
  readonly #watched = new Map<string, Watched>();
  #asking = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `changed` is called when a slot's call began or ended. `clock` in ms, monotonic. */
  constructor(
    registry: Registry,
    store: SlotStore,
    services: BridgeServices,
    changed: (slot: Slot) => void,
    clock: () => number = () => performance.now(),
  ) {
    this.#registry = registry;
    this.#store = store;
    this.#services = services;
    this.#changed = changed;
    this.#clock = clock;
  }

  start(): void {
    const now = this.#clock();
    for (const { slot, active, ...stored } of this.#store.calls()) {
      const phase = active ? 'active' : 'ringing';
      const watched = this.#of(slot);
      watched.call = { ...stored, phase, since: now, precise: active };
      watched.awaySince = now;
    }
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  call(key: string): CallState {
    return this.#watched.get(key)?.call ?? null;
  }

  ready(slot: Slot): void {
    const watched = this.#of(slot.key);
    watched.awaySince = null;
    watched.due = 0;
  }

  lost(slot: Slot): void {
    const watched = this.#of(slot.key);
    watched.awaySince ??= this.#clock();
  }

  /** Ask often while a script runs. */
  alert(slot: Slot, on: boolean): void {
    const watched = this.#of(slot.key);
    watched.alert = on;
    watched.due = 0;
  }

  hold(slot: Slot, held: boolean): void {
    const watched = this.#of(slot.key);
    watched.held = held;
    watched.due = 0;
  }

  /** What the phone says now; null when it does not tell of calls. @throws Refusal */
  async read(slot: Slot, signal?: AbortSignal): Promise<Telephony | null> {
    const result = await this.#registry.run(slot, TELEPHONY_LINE, {
      timeoutMs: ANSWER_WITHIN_MS,
      ...(signal && { signal }),
    });
    return parseTelephony(result.stdout.toString('utf8'));
  }

  /** Reads and follows what was read. @throws Refusal */
  async look(slot: Slot, signal?: AbortSignal): Promise<Telephony | null> {
    const telephony = await this.read(slot, signal);
    if (telephony) this.take(slot, { is: 'seen', telephony, at: this.#clock() });
    return telephony;
  }

  /** Moves the call of a slot, stores it and tells. */
  take(slot: Slot, input: CallInput): void {
    this.#take(slot.key, input);
    if (input.is === 'asked') this.#of(slot.key).due = 0;
  }

  /** A call that was asked for is on its way. */
  begin(slot: Slot, callId: string | null, number: string | null): void {
    this.take(slot, { is: 'asked', callId, number, at: this.#clock() });
  }

  #take(key: string, input: CallInput): void {
    const watched = this.#of(key);
    const before = watched.call;
    const { call, events } = step(before, input);
    for (const event of events) this.#services.emit({ kind: 'slot.call', data: { slot: key, ...event } });
    watched.call = call;
    if (call === null) {
      if (before !== null) this.#store.forgetCall(key);
    } else if (events.length > 0 || before?.hungUp !== call.hungUp) {
      const { callId, direction, number, hungUp, phase } = call;
      this.#store.keepCall({ slot: key, callId, direction, number, hungUp, active: phase === 'active' });
    }
    const slot = this.#registry.get(key);
    if (slot && (before === null) !== (call === null)) this.#changed(slot);
  }

  #of(key: string): Watched {
    const known = this.#watched.get(key);
    if (known) return known;
    const watched: Watched = {
      call: null,
      due: 0,
      asking: false,
      held: false,
      awaySince: null,
      alert: false,
    };
    this.#watched.set(key, watched);
    return watched;
  }

  #beat(): void {
    const now = this.#clock();
    for (const [key, watched] of this.#watched) {
      if (watched.call && watched.awaySince !== null && now - watched.awaySince >= LOST_AFTER_MS) {
        this.#take(key, { is: 'lost' });
      }
      const slot = this.#registry.get(key);
      if (!slot || slot.condition.link !== 'ready') continue;
      if (watched.asking || watched.held || now < watched.due || this.#asking >= AT_ONCE) continue;
      void this.#poll(slot, watched);
    }
  }

  async #poll(slot: Slot, watched: Watched): Promise<void> {
    watched.asking = true;
    this.#asking += 1;
    try {
      const telephony = await this.read(slot);
      // A poll that began before an intent was sent says nothing of the call it makes.
      if (telephony && !watched.held && this.#timer)
        this.take(slot, { is: 'seen', telephony, at: this.#clock() });
      this.#registry.answered(slot, null);
    } catch (error) {
      this.#registry.answered(slot, `The phone does not answer commands: ${wordsOf(error)} Restart it.`);
    } finally {
      watched.asking = false;
      this.#asking -= 1;
      const busy = watched.call !== null || watched.alert;
      watched.due = this.#clock() + (busy ? FAST_MS : SLOW_MS);
    }
  }
}
