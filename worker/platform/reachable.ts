import type { RouteResult } from '../../objects/call-hub/contract';
import { linkOf, platformErrorOf, readAnswer } from '../bridge/links';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { askPbx } from './pbx-choice';
import { viewerOf } from './viewer';

/** A call asked for a moment ago is known to the PBX within milliseconds; this is for a slow line. */
const PLACED_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 100;

/**
 * Where a call can be reached now; `route` is null of an ended one.
 *
 * @throws PlatformError NOT_FOUND; CALL_FAILED for one that goes on where nothing of ours reaches
 */
export async function reachable(
  env: Env,
  identity: Identity,
  callId: string,
): Promise<NonNullable<RouteResult>> {
  const hub = env.CALL_HUB.getByName(identity.tenantId);
  for (const until = Date.now() + PLACED_WITHIN_MS; ;) {
    const found = await hub.route(callId, viewerOf(identity));
    if (!found) throw new PlatformError('NOT_FOUND', 'No such call.');
    if (found.status === 'ended' || found.route !== null) return found;
    if (found.status !== 'queued' || Date.now() > until)
      throw new PlatformError('CALL_FAILED', 'No bridge reaches this call.');
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

/** Ends a live call where it runs. @throws PlatformError with the bridge's words */
export async function endCall(env: Env, identity: Identity, callId: string): Promise<void> {
  const { route } = await reachable(env, identity, callId);
  if (route === null) return;
  if (route.via === 'phone') {
    throw new PlatformError(
      'CALL_FAILED',
      'This call is on an Android phone: it is ended there, or its command is cancelled while it waits.',
    );
  }
  const bridge = identity.tenant.bridges.find(({ id }) => id === route.bridgeId);
  if (!bridge) throw new PlatformError('SLOT_OFFLINE', 'The bridge of this call is no longer there.');
  if (route.via === 'pbx') {
    const { pbx, linkedid } = route;
    await env.CALL_HUB.getByName(identity.tenantId).endAsked({ callId, now: Date.now() });
    await askPbx(env, identity, { bridge, pbx }, 'pbx.hangup', { pbx, linkedid });
    return;
  }
  const link = linkOf(env, identity.tenantId, bridge.id);
  const answer = readAnswer('slot.hangup', await link.endSlotCall({ callId, by: `user:${identity.userId}` }));
  if (!answer.ok) throw platformErrorOf(answer);
}
