import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import type { LinkRefusal, SlotState } from '../../objects/bridge-link/contract';
import { linkOf, type LinkEnv } from '../../objects/lib/ask-bridge';
import type { TenantView } from '../../objects/session-gate/contract';
import { PlatformError, type PlatformErrorCode } from '../http/errors';

export { askBridge, linkOf, readAnswer } from '../../objects/lib/ask-bridge';

export type BridgeRef = TenantView['bridges'][number];

/**
 * The tenant's bridge of this id, or its only one, or the first of several.
 *
 * @throws PlatformError NOT_FOUND for an id the tenant has not; SLOT_OFFLINE where it has no bridge at all
 */
export function bridgeOf(tenant: TenantView, bridgeId?: string): BridgeRef {
  const [first] = tenant.bridges;
  if (bridgeId === undefined && first === undefined)
    throw new PlatformError('SLOT_OFFLINE', 'No bridge is enrolled: an administrator adds one first.');
  const found = bridgeId === undefined ? first : tenant.bridges.find(({ id }) => id === bridgeId);
  if (found === undefined) throw new PlatformError('NOT_FOUND', 'No such bridge.');
  return found;
}

/** The bridge whose number an id of a command (`cmd_2_17`) or script run (`gacs_2_003`) carries. */
export function bridgeOfId(tenant: TenantView, id: string): BridgeRef | null {
  const number = /^(?:cmd|gacs)_(\d{1,9})_\d{1,15}$/.exec(id)?.[1];
  return tenant.bridges.find((bridge) => String(bridge.number) === number) ?? null;
}

/**
 * Where a slot is: its bridge and what that bridge's object knows of it. Every bridge of the tenant is asked at once
 * (they are few), so that no database is on the way of a call.
 *
 * @throws PlatformError NOT_FOUND
 */
export async function linkOfSlot(
  env: LinkEnv,
  tenant: TenantView,
  slotId: number,
): Promise<{ bridge: BridgeRef; link: ReturnType<typeof linkOf>; slot: SlotState }> {
  const asked = await Promise.allSettled(
    tenant.bridges.map(async (bridge) => {
      const link = linkOf(env, tenant.id, bridge.id);
      return { bridge, link, slot: await link.slot(slotId) };
    }),
  );
  for (const answer of asked) {
    if (answer.status === 'fulfilled' && answer.value.slot !== null)
      return { ...answer.value, slot: answer.value.slot };
  }
  // A bridge that could not be asked hides no other one's slot; but whether it has this one nobody knows.
  for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
  throw new PlatformError('NOT_FOUND', 'No such slot.');
}

/** What each refusal is in the API. The bridge's own code and words travel in `details`. */
const CODES: Readonly<Record<BridgeErrorCode, PlatformErrorCode>> = {
  OFFLINE: 'SLOT_OFFLINE',
  SLOT_OFFLINE: 'SLOT_OFFLINE',
  SLOT_BUSY: 'SLOT_BUSY',
  FENCED: 'SLOT_BUSY',
  OVERLOADED: 'RATE_LIMITED',
  INVALID_ARGS: 'INVALID_PARAMS',
  // The bridge's configuration has no such trunk, context or module: for the client a wrong value.
  FORBIDDEN: 'INVALID_PARAMS',
  NOT_FOUND: 'NOT_FOUND',
  DEADLINE: 'CALL_FAILED',
  CANCELLED: 'CALL_FAILED',
  UNKNOWN_VERB: 'CALL_FAILED',
  OUTCOME_UNKNOWN: 'CALL_FAILED',
  PBX_OFFLINE: 'CALL_FAILED',
  PBX_REFUSED: 'CALL_FAILED',
  SLOT_FAILED: 'CALL_FAILED',
  INTERNAL: 'CALL_FAILED',
};

