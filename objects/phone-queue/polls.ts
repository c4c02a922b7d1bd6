/** The sockets over which polls are parked. What is parked where survives the object's sleep in their attachments. */
import { encodeToWorker, type ToWorker } from './channel';
import type { Poll } from './machine';

export type ParkedPoll = Poll & { n: number; userId: string };

type Packed = [n: number, userId: string, device: string, sid: string, bits: number];
interface Attachment {
  id: string;
  polls: Packed[];
}

interface Channel {
  id: string;
  socket: WebSocket;
  polls: Map<number, ParkedPoll>;
}

const LONG = 1;
const SIMULATOR = 2;

export const pollKey = (channelId: string, n: number): string => `${channelId}.${n}`;

export class ParkedPolls {
  readonly #channels = new Map<WebSocket, Channel>();
  readonly #byKey = new Map<string, Channel>();

  /** Rebuilds the picture from the sockets that outlived the object's memory. */
  constructor(sockets: readonly WebSocket[]) {
    for (const socket of sockets) {
      const kept = socket.deserializeAttachment() as Attachment | null;
      if (kept === null) continue;
      const channel: Channel = { id: kept.id, socket, polls: new Map() };
      this.#channels.set(socket, channel);
      for (const packed of kept.polls) {
        const poll = unpack(kept.id, packed);
        channel.polls.set(poll.n, poll);
        this.#byKey.set(poll.key, channel);
      }
    }
  }

  all(): ParkedPoll[] {
    return [...this.#channels.values()].flatMap(({ polls }) => [...polls.values()]);
  }

  /** A socket the object has just accepted. */
  open(socket: WebSocket, id: string): void {
    this.#channels.set(socket, { id, socket, polls: new Map() });
    socket.serializeAttachment({ id, polls: [] } satisfies Attachment);
  }

  /** Id of a socket's channel, null for one that is gone. */
  idOf(socket: WebSocket): string | null {
    return this.#channels.get(socket)?.id ?? null;
  }

  park(socket: WebSocket, poll: ParkedPoll): void {
    const channel = this.#channels.get(socket);
    if (channel === undefined) return;
    channel.polls.set(poll.n, poll);
    this.#byKey.set(poll.key, channel);
    keep(channel);
  }

  unpark(key: string): void {
    const channel = this.#byKey.get(key);
    if (channel === undefined) return;
    this.#byKey.delete(key);
    channel.polls.delete(numberOf(key));
    keep(channel);
  }

  /** The socket is gone. Answers what was parked on it. */
  close(socket: WebSocket): ParkedPoll[] {
    const channel = this.#channels.get(socket);
    if (channel === undefined) return [];
    this.#channels.delete(socket);
    for (const { key } of channel.polls.values()) this.#byKey.delete(key);
    return [...channel.polls.values()];
  }

  find(key: string): ParkedPoll | null {
    return this.#byKey.get(key)?.polls.get(numberOf(key)) ?? null;
  }

  /** The socket a poll is parked on. */
  socketOf(key: string): WebSocket | null {
    return this.#byKey.get(key)?.socket ?? null;
  }
}

/** Sends a frame; a socket that is closing is no fault: its close event tells what becomes of its polls. */
export function sendFrame(socket: WebSocket, frame: ToWorker): void {
  try {
    socket.send(encodeToWorker(frame));
  } catch (error) {
    console.warn(`phone queue: a frame could not be sent (${String(error)})`);
  }
}

export const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf('.') + 1));

function keep({ id, socket, polls }: Channel): void {
  socket.serializeAttachment({ id, polls: [...polls.values()].map(pack) } satisfies Attachment);
}

const pack = (poll: ParkedPoll): Packed => [
  poll.n,
  poll.userId,
  poll.device,
  poll.sid,
  (poll.long ? LONG : 0) | (poll.simulator ? SIMULATOR : 0),
];

const unpack = (channelId: string, [n, userId, device, sid, bits]: Packed): ParkedPoll => ({
  key: pollKey(channelId, n),
  n,
  userId,
  device,
  sid,
  long: (bits & LONG) !== 0,
  simulator: (bits & SIMULATOR) !== 0,
});
