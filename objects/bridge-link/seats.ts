/**
 * The bridge's sockets. At most one is the tunnel; others wait for their hello. They hibernate: what is needed of one
 * afterwards is in its attachment.
 */
import type { z } from 'zod';
import { HELLO_WITHIN_MS, PING, PONG, PROTOCOL } from '../../bridge/protocol/limits';
import { Hello, helloText, TUNNEL_CLOSE, type TunnelCloseReason } from '../../bridge/protocol/messages';
import type { EdgeMessage } from '../../bridge/protocol/messages';
import type { BridgeRecord } from './contract';
import { verifyHello } from './keys';
import { isTransportError } from '../lib/transport-errors';

/** Connections without a hello at one time: a bridge has one, and one more when it comes back after a break. */
const MAX_WAITING = 8;
/** Versions of the tunnel this end speaks. */
const PROTOCOLS = [PROTOCOL];

export interface WaitingSeat {
  state: 'waiting' | 'checking';
  nonce: string;
  since: number;
  record: BridgeRecord;
}
export interface TunnelSeat {
  state: 'tunnel';
  session: string;
  since: number;
  journal: string;
  publicKey: string;
}
type Seat = WaitingSeat | TunnelSeat | { state: 'closed' };

type HelloMessage = z.infer<typeof Hello>;

/** A hello was proved right: the tunnel may come up on this socket. */
export interface Proved {
  ws: WebSocket;
  hello: HelloMessage;
  record: BridgeRecord;
}

const WORDS: Record<TunnelCloseReason, string> = {
  restart: 'the edge is being restarted',
  dead: 'nothing was heard for too long',
  unauthenticated: 'no valid hello came',
  revoked: 'this bridge was revoked',
  replaced: 'another connection with the same key took over',
  version: `this end speaks version ${PROTOCOLS.join(', ')} of the tunnel`,
  protocol: 'a message was too large or out of order',
};

export class Seats {
  #tunnel: { ws: WebSocket; seat: TunnelSeat } | null = null;
  /** Of the tunnel, other than heartbeats; those are the runtime's knowledge. */
  #messageAt = 0;

  constructor(
    private readonly ctx: DurableObjectState,
    private readonly now: () => number,
  ) {
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    for (const ws of ctx.getWebSockets()) {
      const seat = seatOf(ws);
      if (seat?.state === 'tunnel') this.#tunnel = { ws, seat };
    }
  }

  get tunnel(): TunnelSeat | null {
    return this.#tunnel?.seat ?? null;
  }

