import type { ServiceAccount } from '../../lib/service-account';
import type { PushPayload } from '../contract';
import type { Outcome } from '../machine';
import { sendToPhone, type FcmParts } from './fcm';

/** What a push delivery looks up in the configuration, all inside one tenant. */
export interface PushDirectory {
  /** The tenant's service account; null when push is not set up. */
  account(): Promise<ServiceAccount | null>;
  /** The phone's push token; null when it has none or is gone. */
  pushToken(deviceRowId: string): Promise<string | null>;
  /** Forgets the token, unless the phone has registered another one meanwhile. */
  dropPushToken(deviceRowId: string, pushToken: string): Promise<void>;
}

/** One attempt to wake one phone. */
export async function deliverPush(
  parts: FcmParts & { directory: PushDirectory },
  message: { key: string; payload: PushPayload },
): Promise<Outcome> {
  const account = await parts.directory.account();
  if (account === null) return { kind: 'skipped', reason: 'push is not set up' };
  const pushToken = await parts.directory.pushToken(message.key);
  if (pushToken === null) return { kind: 'skipped', reason: 'the phone has no push token' };
  const outcome = await sendToPhone(parts, account, pushToken, message.payload);
  if (outcome.kind === 'gone') await parts.directory.dropPushToken(message.key, pushToken);
  return outcome;
}
