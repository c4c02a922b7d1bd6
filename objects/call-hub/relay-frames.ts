/**
 * Frames between a hub and the front of a self-hosted server, on one socket per tenant: the front holds the tenant's
 * live sockets and tells them what the hub tells it once. Text; the first character is the kind, the rest JSON. An
 * event carries its data after a line feed, as the text that goes over the wire.
 */
import type { CloseReason } from './close-codes.ts';
import type { LiveSubscriber } from './contract.ts';
import type { Aside } from './feed-messages.ts';
import type { Told } from './seats.ts';

/** A socket of the front wants to listen, from where it was. */
export interface Join {
  n: number;
  who: LiveSubscriber;
  from: { epoch: string; offset: number } | null;
}

export type FromHub =
  /** `messages` go to that socket as they are; `last` as in `Seats.knowLast`. */
  | { kind: 'joined'; n: number; messages: string[]; last: number }
  | { kind: 'told'; told: Told }
  | { kind: 'heads'; head: number }
  | { kind: 'aside'; aside: Aside }
  | { kind: 'drop'; by: 'sid' | 'user'; id: string; reason: CloseReason };

const KINDS = { joined: 'J', told: 'E', heads: 'H', aside: 'A', drop: 'D' } as const;

export const encodeJoin = (join: Join): string => JSON.stringify(join);
export const decodeJoin = (text: string): Join => JSON.parse(text) as Join;

export function encodeFromHub(frame: FromHub): string {
  if (frame.kind === 'told') {
    const { data, ...head } = frame.told;
    return `${KINDS.told}${JSON.stringify(head)}\n${data}`;
  }
  const { kind, ...rest } = frame;
  return `${KINDS[kind]}${JSON.stringify(rest)}`;
}

/** Both ends are ours and start together: a frame that can't be read is a bug and throws. */
export function decodeFromHub(text: string): FromHub {
  const kind = text.charAt(0);
  if (kind === KINDS.told) {
    const end = text.indexOf('\n');
    const head = JSON.parse(text.slice(1, end)) as Omit<Told, 'data'>;
    return { kind: 'told', told: { ...head, data: text.slice(end + 1) } };
  }
  const body = JSON.parse(text.slice(1)) as Record<string, unknown>;
  switch (kind) {
    case KINDS.joined:
      return { kind: 'joined', ...body } as FromHub;
    case KINDS.heads:
      return { kind: 'heads', ...body } as FromHub;
    case KINDS.aside:
      return { kind: 'aside', ...body } as FromHub;
    case KINDS.drop:
      return { kind: 'drop', ...body } as FromHub;
    default:
      throw new Error(`unknown frame of the hub: ${text.slice(0, 40)}`);
  }
}
