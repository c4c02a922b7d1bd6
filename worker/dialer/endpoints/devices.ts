import { and, eq } from 'drizzle-orm';
import { PUSH_TOKEN } from '../../../objects/lib/service-account';
import { openText, sealText } from '../../auth/secrets';
import { devices } from '../../db/schema';
import { answer, database, readJson, type Endpoint, type SignedCall } from '../endpoint';
import { invalidFields } from '../errors';
import {
  booleanField,
  charField,
  checkFields,
  dateTimeField,
  dictField,
  int32Field,
  optional,
  required,
  uint31Field,
} from '../fields';
import { queueOf, tellHub } from '../queue';

/** `unknown` is a legal device id, and so is anything else the phone says in 64 characters. */
const deviceId = charField({ max: 64 });
const deviceName = charField({ max: 120, blank: true });
const DEFAULT_NAME = 'Android';
/** How our own protocol simulator names itself, so that no screen shows it as a phone. */
const SIMULATOR_NAME = 'Simulator: ';

async function register(call: SignedCall): Promise<Response> {
  const checked = checkFields(
    {
      device_id: required(deviceId),
      device_name: optional(deviceName),
      fcm_token: optional(charField({ max: 4_096, blank: true })),
    },
    await readJson(call),
  );
  if (!checked.ok) throw invalidFields(checked.errors);
  const { device_id, device_name, fcm_token } = checked.value;
  const { env, now } = call;
  const { tenant, userId, username } = call.identity;
  const simulator = device_name?.startsWith(SIMULATOR_NAME) ?? false;
  const [row] = await database(call)
    .insert(devices)
    .values({
      id: crypto.randomUUID(),
      tenantId: tenant.id,
      userId,
      deviceId: device_id,
      name: device_name || DEFAULT_NAME,
      simulator,
      pushToken: fcm_token ? sealText(env, tenant.id, PUSH_TOKEN, fcm_token) : null,
      sessionId: call.identity.sid,
      createdAt: now,
    })
    .onConflictDoUpdate({
      target: [devices.tenantId, devices.userId, devices.deviceId],
      set: {
        removedAt: null,
        sessionId: call.identity.sid,
        // What is absent keeps what is stored.
        ...(device_name && { name: device_name, simulator }),
        ...(fcm_token && { pushToken: sealText(env, tenant.id, PUSH_TOKEN, fcm_token) }),
      },
    })
    .returning();
  if (row === undefined) throw new Error('a device row was neither inserted nor updated');
  const registered = await queueOf(env, tenant, userId).registerDevice({
    userId,
    username,
    tenant: tenant.id,
    deviceRowId: row.id,
    deviceId: device_id,
    name: row.name,
    hasPushToken: row.pushToken !== null,
    simulator: row.simulator,
    now,
  });
  if (!registered.ok) throw new Error(`the queue refused a device: ${registered.code}`);
  if (registered.deviceRowId !== row.id) await adoptRowId(call, device_id, registered.deviceRowId);
  await tellHub(env, tenant.id);
  return answer({ ok: true, device_id });
}

/** The queue knew the phone under another row id (its D1 row was lost once): the id that commands refer to wins. */
async function adoptRowId(call: SignedCall, device: string, rowId: string): Promise<void> {
  const { tenant, userId } = call.identity;
  await database(call)
    .update(devices)
    .set({ id: rowId })
    .where(and(eq(devices.tenantId, tenant.id), eq(devices.userId, userId), eq(devices.deviceId, device)));
}