  /** When the tunnel was last heard; 0 without one. */
  get heardAt(): number {
    if (this.#tunnel === null) return 0;
    const beat = this.ctx.getWebSocketAutoResponseTimestamp(this.#tunnel.ws)?.getTime() ?? 0;
    return Math.max(beat, this.#messageAt, this.#tunnel.seat.since);
  }

  isTunnel(ws: WebSocket): boolean {
    return this.#tunnel?.ws === ws;
  }

  /** Takes in a new connection and challenges it. Null: too many wait already. */
  admit(record: BridgeRecord): { client: WebSocket; helloBy: number } | null {
    if (this.#waiting().length >= MAX_WAITING) return null;
    const { 0: client, 1: ws } = new WebSocketPair();
    this.ctx.acceptWebSocket(ws);
    const since = this.now();
    const nonce = [...crypto.getRandomValues(new Uint8Array(32))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    ws.serializeAttachment({ state: 'waiting', nonce, since, record } satisfies WaitingSeat);
    this.send(ws, { t: 'challenge', nonce, protocols: PROTOCOLS, now: since });
    return { client, helloBy: since + HELLO_WITHIN_MS };
  }

  /** Judges the first message of a connection; what is not a right hello ends it. */
  async prove(ws: WebSocket, text: string): Promise<Proved | null> {
    const seat = seatOf(ws);
    if (seat?.state !== 'waiting') return null;
    // A second message while the signature is checked must not be taken for another hello.
    ws.serializeAttachment({ ...seat, state: 'checking' } satisfies WaitingSeat);
    const spoken = versionOf(text);
    if (spoken !== null && !PROTOCOLS.includes(spoken)) {
      this.close(ws, 'version');
      return null;
    }
    const hello = Hello.safeParse(jsonOf(text));
    const { nonce, record } = seat;
    const isRight =
      hello.success &&
      (await verifyHello(
        record.publicKey,
        hello.data.signature,
        helloText(record.id, nonce, hello.data.protocol),
      ));
    // It may have been closed, or the bridge revoked, while the signature was checked.
    if (seatOf(ws)?.state !== 'checking') return null;
    if (!isRight) {
      this.close(ws, 'unauthenticated');
      return null;
    }
    return { ws, hello: hello.data, record };
  }

  /** Makes a proved connection the tunnel. The former one must have been closed. */
  raise({ ws, hello, record }: Proved): TunnelSeat {
    const seat: TunnelSeat = {
      state: 'tunnel',
      session: crypto.randomUUID(),
      since: this.now(),
      journal: hello.journal.id,
      publicKey: record.publicKey,
    };
    ws.serializeAttachment(seat);
    this.#tunnel = { ws, seat };
    this.#messageAt = seat.since;
    return seat;
  }

  heard(): void {
    this.#messageAt = this.now();
  }

  /** False: there is no tunnel, or it broke just now. */
  tell(message: EdgeMessage): boolean {
    return this.#tunnel !== null && this.send(this.#tunnel.ws, message);
  }

  /** Says why and closes. Answers whether it was the tunnel. */
  close(ws: WebSocket, why: TunnelCloseReason): boolean {
    const wasTunnel = this.gone(ws);
    const { code, temporary } = TUNNEL_CLOSE[why];
    // The close frame may arrive late or never: the message before it is what counts.
    this.send(ws, { t: 'bye', code, reason: WORDS[why], temporary });
    try {
      ws.close(code, why);
    } catch (error) {
      if (!isTransportError(error)) throw error;
    }
    return wasTunnel;
  }

  closeTunnel(why: TunnelCloseReason): boolean {
    return this.#tunnel !== null && this.close(this.#tunnel.ws, why);
  }

  /** Closes what has not said hello in time. Answers when the next one is due. */
  closeSilent(now: number): number | null {
    let next: number | null = null;
    for (const { ws, seat } of this.#waiting()) {
      const by = seat.since + HELLO_WITHIN_MS;
      if (by <= now) this.close(ws, 'unauthenticated');
      else next = Math.min(next ?? by, by);
    }
    return next;
  }

  /** Closes every connection, or those of another key. */
  closeAll(why: TunnelCloseReason, exceptKey?: string): boolean {
    for (const { ws, seat } of this.#waiting()) if (seat.record.publicKey !== exceptKey) this.close(ws, why);
    return this.#tunnel !== null && this.#tunnel.seat.publicKey !== exceptKey && this.closeTunnel(why);
  }

  /** Forgets a socket that is closed. Answers whether it was the tunnel. */
  gone(ws: WebSocket): boolean {
    const wasTunnel = this.#tunnel?.ws === ws;
    if (wasTunnel) this.#tunnel = null;
    ws.serializeAttachment({ state: 'closed' });
    return wasTunnel;
  }

  send(ws: WebSocket, message: EdgeMessage | string): boolean {
    try {
      ws.send(typeof message === 'string' ? message : JSON.stringify(message));
      return true;
    } catch (error) {
      if (!isTransportError(error)) console.error('bridge link socket', error);
      return false;
    }
  }

  #waiting(): { ws: WebSocket; seat: WaitingSeat }[] {
    return this.ctx.getWebSockets().flatMap((ws) => {
      const seat = seatOf(ws);
      return seat?.state === 'waiting' || seat?.state === 'checking' ? [{ ws, seat }] : [];
    });
  }
}

const seatOf = (ws: WebSocket): Seat | null => ws.deserializeAttachment() as Seat | null;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The version a hello asks for, read before anything else of it: another version's hello may look otherwise. */
function versionOf(text: string): number | null {
  const value = jsonOf(text);
  const isHello = typeof value === 'object' && value !== null && 't' in value && value.t === 'hello';
  return isHello && 'protocol' in value && typeof value.protocol === 'number' ? value.protocol : null;
}
