import { randomBytes } from 'node:crypto';
import { commandOf } from '../../sim/phone/faults.ts';
import { ask, type Ongoing, type Outcome } from '../../sim/phone/http.ts';
import { newNumber, type Client, type Reply } from './client.ts';

export const newDeviceId = (): string => randomBytes(8).toString('hex');

/** A signed-in phone that polls exactly when and how a test says; the app's own habits are in test/sim/phone. */
export class Handset {
  readonly client: Client;
  readonly refresh: string;
  readonly deviceId: string;

  private constructor(client: Client, refresh: string, deviceId: string) {
    this.client = client;
    this.refresh = refresh;
    this.deviceId = deviceId;
  }

  /** Signs a new phone in for the client's user by QR code, and registers it. */
  static async signIn(person: Client, deviceId = newDeviceId()): Promise<Handset> {
    const made = expectStatus(200, await person.post('/api/phone/qr/create/', {}));
    const used = expectStatus(200, await person.post('/api/phone/qr/exchange/', made.json, { token: null }));
    const { access, refresh } = used.json;
    const handset = new Handset(person.as(String(access)), String(refresh), deviceId);
    await handset.register();
    return handset;
  }

  /** Another device under the same sign-in: what is told apart is the device, not the session. */
  async another(deviceId = newDeviceId()): Promise<Handset> {
    const handset = new Handset(this.client, this.refresh, deviceId);
    await handset.register();
    return handset;
  }

  async register(): Promise<void> {
    const body = { device_id: this.deviceId, device_name: `Simulator: ${this.deviceId}` };
    expectStatus(200, await this.client.post('/api/phone/devices/register/', body));
  }

  /** A poll under way. Without `wait` it is a plain one, as in a BURST. */
  pull(wait: number | string | null = null, access: string | null = this.client.token): Ongoing {
    const query = `device_id=${this.deviceId}${wait === null ? '' : `&wait_seconds=${wait}`}`;
    return ask(this.client.agent, {
      method: 'GET',
      url: `${this.client.url}/api/phone/calls/pull/?${query}`,
      headers: { authorization: `Bearer ${access}` },
      readTimeoutMs: 60_000,
    });
  }

  /** Status of a whole poll, and the command's id when it brought one. */
  async poll(
    wait: number | string | null = null,
  ): Promise<{ status: number; id: string | null; tookMs: number }> {
    const outcome = await this.pull(wait).outcome;
    return { status: outcome.ok ? outcome.status : 0, id: idOf(outcome), tookMs: outcome.tookMs };
  }
}

/** Id of the command an answer brought; null when it brought none. */
export const idOf = (outcome: Outcome): string | null =>
  outcome.ok ? (commandOf(outcome)?.id ?? null) : null;

/** Puts a command into the queue of the client's own user; answers its id. */
export async function enqueue(person: Client, more: Record<string, unknown> = {}): Promise<string> {
  const reply = expectStatus(200, await person.post('/api/phone/calls/', { phone: newNumber(), ...more }));
  return String(reply.json['id']);
}

export function expectStatus(status: number, reply: Reply): Reply {
  if (reply.status !== status)
    throw new Error(`expected ${status}, got ${reply.status}: ${reply.text.slice(0, 300)}`);
  return reply;
}

/** Rows of the phones screen's API: this device's, seen by whoever asks. */
export async function phoneRow(person: Client, deviceId: string): Promise<Record<string, unknown> | null> {
  const reply = expectStatus(200, await person.get('/api/phones'));
  const items = reply.json['items'] as Record<string, unknown>[];
  return items.find((item) => item['device_id'] === deviceId) ?? null;
}

/** Resolves when the server knows that these phones' polls are parked; only then a race starts where it should. */
export async function parked(person: Client, ...handsets: Handset[]): Promise<void> {
  await parkedDevices(person, ...handsets.map(({ deviceId }) => deviceId));
}

/** As `parked`, by what the phones call themselves. */
export async function parkedDevices(person: Client, ...deviceIds: string[]): Promise<void> {
  const waiting = new Set(deviceIds);
  while (waiting.size > 0) {
    const reply = expectStatus(200, await person.get('/api/phones'));
    for (const item of reply.json['items'] as Record<string, unknown>[]) {
      if (item['state'] === 'polling') waiting.delete(String(item['device_id']));
    }
  }
}
