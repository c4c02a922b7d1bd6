/** What a PhoneQueue asks others once and keeps: sessions of the gate, devices and settings of D1. */
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { devices, tenants, users } from '../../worker/db/schema';
import { effectiveSettings } from '../../worker/db/settings';
import type { Env } from '../../worker/env';
import type { PhoneQueueSettings, RegisterDeviceInput } from './contract';

export class Directory {
  constructor(
    private readonly env: Pick<Env, 'DB' | 'SESSION_GATE'>,
    private readonly tenantId: string,
  ) {}

  /** Whether the gate vouches for a session of this user. @throws when the gate can't be asked. */
  async isAlive(sid: string, userId: string): Promise<boolean> {
    const checked = await this.env.SESSION_GATE.getByName(this.tenantId).check(sid, null);
    return checked.ok && checked.identity.userId === userId;
  }

  /** A registered phone this object has not heard of; null when there is none. */
  async device(userId: string, deviceId: string, now: number): Promise<RegisterDeviceInput | null> {
    const [found] = await this.#devices(userId, now, eq(devices.deviceId, deviceId));
    return found ?? null;
  }

  /** All registered phones of a user. */
  devicesOf(userId: string, now: number): Promise<RegisterDeviceInput[]> {
    return this.#devices(userId, now);
  }

  async #devices(userId: string, now: number, which?: SQL): Promise<RegisterDeviceInput[]> {
    const rows = await openDb(this.env.DB)
      .select({ device: devices, username: users.username })
      .from(devices)
      .innerJoin(users, eq(devices.userId, users.id))
      .where(
        and(
          eq(devices.tenantId, this.tenantId),
          eq(devices.userId, userId),
          isNull(devices.removedAt),
          which,
        ),
      );
    return rows.map(({ device, username }) => ({
      userId,
      username,
      tenant: this.tenantId,
      deviceRowId: device.id,
      deviceId: device.deviceId,
      name: device.name,
      hasPushToken: device.pushToken !== null,
      simulator: device.simulator,
      now,
    }));
  }

  /** The tenant's settings; the defaults for a tenant that is not there. */
  async settings(): Promise<PhoneQueueSettings & { shards: number }> {
    const row = await openDb(this.env.DB).query.tenants.findFirst({ where: eq(tenants.id, this.tenantId) });
    const settings = effectiveSettings(row?.settings ?? {});
    return {
      emptyHoldMs: settings.dialerEmptyHoldMs,
      lifeMs: settings.dialerCommandLifeMs,
      shards: settings.phoneShards,
    };
  }
}
