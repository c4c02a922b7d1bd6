/** Who may poll: from the object's own copies where they know, else from the gate and D1, once. */
import type { PollRequest, PollVerdict } from './channel';
import type { Device, DeviceStore } from './devices';
import type { Directory } from './directory';

export type Admitted = { ok: true; device: Device } | { ok: false; verdict: PollVerdict };

/** How long a device that D1 does not know is not asked for again. */
const UNKNOWN_DEVICE_MS = 10_000;
const REMEMBERED_UNKNOWN = 1_000;

export class Admission {
  readonly #unknown = new Map<string, number>();

  constructor(
    private readonly devices: DeviceStore,
    private readonly directory: Directory,
  ) {}

  /** The answer without a question to anybody; null when somebody has to be asked. */
  known(poll: PollRequest, now: number): Admitted | null {
    const verdict = this.devices.session(poll.sid, poll.userId, now);
    if (verdict === 'revoked') return { ok: false, verdict: 'unauthorized' };
    if (verdict === 'unknown') return null;
    const device = this.devices.find(poll.userId, poll.deviceId);
    return device === null ? null : { ok: true, device };
  }

  /** @throws when the gate or D1 can't be asked: that says nothing about the phone. */
  async ask(poll: PollRequest, now: number): Promise<Admitted> {
    if (this.devices.session(poll.sid, poll.userId, now) === 'unknown') {
      if (!(await this.directory.isAlive(poll.sid, poll.userId)))
        return { ok: false, verdict: 'unauthorized' };
      this.devices.keepSession(poll.sid, poll.userId, now);
    }
    const device = await this.device(poll.userId, poll.deviceId, now);
    // A revocation may have come while others were asked.
    if (this.devices.session(poll.sid, poll.userId, now) === 'revoked')
      return { ok: false, verdict: 'unauthorized' };
    return device === null ? { ok: false, verdict: 'forbidden' } : { ok: true, device };
  }

  /** A user's registered phone; null when there is none. */
  async device(userId: string, deviceId: string, now: number): Promise<Device | null> {
    const known = this.devices.find(userId, deviceId);
    if (known !== null) return known;
    const key = keyOf(userId, deviceId);
    if (now - (this.#unknown.get(key) ?? -Infinity) < UNKNOWN_DEVICE_MS) return null;
    const found = await this.directory.device(userId, deviceId, now);
    // It may have been registered while D1 was asked.
    const device =
      this.devices.find(userId, deviceId) ?? (found === null ? null : this.devices.register(found).device);
    if (device === null) {
      if (this.#unknown.size >= REMEMBERED_UNKNOWN) this.#unknown.clear();
      this.#unknown.set(key, now);
    }
    return device;
  }

  /** A user's registered phones; D1 is asked when this object knows of none. */
  async devicesOf(userId: string, now: number): Promise<readonly Device[]> {
    const known = this.devices.of(userId);
    if (known.length > 0) return known;
    for (const found of await this.directory.devicesOf(userId, now)) {
      if (this.devices.find(userId, found.deviceId) === null) this.devices.register(found);
    }
    return this.devices.of(userId);
  }

  /** The device was registered just now. */
  learn(userId: string, deviceId: string): void {
    this.#unknown.delete(keyOf(userId, deviceId));
  }
}

const keyOf = (userId: string, deviceId: string): string => `${userId} ${deviceId}`;