async function heartbeat(call: SignedCall): Promise<Response> {
  const checked = checkFields(
    {
      device_id: optional(charField({ max: 64, blank: true })),
      device_name: optional(deviceName),
      app_version: optional(charField({ max: 32, blank: true })),
      last_poll_code: optional(int32Field),
      last_poll_at: optional(dateTimeField(call.identity.tenant.timeZone)),
      encryption_enabled: optional(booleanField),
      queue_stuck: optional(booleanField),
      stuck_count: optional(uint31Field),
      oldest_stuck_age_sec: optional(uint31Field),
      stuck_by_type: optional(dictField),
    },
    await readJson(call),
  );
  if (!checked.ok) throw invalidFields(checked.errors);
  const said = checked.value;
  if (!said.device_id && said.queue_stuck === undefined) {
    throw invalidFields({ device_id: ['This field is required.'] });
  }
  const { env, now } = call;
  const { tenant, userId, username } = call.identity;
  const beat = await queueOf(env, tenant, userId).heartbeat({
    userId,
    username,
    deviceId: said.device_id || null,
    newDeviceRowId: crypto.randomUUID(),
    name: said.device_name || null,
    appVersion: said.app_version || null,
    lastPollCode: said.last_poll_code ?? null,
    lastPollAt: said.last_poll_at ?? null,
    encryptionEnabled: said.encryption_enabled ?? null,
    queueStuck: said.queue_stuck ?? null,
    stuckCount: said.stuck_count ?? null,
    oldestStuckAgeSec: said.oldest_stuck_age_sec ?? null,
    stuckByType: said.stuck_by_type ? countsByType(said.stuck_by_type) : null,
    now,
  });
  // Nothing to attach it to, and nothing the phone could do about it.
  if (!beat.ok)
    return answer({ ok: true, device_id: null, app_version: said.app_version || null, last_seen_at: null });
  if (beat.created) await keepCreated(call, beat);
  return answer({
    ok: true,
    device_id: beat.deviceId,
    app_version: beat.appVersion,
    last_seen_at: new Date(beat.lastSeenAt).toISOString(),
  });
}

/** A phone the queue did not know: its D1 row is made under the queue's id, or takes that id where there is one. */
async function keepCreated(
  call: SignedCall,
  beat: { deviceRowId: string; deviceId: string; name: string },
): Promise<void> {
  const { tenant, userId, username } = call.identity;
  const [row] = await database(call)
    .insert(devices)
    .values({
      id: beat.deviceRowId,
      tenantId: tenant.id,
      userId,
      deviceId: beat.deviceId,
      name: beat.name || DEFAULT_NAME,
      sessionId: call.identity.sid,
      createdAt: call.now,
    })
    .onConflictDoUpdate({
      target: [devices.tenantId, devices.userId, devices.deviceId],
      set: { id: beat.deviceRowId, removedAt: null, sessionId: call.identity.sid },
    })
    .returning();
  if (row !== undefined) {
    await queueOf(call.env, tenant, userId).registerDevice({
      userId,
      username,
      tenant: tenant.id,
      deviceRowId: row.id,
      deviceId: row.deviceId,
      name: row.name,
      hasPushToken:
        row.pushToken !== null && openText(call.env, tenant.id, PUSH_TOKEN, row.pushToken) !== null,
      simulator: row.simulator,
      now: call.now,
    });
  }
  await tellHub(call.env, tenant.id);
}

/** At most 32 types; what is no count is left out, since the rest of the heartbeat is worth more than it. */
function countsByType(said: Record<string, unknown>): Record<string, number> {
  const counts: [string, number][] = [];
  for (const [type, value] of Object.entries(said).slice(0, 32)) {
    const parsed = uint31Field.parse(value);
    if (parsed.ok) counts.push([type.slice(0, 64), parsed.value]);
  }
  return Object.fromEntries(counts);
}

export const deviceEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/devices/register',
    method: 'POST',
    who: 'phone',
    run: register,
    doc: {
      summary: 'Register this phone',
      description: 'Repeated, it stays one phone; an absent name or push token keeps the stored one.',
      body: { device_id: '0123456789abcdef', device_name: 'Pixel 8', fcm_token: 'cXyz…' },
      answer: { ok: true, device_id: '0123456789abcdef' },
    },
  },
  {
    path: '/api/phone/devices/heartbeat',
    method: 'POST',
    who: 'phone',
    run: heartbeat,
    doc: {
      summary: 'How this phone is',
      description:
        'An unknown phone is registered by it. Without `device_id`, `queue_stuck` is about the user’s phone seen last; ' +
        'a stuck queue raises an alert on the phone’s page until a heartbeat says it is not stuck.',
      body: {
        device_id: '0123456789abcdef',
        app_version: '2.4.1',
        last_poll_code: 204,
        last_poll_at: '2026-11-15T10:30:00Z',
        encryption_enabled: true,
        queue_stuck: true,
        stuck_count: 3,
        oldest_stuck_age_sec: 900,
        stuck_by_type: { call_update: 3 },
      },
      answer: {
        ok: true,
        device_id: '0123456789abcdef',
        app_version: '2.4.1',
        last_seen_at: '2026-11-15T10:30:01.000Z',
      },
    },
  },
];
