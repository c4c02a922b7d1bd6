import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import { newCallId } from '../../objects/lib/ids';
import { phoneQueueName } from '../../objects/lib/names';
import type { TenantView } from '../../objects/session-gate/contract';
import type { Env } from '../env';

export interface QueueCommandInput {
  /** As typed or sent; read with the tenant's country where it has no country code. */
  number: string;
  /** Whose phones ring; the one who asks unless said otherwise. */
  userId: string;
  /** Who asks. */
  creatorId: string;
  companyId?: string | null;
  contactId?: string | null;
  note?: string | null;
  /** One phone only: `devices.id`, or what the phone calls itself. */
  deviceId?: string | null;
}

/**
 * `bad_number`: no phone number can look like this. `no_device`: the user has no phone signed in. `unknown_device`:
 * not one of the user's phones.
 */
export type QueueCommandResult =
  | { ok: true; commandId: string; callId: string; phone: string; dedup: boolean }
  | { ok: false; code: 'bad_number' | 'no_device' | 'unknown_device' };

/** E.164 form of a number, null when it cannot be one. `country`: ISO 3166-1 alpha-2, for numbers without a code. */
export function normaliseNumber(number: string, country: string): string | null {
  // Longer than any number with separators; the parser's work grows with the text.
  if (number.length > 64) return null;
  // The tenant's country was checked when it was set; an unknown one only means that a code must be typed.
  const parsed = parsePhoneNumberFromString(number.replace(/^\s*tel:/i, ''), {
    defaultCountry: country as CountryCode,
    extract: false,
  });
  return parsed !== undefined && parsed.ext === undefined && parsed.isPossible() ? parsed.number : null;
}

/** Longer than CallHub ever takes; a hub that is away must not hold up a click. */
const KNOWN_BY_MS = 1_000;

/** Waits until the calls of commands just queued for a user can be looked up, a second at most. */
export async function untilCallIsKnown(
  env: Pick<Env, 'PHONE_QUEUE'>,
  tenant: TenantView,
  userId: string,
): Promise<void> {
  await queueOf(env, tenant, userId).tellNow(KNOWN_BY_MS);
}

const queueOf = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView, userId: string) =>
  env.PHONE_QUEUE.getByName(phoneQueueName(tenant.id, userId, tenant.phoneShards));

/**
 * Puts "call this number" into the user's queue: the phone's parked poll gets it at once, else its next one does.
 * The same creator, number and contact within 60 s while it still waits is the same command (`dedup`).
 */
export async function queueCommand(
  env: Pick<Env, 'PHONE_QUEUE'>,
  tenant: TenantView,
  input: QueueCommandInput,
  now: number = Date.now(),
): Promise<QueueCommandResult> {
  const phone = normaliseNumber(input.number, tenant.country);
  if (phone === null) return { ok: false, code: 'bad_number' };
  const queued = await queueOf(env, tenant, input.userId).enqueue({
    commandId: crypto.randomUUID(),
    callId: newCallId(now),
    userId: input.userId,
    creatorId: input.creatorId,
    phone,
    companyId: input.companyId ?? null,
    contactId: input.contactId ?? null,
    note: input.note ?? null,
    deviceId: input.deviceId ?? null,
    now,
  });
  if (!queued.ok) return { ok: false, code: queued.code === 'blank_phone' ? 'bad_number' : queued.code };
  return {
    ok: true,
    commandId: queued.id,
    callId: queued.callId,
    phone: queued.phone,
    dedup: queued.dedup === true,
  };
}
