/** How a bridge is, as its page shows it. */
import type { Readings } from '../../bridge/protocol/readings';
import type { BridgeStatus } from './contract';
import type { Meta } from './meta';
import type { PbxStates } from './pbx-states';
import type { SlotPart } from './parts';

/** The newest counts: one that another overtook is not worth an order. */
export function keepReadings(
  { at, host, hubs, hubs_why: why, slots: phones }: Readings,
  meta: Meta,
  slots: SlotPart,
): void {
  if (host !== undefined) meta.set('host', { reading: host, at });
  if (hubs !== undefined) meta.set('hubs', { hubs, why: why ?? null, at });
  if (phones !== undefined) slots.readings(phones, at);
}

/** `since` null: there is no tunnel now. */
export function statusOf(
  meta: Meta,
  pbx: PbxStates,
  live: Pick<BridgeStatus, 'since' | 'slots' | 'inFlight' | 'backlog'>,
): BridgeStatus {
  return {
    ...live,
    connected: live.since !== null,
    since: live.since ?? meta.get('endedAt'),
    agent: meta.get('agent'),
    address: meta.get('address'),
    config: meta.get('config'),
    pbx: pbx.states(),
    trunks: pbx.trunks(),
    host: meta.get('host'),
    hubs: meta.get('hubs'),
    replacedAt: meta.get('replacedAt'),
  };
}
