import type { BridgeEvent } from '../../../bridge/protocol/events';
import type { BridgeEvents, CallHubApi, CallView, StartCallInput } from '../../../objects/call-hub/contract';
import { EPOCH, CUSTOMER, type ChannelStory } from '../../sim/pbx/channels';
import { all, OLGA } from './call-hub';

export type Hub = DurableObjectStub<CallHubApi>;
export type Events = BridgeEvents['events'];

export const BRIDGE = 'bridge-1';
let journals = 0;
export const newJournal = (): string =>
  `00000000-0000-4000-8000-${String((journals += 1)).padStart(12, '0')}`;

/** The story's facts as they would have been heard a while ago, so that their end is in the past. */
export const SHIFT = Date.now() - 3_600_000 - EPOCH * 1000;
export const eventsOf = (story: ChannelStory): Events =>
  story.told.map(({ at, seq, fact }) => ({
    seq,
    at: at + SHIFT,
    slotId: null,
    event: { kind: 'pbx.channel', data: fact },
  }));
export const one = (
  seq: number,
  event: BridgeEvent,
  at = Date.now(),
  slotId: number | null = null,
): Events => [{ seq, at, slotId, event }];
export const take = (hub: Hub, journal: string, events: Events) =>
  hub.ingestBridge({ bridgeId: BRIDGE, journal, events });
export const calls = async (hub: Hub, viewer = all): Promise<CallView[]> =>
  (await hub.feed({ viewer, recent: 200 })).calls;

export const startInput = (change: Partial<StartCallInput> = {}): StartCallInput => ({
  callId: 'c_click1',
  source: 'pbx',
  direction: 'out',
  number: CUSTOMER,
  userId: OLGA,
  extension: '101',
  slotId: null,
  bridgeId: BRIDGE,
  pbx: 'office',
  trunk: null,
  contactId: null,
  companyId: null,
  now: EPOCH * 1000 + SHIFT,
  ...change,
});
