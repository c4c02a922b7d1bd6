/** What the hub tells its live sockets, as Socket.IO's clients know it (`{event, data}` under the event's own name). */
import type { CallStatus, FeedEvent } from '../call-hub/contract';
import type { Room } from './session';

const STATES: Record<CallStatus, string> = {
  queued: 'QUEUED',
  ringing: 'RING',
  connected: 'ACTIVE',
  ended: 'END',
};

export interface WireEvent {
  room: Room;
  event: FeedEvent | 'log.event';
  data: Record<string, unknown>;
}

export type HubSaid =
  | { kind: 'event'; event: WireEvent; offset: number }
  | { kind: 'hello'; epoch: string; offset: number }
  | { kind: 'reload' }
  | { kind: 'bye'; code: number; reason: string; temporary: boolean }
  | { kind: 'log'; events: WireEvent[] }
  | { kind: 'head' };

/** Reads one message of the hub's live socket. */
export function readHub(text: string): HubSaid {
  const message = JSON.parse(text) as Record<string, unknown> & { type: string };
  switch (message.type) {
    case 'hello':
      return { kind: 'hello', epoch: String(message.epoch), offset: Number(message.offset) };
    case 'reload':
      return { kind: 'reload' };
    case 'bye':
      return {
        kind: 'bye',
        code: Number(message.code),
        reason: String(message.reason),
        temporary: message.temporary === true,
      };
    case 'log':
      return {
        kind: 'log',
        events: (message.entries as Record<string, unknown>[]).map((data) => ({
          room: 'logs',
          event: 'log.event',
          data,
        })),
      };
    case 'event':
      return {
        kind: 'event',
        offset: Number(message.offset),
        event: wireEvent(message.event as WireEvent['event'], message.data as Record<string, unknown>),
      };
    default:
      return { kind: 'head' };
  }
}

function wireEvent(event: WireEvent['event'], data: Record<string, unknown>): WireEvent {
  if (event === 'operator.update' || event === 'queue.update') return { room: 'operators', event, data };
  if (event !== 'call.update') return { room: 'slots', event, data };
  const state = data.outcome === 'failed' ? 'FAILED' : STATES[data.status as CallStatus];
  return { room: 'calls', event, data: { ...data, state } };
}
