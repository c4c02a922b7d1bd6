/** A tenant with one user and signed-in phones, for this object's tests in the Workers runtime. */
import { env, exports } from 'cloudflare:workers';
import { systemRoleId } from '../../worker/auth/permissions';
import { issuePhoneAccess } from '../../worker/auth/tokens';
import { openDb } from '../../worker/db';
import { devices, sessions, tenants, users } from '../../worker/db/schema';
import { newCallId } from '../lib/ids';

let made = 0;

export interface TestPhone {
  sid: string;
  token: string;
  deviceId: string;
  rowId: string;
}

export class TestTenant {
  private constructor(
    readonly id: string,
    readonly userId: string,
  ) {}

  static async make(
    settings: { dialerEmptyHoldMs?: number; dialerCommandLifeMs?: number } = {},
  ): Promise<TestTenant> {
    made += 1;
    const id = String(6_000 + made);
    const userId = crypto.randomUUID();
    const db = openDb(env.DB);
    await db
      .insert(tenants)
      .values({ id, name: 'T', createdAt: 1, settings: { phoneShards: 1, ...settings } });
    await db.insert(users).values({
      id: userId,
      tenantId: id,
      username: `user${made}`,
      displayName: 'U',
      passwordHash: '',
      roleId: systemRoleId('operator'),
      createdAt: 1,
    });
    return new TestTenant(id, userId);
  }

  get queue() {
    return env.PHONE_QUEUE.getByName(`${this.id}:0`);
  }

  /** A phone with its D1 rows; the object hears of it when it polls. */
  async phone(deviceId: string): Promise<TestPhone> {
    const db = openDb(env.DB);
    const sid = crypto.randomUUID();
    const rowId = crypto.randomUUID();
    const own = { tenantId: this.id, userId: this.userId };
    await db.insert(sessions).values({ id: sid, ...own, kind: 'phone', jti: 'j', createdAt: Date.now() });
    await db.insert(devices).values({ id: rowId, ...own, deviceId, name: deviceId, createdAt: 1 });
    const token = await issuePhoneAccess(env, { userId: this.userId, tenantId: this.id, sid }, 3_600);
    return { sid, token, deviceId, rowId };
  }

  pull(phone: TestPhone, query = '&wait_seconds=25', init: RequestInit = {}): Promise<Response> {
    return exports.default.fetch(
      new Request(`http://localhost/api/phone/calls/pull/?device_id=${phone.deviceId}${query}`, {
        headers: { authorization: `Bearer ${phone.token}` },
        ...init,
      }),
    );
  }

  enqueue(
    phone: string,
    more: { deviceId?: string; contactId?: string; now?: number; commandId?: string } = {},
  ) {
    const now = more.now ?? Date.now();
    return this.queue.enqueue({
      commandId: crypto.randomUUID(),
      callId: newCallId(now),
      userId: this.userId,
      creatorId: this.userId,
      phone,
      now,
      ...more,
    });
  }

  /** Resolves when so many polls are parked in the object. */
  async parked(count: number): Promise<void> {
    for (let i = 0; i < 500; i += 1) {
      const polling = (await this.queue.devices({})).filter((device) => device.polling).length;
      if (polling === count) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${count} polls never were parked`);
  }
}

export const idOf = async (response: Response): Promise<string> => {
  if (response.status !== 200)
    throw new Error(`expected a command, got ${response.status} ${await response.text()}`);
  const { id } = await response.json<{ id: string }>();
  return id;
};
