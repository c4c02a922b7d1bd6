/**
 * Socket.IO 5 over one Engine.IO session (https://socket.io/docs/v4/socket-io-protocol/): one namespace, sign-in by
 * the token of CONNECT, four rooms. The packets themselves are read and written by socket.io-parser.
 */
import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser';

export const ROOMS = ['calls', 'operators', 'slots', 'logs'] as const;
export type Room = (typeof ROOMS)[number];

/** Between the session's opening and its CONNECT. */
export const CONNECT_WITHIN_MS = 45_000;

/** A client that was told to go and did not is closed after this. */
const PART_WITHIN_MS = 2_000;

/** Who signed in: which rooms are open to them. */
export interface Listener {
  rooms: ReadonlySet<Room>;
}

export interface SessionParts {
  /** Writes one text of the protocol. */
  write(text: string): void;
  /** Ends the session below. */
  end(reason: string, code?: number): void;
  /** Whose token it is; null when it is good for nothing. `token` null: none was given. */
  signIn(token: string | null): Promise<Listener | null>;
  newId(): string;
  after(ms: number, run: () => void): () => void;
}

const NAMESPACE = '/';

export class Session {
  readonly #parts: SessionParts;
  readonly #encoder = new Encoder();
  readonly #decoder = new Decoder();
  readonly #rooms = new Set<Room>();
  #listener: Listener | null = null;
  #connecting = false;
  #cancelWait: () => void;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#decoder.on('decoded', (packet) => void this.#packet(packet));
    this.#cancelWait = parts.after(CONNECT_WITHIN_MS, () => parts.end('connect timeout'));
  }

  /** A message of the session below. */
  receive(data: string | Uint8Array): void {
    try {
      this.#decoder.add(typeof data === 'string' ? data : Buffer.from(data));
    } catch {
      this.#parts.end('parse error');
    }
  }

  /** Whether events of a room go to this client. */
  listensTo(room: Room): boolean {
    return this.#listener !== null && this.#rooms.has(room);
  }

  emit(event: string, payload: unknown): void {
    this.#write({ type: PacketType.EVENT, nsp: NAMESPACE, data: [event, payload] });
  }

  /**
   * Says why and parts for good: nothing more is told, and the client does not connect again by itself. It closes what
   * is below by its own hand: a close of ours would reach it first and look like a broken line.
   */
  expel({ code, reason }: { code: number; reason: string }): void {
    if (this.#listener === null) return this.#parts.end(reason, code);
    this.emit('session.ended', { code, reason });
    this.#write({ type: PacketType.DISCONNECT, nsp: NAMESPACE });
    this.#listener = null;
    this.#cancelWait = this.#parts.after(PART_WITHIN_MS, () => this.#parts.end(reason, code));
  }

  closed(): void {
    this.#cancelWait();
    this.#decoder.destroy();
    this.#listener = null;
  }

  async #packet(packet: Packet): Promise<void> {
    switch (packet.type) {
      case PacketType.CONNECT:
        return this.#connect(packet);
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        if (this.#listener === null) return this.#parts.end('not connected');
        return this.#event(packet);
      case PacketType.DISCONNECT:
        return this.#parts.end('client namespace disconnect');
      default:
        // An acknowledgement of something we never asked to be acknowledged.
        return undefined;
    }
  }

  async #connect({ nsp, data }: Packet): Promise<void> {
    if (nsp !== NAMESPACE) return this.#refuse(nsp, 'Invalid namespace', undefined);
    if (this.#connecting || this.#listener !== null) return this.#parts.end('connected already');
    this.#connecting = true;
    const given: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'token') : null;
    const listener = await this.#parts.signIn(typeof given === 'string' ? given : null);
    this.#connecting = false;
    if (listener === null)
      return this.#refuse(nsp, 'Sign in first: the token is missing, expired or revoked.', 'AUTH_FAIL');
    this.#cancelWait();
    this.#listener = listener;
    this.#write({ type: PacketType.CONNECT, nsp: NAMESPACE, data: { sid: this.#parts.newId() } });
  }

  #event({ data, id }: Packet): void {
    const [name] = Array.isArray(data) ? (data as unknown[]) : [];
    const [, verb, room] = /^(subscribe|unsubscribe):(\w+)$/.exec(String(name)) ?? [];
    const known = ROOMS.find((one) => one === room);
    if (known === undefined)
      return this.#answer(id, failure('INVALID_PARAMS', `Nobody listens to ${String(name)}.`));
    if (verb === 'unsubscribe') this.#rooms.delete(known);
    else if (this.#listener?.rooms.has(known) === true) this.#rooms.add(known);
    else {
      const refusal = failure('PERMISSION_DENIED', `Your role does not allow ${String(name)}.`);
      if (id === undefined) this.emit('subscribe.error', refusal);
      return this.#answer(id, refusal);
    }
    this.#answer(id, { ok: true });
  }

  #answer(id: number | undefined, payload: unknown): void {
    if (id !== undefined) this.#write({ type: PacketType.ACK, nsp: NAMESPACE, id, data: [payload] });
  }

  #refuse(nsp: string, message: string, code: string | undefined): void {
    const data = { message, ...(code !== undefined && { data: { error: true, code, message } }) };
    this.#write({ type: PacketType.CONNECT_ERROR, nsp, data });
  }

  #write(packet: Packet): void {
    for (const part of this.#encoder.encode(packet) as unknown[])
      if (typeof part === 'string') this.#parts.write(part);
  }
}

const failure = (code: string, message: string) => ({ error: true, code, message }) as const;
