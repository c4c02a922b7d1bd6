/** The sockets of a line to PhoneQueues: a few polls on each, as many sockets as it takes. */
import {
  CLOSE_DONE,
  decodeToWorker,
  encodeToQueue,
  POLLS_PER_CHANNEL,
  type PollRequest,
  type ToWorker,
} from '../../objects/phone-queue/channel';
import type { Env } from '../env';

/** What a channel tells its line about a poll. */
export interface Listener<Poll> {
  heard(poll: Poll, frame: ToWorker): void;
  /** The channel broke under it. */
  lost(poll: Poll): void;
}

/** A poll's place on a channel. */
export interface Seat {
  announce(poll: Omit<PollRequest, 'n'>): void;
  /** Tells the object that the poll is over and that a command sent to it was not handed over. */
  end(): void;
  /** Frees the place. */
  leave(): void;
}

export class LineChannels<Poll> {
  readonly #byQueue = new Map<string, Channel<Poll>[]>();

  constructor(
    private readonly namespace: Env['PHONE_QUEUE'],
    private readonly listener: Listener<Poll>,
  ) {}

  /** A place for a poll on a channel to the named queue, opened where all are full. @throws when it can't be reached. */
  async seat(queue: string, poll: Poll): Promise<Seat> {
    let channels = this.#byQueue.get(queue);
    if (channels === undefined) this.#byQueue.set(queue, (channels = []));
    let channel = channels.find(({ isFull }) => !isFull);
    if (channel === undefined) {
      const fresh: Channel<Poll> = new Channel(this.listener, () => this.#drop(queue, fresh));
      channels.push(fresh);
      fresh.open(this.namespace, queue);
      channel = fresh;
    }
    const place = channel.take(poll);
    await channel.opened;
    return place;
  }

  close(): void {
    for (const channels of this.#byQueue.values()) for (const channel of channels) channel.close();
    this.#byQueue.clear();
  }

  #drop(queue: string, channel: Channel<Poll>): void {
    const left = (this.#byQueue.get(queue) ?? []).filter((other) => other !== channel);
    if (left.length > 0) this.#byQueue.set(queue, left);
    else this.#byQueue.delete(queue);
  }
}

class Channel<Poll> {
  opened: Promise<void> = Promise.resolve();
  readonly #seated = new Map<number, Poll>();
  #socket: WebSocket | null = null;
  #last = 0;
  #broken = false;

  constructor(
    private readonly listener: Listener<Poll>,
    private readonly dropped: () => void,
  ) {}

  get isFull(): boolean {
    return this.#broken || this.#seated.size >= POLLS_PER_CHANNEL;
  }

  open(namespace: Env['PHONE_QUEUE'], queue: string): void {
    this.opened = this.#open(namespace, queue).catch((error: unknown) => {
      this.#broken = true;
      this.dropped();
      throw error;
    });
  }

  async #open(namespace: Env['PHONE_QUEUE'], queue: string): Promise<void> {
    const response = await namespace.getByName(queue).fetch('https://phone-queue/line', {
      headers: { upgrade: 'websocket' },
    });
    const socket = response.webSocket;
    if (socket === null) throw new Error(`a phone queue answered ${response.status} to a line`);
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#read(data);
    });
    socket.addEventListener('close', () => this.#break());
    socket.accept();
    this.#socket = socket;
  }

  take(poll: Poll): Seat {
    const n = (this.#last += 1);
    this.#seated.set(n, poll);
    return {
      announce: (request) => this.#send(encodeToQueue({ type: 'poll', poll: { ...request, n } })),
      end: () => this.#send(encodeToQueue({ type: 'ended', n })),
      leave: () => {
        this.#seated.delete(n);
      },
    };
  }

  close(): void {
    this.#broken = true;
    this.#socket?.close(CLOSE_DONE);
  }

  #read(text: string): void {
    const frame = decodeToWorker(text);
    if (frame === null) return;
    const poll = this.#seated.get(frame.n);
    if (poll !== undefined) return this.listener.heard(poll, frame);
    // Too late: the poll was answered already, so the command goes back to the head of the queue.
    if (frame.type === 'command') this.#send(encodeToQueue({ type: 'ended', n: frame.n }));
  }

  #send(text: string): void {
    if (!this.#broken) this.#socket?.send(text);
  }

  #break(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.dropped();
    for (const poll of this.#seated.values()) this.listener.lost(poll);
    this.#seated.clear();
  }
}
