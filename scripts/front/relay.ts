// One socket to a tenant's CallHub for all live sockets of that tenant: `objects/call-hub/relay-frames.ts`.
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import type { LiveSubscriber } from '../../objects/call-hub/contract.ts';
import { decodeFromHub, encodeJoin } from '../../objects/call-hub/relay-frames.ts';
import { Seats, type Outlets } from '../../objects/call-hub/seats.ts';
import { textFrame } from './text-frame.ts';

/** A client that reads so slowly is let go; it comes back and gets what it missed. */
const MAX_BUFFERED = 4 * 1024 * 1024;
/** RFC 6455: the server is restarting, come again. */
const RESTARTING = 1012;

/** A client's socket, and the connection underneath: a frame for many is made once and written there. */
export interface Listener {
  socket: WebSocket;
  connection: Duplex;
}

const outlets: Outlets<Listener, Buffer> = {
  pack: textFrame,
  send({ socket, connection }, frame) {
    if (socket.readyState !== WebSocket.OPEN) return false;
    if (connection.writableLength > MAX_BUFFERED) {
      socket.terminate();
      return false;
    }
    connection.write(frame);
    return true;
  },
  close({ socket }, code, reason) {
    socket.close(code, reason);
  },
};

/** A tenant's listeners, as long as there are any. When the hub's socket breaks, they are told to come again. */
export class Relay {
  readonly #seats = new Seats<Listener, Buffer>(outlets, () => 0);
  readonly #joining = new Map<number, { listener: Listener; who: LiveSubscriber }>();
  readonly #hub: WebSocket;
  readonly #opened: Promise<void>;
  #last = 0;

  constructor(url: URL, headers: Record<string, string>, onEnd: () => void) {
    this.#hub = new WebSocket(url.href, { headers, perMessageDeflate: false });
    this.#opened = new Promise((resolve, reject) => {
      this.#hub.once('open', resolve);
      this.#hub.once('error', reject);
      this.#hub.once('close', () => reject(new Error('closed')));
    });
    // Whoever waits for it hears of a failure; nobody may be waiting.
    this.#opened.catch(() => undefined);
    this.#hub.on('error', () => undefined);
    this.#hub.on('message', (data: Buffer) => this.#read(data.toString('utf8')));
    this.#hub.once('close', () => {
      onEnd();
      this.#letGo();
    });
  }

  get size(): number {
    return this.#seats.size + this.#joining.size;
  }

  /** Seats a client's socket; what it missed and all that follows is sent to it. Rejects when the hub can't be reached. */
  async join(
    listener: Listener,
    who: LiveSubscriber,
    from: { epoch: string; offset: number } | null,
  ): Promise<void> {
    this.#last += 1;
    const n = this.#last;
    this.#joining.set(n, { listener, who });
    await this.#opened;
    if (this.#joining.has(n)) this.#hub.send(encodeJoin({ n, who, from }));
  }

  /** A socket that says more than a ping. */
  refuse(listener: Listener): void {
    this.#seats.close(listener, 'unexpected_message');
  }

  leave(listener: Listener): void {
    this.#seats.remove(listener);
    for (const [n, joining] of this.#joining) if (joining.listener === listener) this.#joining.delete(n);
  }

  end(): void {
    this.#hub.close();
  }

  #read(text: string): void {
    const frame = decodeFromHub(text);
    switch (frame.kind) {
      case 'joined': {
        const joining = this.#joining.get(frame.n);
        this.#joining.delete(frame.n);
        if (joining === undefined) return;
        const { listener, who } = joining;
        this.#seats.knowLast(who, frame.last);
        this.#seats.add(listener, who);
        for (const message of frame.messages) this.#seats.send(listener, outlets.pack(message));
        return;
      }
      case 'told':
        // The sockets' own buffers are the queue here: nothing else waits for this turn but more of the same.
        for (const _left of this.#seats.broadcast(frame.told, Date.now()));
        return;
      case 'heads':
        this.#seats.heads(frame.head, Date.now());
        return;
      case 'aside':
        this.#seats.aside(frame.aside, Date.now());
        return;
      case 'drop':
        for (const [n, { who, listener }] of this.#joining) {
          if ((frame.by === 'sid' ? who.sid : who.userId) !== frame.id) continue;
          this.#joining.delete(n);
          this.#seats.close(listener, frame.reason);
        }
        this.#seats.drop((who) => (frame.by === 'sid' ? who.sid : who.userId) === frame.id, frame.reason);
    }
  }

  #letGo(): void {
    for (const { listener } of this.#joining.values()) listener.socket.close(RESTARTING, 'restarting');
    this.#joining.clear();
    for (const { socket } of this.#seats.sockets()) socket.close(RESTARTING, 'restarting');
  }
}
