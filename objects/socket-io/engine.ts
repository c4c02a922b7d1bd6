/**
 * One Engine.IO session: first by long polls, then over a WebSocket when the client upgrades, or over a WebSocket from
 * the start. Carries messages and beats; what they mean is not its business. Timers are passed in.
 */
import { PACKET, type Packet } from './engine-codec';

export const PING_INTERVAL_MS = 25_000;
export const PING_TIMEOUT_MS = 20_000;
/** Bytes of one body or frame. */
export const MAX_PAYLOAD = 100_000;

/** The end of a WebSocket, as far as a session needs it. */
export interface Wire {
  send(packet: Packet): void;
  close(code: number, reason: string): void;
}

export interface EngineParts {
  sid: string;
  /** Answers how to undo it. */
  after(ms: number, run: () => void): () => void;
  onMessage(data: string | Uint8Array): void;
  /** Once; nothing is sent or heard afterwards. */
  onClose(reason: string): void;
}

/** A long poll that waits for packets. */
type Waiter = (packets: Packet[]) => void;

export class Engine {
  readonly #parts: EngineParts;
  readonly #queue: Packet[] = [];
  #wire: Wire | null = null;
  /** A WebSocket that is being tried. */
  #probe: Wire | null = null;
  /** It was answered: the client ends its polls now, and the next one must not keep it. */
  #probed = false;
  #waiter: Waiter | null = null;
  #cancelBeat: () => void = () => undefined;
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#beat();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get isPolling(): boolean {
    return this.#wire === null;
  }

  /** The first packet of a session. */
  openPacket(): string {
    const upgrades = this.#wire === null ? ['websocket'] : [];
    return (
      PACKET.open +
      JSON.stringify({
        sid: this.#parts.sid,
        upgrades,
        pingInterval: PING_INTERVAL_MS,
        pingTimeout: PING_TIMEOUT_MS,
        maxPayload: MAX_PAYLOAD,
      })
    );
  }

  sendMessage(data: string): void {
    this.#send(PACKET.message + data);
  }

  /** What a poll is answered with: at once if something waits for it. Two polls at a time are a fault of the client. */
  poll(): Promise<Packet[] | null> {
    if (this.#closed || this.#wire !== null) return Promise.resolve(null);
    if (this.#waiter !== null) {
      this.close('overlapping polls');
      return Promise.resolve(null);
    }
    if (this.#queue.length > 0) return Promise.resolve(this.#queue.splice(0));
    if (this.#probed) return Promise.resolve([PACKET.noop]);
    return new Promise((resolve) => (this.#waiter = resolve));
  }

  /** The client of the waiting poll is gone: what comes waits for the next one. */
  pollGone(): void {
    this.#waiter = null;
  }

  /** A packet from the client, by whichever way. */
  receive(packet: Packet): void {
    if (this.#closed) return;
    if (typeof packet !== 'string') return this.#parts.onMessage(packet);
    switch (packet.charAt(0)) {
      case PACKET.message:
        return this.#parts.onMessage(packet.slice(1));
      case PACKET.pong:
        return this.#beat();
      case PACKET.close:
        return this.close('client');
      default:
        return this.close('unknown packet');
    }
  }

  /** A WebSocket as the first way of the session. */
  openOver(wire: Wire): void {
    this.#wire = wire;
    wire.send(this.openPacket());
  }

  /** A WebSocket that may take over from the polls. False: the session has one already. */
  tryOver(wire: Wire): boolean {
    if (this.#wire !== null || this.#probe !== null) return false;
    this.#probe = wire;
    return true;
  }

  /** A packet over a WebSocket that is being tried, or that has taken over. */
  receiveOver(wire: Wire, packet: Packet): void {
    if (wire === this.#wire) return this.receive(packet);
    if (wire !== this.#probe) return;
    if (packet === `${PACKET.ping}probe`) {
      wire.send(`${PACKET.pong}probe`);
      this.#probed = true;
      if (this.#waiter !== null) this.#flushTo(this.#waiter, [PACKET.noop]);
    } else if (packet === PACKET.upgrade) {
      this.#endProbe();
      this.#wire = wire;
      if (this.#waiter !== null) this.#flushTo(this.#waiter, [PACKET.noop]);
      for (const waiting of this.#queue.splice(0)) wire.send(waiting);
    } else {
      this.#endProbe();
      wire.close(1002, 'probe expected');
    }
  }

  wireClosed(wire: Wire): void {
    if (wire === this.#probe) this.#endProbe();
    if (wire === this.#wire) this.close('transport close');
  }

  /** `code` and `reason` go with the WebSocket's close frame. */
  close(reason: string, code = 1000): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelBeat();
    this.#queue.push(PACKET.close);
    if (this.#waiter !== null) this.#flushTo(this.#waiter, this.#queue.splice(0));
    for (const packet of this.#wire === null ? [] : this.#queue.splice(0)) this.#wire?.send(packet);
    this.#wire?.close(code, reason);
    this.#probe?.close(code, reason);
    this.#parts.onClose(reason);
  }

  /** What a poll that comes after the end is still owed. */
  rest(): Packet[] {
    return this.#queue.splice(0);
  }

  #endProbe(): void {
    this.#probe = null;
    this.#probed = false;
  }

  #send(packet: Packet): void {
    if (this.#closed) return;
    if (this.#wire !== null) return this.#wire.send(packet);
    this.#queue.push(packet);
    if (this.#waiter !== null) this.#flushTo(this.#waiter, this.#queue.splice(0));
  }

  #flushTo(waiter: Waiter, packets: Packet[]): void {
    this.#waiter = null;
    waiter(packets);
  }

  /** Pings after a while of quiet, and ends the session when no pong follows. */
  #beat(): void {
    this.#cancelBeat();
    this.#cancelBeat = this.#parts.after(PING_INTERVAL_MS, () => {
      this.#send(PACKET.ping);
      this.#cancelBeat = this.#parts.after(PING_TIMEOUT_MS, () => this.close('ping timeout'));
    });
  }
}