const WORDS: Partial<Record<BridgeErrorCode, string>> = {
  OFFLINE: 'The bridge is not connected.',
  SLOT_OFFLINE: 'The slot is not connected.',
  SLOT_BUSY: 'Slot is currently used.',
  FENCED: 'The slot was given to somebody else meanwhile.',
  OVERLOADED: 'The bridge has too many requests open, try again in a moment.',
  FORBIDDEN: 'The configuration of the bridge does not allow it.',
  DEADLINE: 'The bridge did not answer in time.',
  OUTCOME_UNKNOWN: 'The bridge was interrupted: nobody knows whether it was done. It is not repeated.',
  UNKNOWN_VERB: 'The bridge is too old for this: update it.',
  PBX_OFFLINE: 'The PBX can’t be reached.',
};

/** What a route throws for a refusal; `message` replaces the words for the code. */
export function platformErrorOf(refusal: LinkRefusal, message?: string): PlatformError {
  return new PlatformError(CODES[refusal.code], message ?? WORDS[refusal.code] ?? refusal.message, {
    details: { ...refusal.details, bridge: [`${refusal.code}: ${refusal.message}`] },
    ...(refusal.code === 'OVERLOADED' && { headers: { 'Retry-After': '1' } }),
  });
}

/** Every code `platformErrorOf` may answer with, for the `errors` of a route. */
export const BRIDGE_REFUSALS = [
  'SLOT_OFFLINE',
  'SLOT_BUSY',
  'RATE_LIMITED',
  'NOT_FOUND',
  'CALL_FAILED',
] as const satisfies readonly PlatformErrorCode[];

/**
 * Starts something on a slot: on that one, or with `AUTO` on the online, free one of all the tenant's bridges that is
 * idle the longest. `start` takes the slot inside the bridge's object, atomically: a slot that somebody else took
 * meanwhile is refused there, and the next one is tried.
 *
 * @example
 * const { bridge, answer } = await startOnAnySlot(env, tenant, body.slot, async (link, slot) =>
 *   link.startSlotCall({ slot, callId, number, userId }));
 * if (!answer.ok) throw platformErrorOf(answer);
 * @throws PlatformError NOT_FOUND for a slot the tenant has not, SLOT_OFFLINE where it has no bridge or no slot online
 */
export async function startOnAnySlot<A extends { ok: true } | LinkRefusal>(
  env: LinkEnv,
  tenant: TenantView,
  slot: number | 'AUTO',
  start: (link: ReturnType<typeof linkOf>, slot: number | 'AUTO', bridge: BridgeRef) => Promise<A>,
): Promise<{ bridge: BridgeRef; answer: A }> {
  if (slot !== 'AUTO') {
    const { link, bridge } = await linkOfSlot(env, tenant, slot);
    return { bridge, answer: await start(link, slot, bridge) };
  }
  const only = bridgeOf(tenant);
  // One object chooses by itself; between several the choice is made here, and only the taking is theirs.
  if (tenant.bridges.length === 1)
    return { bridge: only, answer: await start(linkOf(env, tenant.id, only.id), 'AUTO', only) };
  const asked = await Promise.all(
    tenant.bridges.map(async (bridge) => {
      const link = linkOf(env, tenant.id, bridge.id);
      return (await link.slots()).map((state) => ({ bridge, link, state }));
    }),
  );
  const free = asked
    .flat()
    .filter(({ state }) => state.idleSince !== null && state.config.excludeFromAuto !== true)
    .sort((a, b) => Number(a.state.idleSince) - Number(b.state.idleSince) || a.state.id - b.state.id);
  for (const { bridge, link, state } of free) {
    const answer = await start(link, state.id, bridge);
    const taken = !answer.ok && ['SLOT_BUSY', 'SLOT_OFFLINE', 'OFFLINE', 'NOT_FOUND'].includes(answer.code);
    if (!taken) return { bridge, answer };
  }
  const used = free.length > 0 || asked.flat().some(({ state }) => state.status === 'BUSY');
  if (used) throw new PlatformError('SLOT_BUSY', 'Every slot is currently used.');
  throw new PlatformError('SLOT_OFFLINE', 'No slot is online.');
}
