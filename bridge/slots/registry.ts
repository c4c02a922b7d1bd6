/**
 * The phones that are there: ADB's transports on one side, slots with their stable keys on the other. It asks each new
 * phone once who it is, follows its start-up, and tells each change of what a slot shows.
 */
import type { AdbClient } from './adb/client.ts';
import type { SlotsConfig } from '../config.ts';
import { Refusal, type BridgeServices } from '../part.ts';
import type { Device } from './adb/devices.ts';
import { runLine, type ShellLimits, type ShellResult } from './adb/shell.ts';
import type { Identity } from './identity.ts';
import { chooseKey, usableSerial, type LivePhone, type Place } from './keys.ts';
import { next, shown, START, type Change, type Link } from './machine.ts';
import type { SlotStore } from './store.ts';
import { newSlot, type Slot } from './slot.ts';
import { FAULTY_AFTER, followStart } from './start-up.ts';
import { isNobody, linkOf, LOST, mayUse, ORDER, type Transport } from './transport.ts';

/** As many as an event of the list takes. */
const MAX_LISTED = 256;

export interface RegistryEvents {
  /** The phone can be used, anew or again. */
  ready(slot: Slot): void;
  /** Whether a phone that was not seen before has a call of an earlier run of the bridge. */
  busy(key: string): boolean;
  /** It could be used and can't any more; `reason` in words. */
  lost(slot: Slot, reason: string): void;
}

export class Registry {
  readonly #client: AdbClient;
  readonly #config: SlotsConfig;
  readonly #store: SlotStore;
  readonly #services: BridgeServices;
  readonly #events: RegistryEvents;
  readonly #transports = new Map<bigint, Transport>();
  readonly #slots = new Map<string, Slot>();
  readonly #stop = new AbortController();
  /** Every phone of the first list was asked who it is: from here on the list of slots is whole. */
  #settled = false;
  #announceWhenSettled = false;

  constructor(
    client: AdbClient,
    config: SlotsConfig,
    store: SlotStore,
    services: BridgeServices,
    events: RegistryEvents,
  ) {
    this.#client = client;
    this.#config = config;
    this.#store = store;
    this.#services = services;
    this.#events = events;
  }

