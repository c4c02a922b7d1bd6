import type { Env } from '../../worker/env';
import { bridgeLinkName } from '../bridge-link/contract';
import type { Directory } from './directory';
import type { FanoutItem } from './fanout';

/** A target that has not answered by then is tried again later: a caller who signs out must not wait for it. */
const ANSWER_LIMIT_MS = 3_000;

/**
 * Tells one target. Every target takes the same thing twice without harm.
 *
 * @throws when the target can't be reached or doesn't answer in time.
 */
export async function deliver(
  item: FanoutItem,
  env: Env,
  tenantId: string,
  directory: Directory,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_LIMIT_MS);
  });
  try {
    await Promise.race([tell(item, env, tenantId, directory), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function tell(item: FanoutItem, env: Env, tenantId: string, directory: Directory): Promise<void> {
  const colon = item.subject.indexOf(':');
  const isSession = item.subject.slice(0, colon) === 'session';
  const id = item.subject.slice(colon + 1);
  if (item.target === 'd1') return directory.markRevoked(id, item.at, item.by);
  if (item.target === 'hub') {
    const hub = env.CALL_HUB.getByName(tenantId);
    return isSession ? hub.dropSession(id) : hub.dropUser(id);
  }
  if (item.target.startsWith('bridge:')) {
    const name = bridgeLinkName(tenantId, item.target.slice('bridge:'.length));
    return env.BRIDGE_LINK.getByName(name).configChanged();
  }
  const queue = env.PHONE_QUEUE.getByName(item.target.slice('phone:'.length));
  if (isSession) return queue.revokeSession(id, item.at);
  return item.verb === 'revoke' ? queue.revokeUser(id, item.at) : queue.restoreUser(id);
}