  stop(): void {
    this.#stop.abort();
    for (const transport of this.#transports.values()) transport.gone.abort();
  }

  all(): Slot[] {
    return [...this.#slots.values()];
  }

  get(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  /** @throws Refusal NOT_FOUND, or SLOT_OFFLINE with what is the matter. */
  usable(key: string): Slot {
    const slot = this.#slots.get(key);
    if (!slot && !this.#store.places().some((place) => place.key === key)) {
      throw new Refusal('NOT_FOUND', 'The bridge never saw this phone.');
    }
    if (slot?.condition.link === 'ready' && slot.transport !== null && slot.condition.phase === null)
      return slot;
    // A phone that was not plugged in since the bridge was started is as far away as one that was unplugged.
    const { status, remedy } = shown(slot?.condition ?? START);
    throw new Refusal('SLOT_OFFLINE', `The phone is ${status}. ${remedy ?? ''}`.trimEnd(), { status });
  }

  /** Runs a line on a slot's phone. @throws Refusal SLOT_OFFLINE, CANCELLED */
  async run(slot: Slot, line: string, limits: ShellLimits): Promise<ShellResult> {
    const { transport } = slot;
    if (transport === null) throw new Refusal('SLOT_OFFLINE', 'The phone is not connected.');
    return runLine(this.#client, transport.id, line, { ...limits, gone: transport.gone });
  }

  /** Drops ADB's transport to the phone and has it made anew. */
  async reconnect(slot: Slot): Promise<void> {
    const { address, transport } = slot;
    if (address !== null && address.includes(':')) {
      // A network phone that is told to reconnect is only dropped.
      await this.#client.wireless.disconnect(address);
      await this.#client.wireless.connect(address);
    } else if (transport) {
      await this.#client.reconnectDevice({ transportId: transport.id });
    }
  }

  /** ADB's newest list. */
  devices(list: readonly Device[]): void {
    const listed = new Set(list.map((device) => device.transportId));
    for (const [id, transport] of this.#transports) {
      if (listed.has(id)) continue;
      transport.gone.abort();
      this.#transports.delete(id);
      this.#relink(transport.key);
    }
    const asked = list.map((device) => this.#listed(device));
    if (!this.#settled) void Promise.allSettled(asked).then(() => this.#settle());
  }

  /** The ADB server is gone, and every phone with it. */
  down(problem: string): void {
    for (const transport of this.#transports.values()) transport.gone.abort();
    this.#transports.clear();
    for (const slot of this.#slots.values()) this.#link(slot, 'absent', problem);
    this.#settle();
  }

  change(key: string, change: Change): void {
    const slot = this.#slots.get(key);
    if (slot) this.#apply(slot, change);
  }

  /** Moves what time alone moves: reboots that never end. */
  tick(at: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.condition.phase !== null) this.#apply(slot, { is: 'tick', at });
    }
  }

  /** A phone that is listed but does not answer commands, or answers again. */
  answered(slot: Slot, problem: string | null): void {
    const transport = slot.transport && this.#transports.get(slot.transport.id);
    if (!transport) return;
    transport.failures = problem === null ? 0 : transport.failures + 1;
    const said = transport.failures >= FAULTY_AFTER ? problem : null;
    if (said === transport.problem) return;
    transport.problem = said;
    this.#relink(slot.key);
  }

  announce(): void {
    if (!this.#settled) {
      this.#announceWhenSettled = true;
      return;
    }
    const there = this.all().filter(({ condition }) => condition.link !== 'absent');
    this.#services.emit({
      kind: 'slot.list',
      data: { slots: there.map(({ key }) => key).slice(0, MAX_LISTED) },
    });
    for (const slot of this.#slots.values()) this.#tell(slot, true);
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#announceWhenSettled) this.announce();
  }

  async #listed(device: Device): Promise<void> {
    const known = this.#transports.get(device.transportId);
    if (known?.device.state === device.state) return;
    known?.gone.abort();
    const place = device.usb === null ? device.serial : `usb:${device.usb}`;
    const transport: Transport = {
      device,
      place,
      key: known?.key ?? this.#guess(device, place),
      identity: null,
      problem: null,
      failures: 0,
      gone: new AbortController(),
    };
    if (!mayUse(this.#config.serials, transport)) {
      this.#transports.delete(device.transportId);
      return;
    }
    this.#transports.set(device.transportId, transport);
    // A phone that answers is shown when it said who it is; one that does not is shown by what is known of its place.
    if (device.state === 'device') await this.#identify(transport);
    else if (this.#slots.has(transport.key) || !isNobody(transport)) this.#relink(transport.key);
  }

  /** The key of a phone that can't be asked. */
  #guess(device: Device, place: Place): string {
    const known = this.#store.places();
    const remembered = known.find((entry) => entry.place === place)?.key;
    if (device.usb === null) return remembered ?? chooseKey({ serial: null, place, bootId: null }, [], []);
    const serial = usableSerial(device.serial);
    return chooseKey({ serial, place, bootId: null }, this.#live(place), known);
  }

  #live(exceptPlace: Place): LivePhone[] {
    return [...this.#transports.values()]
      .filter(({ place, identity }) => place !== exceptPlace && identity !== null)
      .map(({ place, key, identity }) => ({
        place,
        key,
        serial: identity?.serial ?? null,
        bootId: identity?.bootId ?? null,
      }));
  }

  /** Until the phone said who it is, or was found faulty, or is gone; its start-up is followed further by itself. */
  #identify(transport: Transport): Promise<void> {
    return followStart(this.#client, transport, this.#stop.signal, {
      known: (identity) => this.#known(transport, identity),
      faulty: () => this.#relink(transport.key),
    });
  }

  #known(transport: Transport, identity: Identity): void {
    const before = transport.key;
    const { place } = transport;
    const first = transport.identity === null;
    transport.identity = identity;
    transport.problem = null;
    transport.failures = 0;
    transport.key = chooseKey({ ...identity, place }, this.#live(place), this.#store.places());
    if (!mayUse(this.#config.serials, transport, identity.serial)) {
      this.#transports.delete(transport.device.transportId);
      this.#services.log.info('a phone that is not in [slots] serials is left alone', { key: transport.key });
      return;
    }
    if (first && identity.serial !== null) {
      this.#store.keepPlace({ place, serial: identity.serial, key: transport.key });
    }
    if (before !== transport.key) this.#relink(before);
    const slot = this.#slotOf(transport.key);
    if (slot.bootId !== null && identity.bootId !== null && slot.bootId !== identity.bootId) {
      this.#apply(slot, { is: 'left' });
    }
    slot.bootId = identity.bootId;
    slot.model = identity.model;
    slot.android = identity.android;
    this.#relink(transport.key);
  }

  #slotOf(key: string): Slot {
    const known = this.#slots.get(key);
    if (known) return known;
    const slot = newSlot(key, this.#events.busy(key));
    this.#slots.set(key, slot);
    return slot;
  }

  /** Chooses the best way to a slot's phone, and shows what that makes of it. */
  #relink(key: string): void {
    const ways = [...this.#transports.values()].filter((transport) => transport.key === key);
    if (ways.length === 0 && !this.#slots.has(key)) return;
    const slot = this.#slotOf(key);
    const rank = (transport: Transport): number =>
      ORDER.indexOf(linkOf(transport).link) * 2 + (transport.device.usb === null ? 1 : 0);
    const [best] = ways.toSorted((a, b) => rank(a) - rank(b));
    if (best === undefined) {
      this.#link(slot, 'absent', null);
      return;
    }
    slot.usb = best.device.usb;
    slot.address = best.device.usb === null ? best.device.serial : null;
    slot.model ??= best.device.model;
    const answers = best.device.state === 'device' && best.identity !== null;
    const moved = slot.transport?.id !== best.device.transportId;
    const { link, reason } = linkOf(best);
    const anew = moved && slot.condition.link === 'ready' && link === 'ready';
    if (anew) this.#events.lost(slot, 'The phone was connected anew.');
    slot.transport = answers ? { id: best.device.transportId, gone: best.gone.signal } : null;
    this.#link(slot, link, reason);
    if (anew) this.#events.ready(slot);
  }

  #link(slot: Slot, link: Link, reason: string | null): void {
    const was = slot.condition.link;
    if (link === 'absent' || link === 'offline' || link === 'unauthorized') slot.transport = null;
    this.#apply(slot, { is: 'link', link, ...(reason !== null && { reason }) });
    if (was === 'ready' && link !== 'ready')
      this.#events.lost(slot, LOST[link] ?? reason ?? 'The phone was lost.');
    if (was !== 'ready' && link === 'ready') this.#events.ready(slot);
  }

  #apply(slot: Slot, change: Change): void {
    slot.condition = next(slot.condition, change);
    this.#tell(slot, false);
  }

  #tell(slot: Slot, again: boolean): void {
    const { key, usb, model, android, address } = slot;
    const data = { slot: key, usb, ...shown(slot.condition), model, android, address };
    const text = JSON.stringify(data);
    if (!again && text === slot.told) return;
    slot.told = text;
    this.#services.emit({ kind: 'slot.state', data });
  }
}
