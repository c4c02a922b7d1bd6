/** One connection to the edge, from dialling to its end: challenge, hello, welcome, heartbeat. */
import type { Agent } from 'node:http';
import { WebSocket, type RawData } from 'ws';
import type { z } from 'zod';
import {
  DEAD_AFTER_MS,
  HEARTBEAT_MS,
  HELLO_WITHIN_MS,
  MAX_MESSAGE,
  PING,
  PONG,
  PROTOCOL,
} from '../protocol/limits.ts';
import {
  EdgeMessage,
  parseMessage,
  TUNNEL_CLOSE,
  type BridgeMessage,
  type Bye,
  type Challenge,
  type Hello,
  type Welcome,
} from '../protocol/messages.ts';
import { reasonOf } from './http.ts';

type ByeMessage = z.infer<typeof Bye>;
export type WelcomeMessage = z.infer<typeof Welcome>;
type ChallengeMessage = z.infer<typeof Challenge>;
/** What may come once the tunnel is up. */
export type LiveMessage = Exclude<EdgeMessage, { t: 'challenge' | 'welcome' | 'bye' }>;

/** How a connection ended. */
export interface ConnectionEnd {
  /** In words, for the log. */
  reason: string;
  bye: ByeMessage | null;
  /** Status with which the upgrade was refused. */
  status: number | null;
  /** How long the tunnel was up, ms; 0: never. */
  liveMs: number;
}

interface ConnectionOptions {
  url: URL;
  agent: Agent | undefined;
  monotonic: () => number;
  challenged: (challenge: ChallengeMessage) => Hello;
  /** @param roundTripMs between hello and welcome */
  live: (welcome: WelcomeMessage, roundTripMs: number) => void;
  message: (message: LiveMessage) => void;
  /** A heartbeat came back after so long, ms. */
  beat: (roundTripMs: number) => void;
  /** Something the other end did that it should not. */
  odd: (what: string) => void;
  /** Called once. */
  ended: (end: ConnectionEnd) => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  #timer: NodeJS.Timeout;
  #heardAt: number;
  #pingedAt: number | null = null;
  #helloAt: number | null = null;
  #liveAt: number | null = null;
  #bye: ByeMessage | null = null;
  #status: number | null = null;
  #why = '';
  #ended = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#heardAt = options.monotonic();
    this.#socket = new WebSocket(options.url.href, {
      agent: options.agent,
      handshakeTimeout: HELLO_WITHIN_MS,
      // Frames of recordings are as large as a message may be, and their heads.
      maxPayload: MAX_MESSAGE,
      perMessageDeflate: false,
    });
    this.#timer = setTimeout(
      () => this.#giveUp(`the edge did not greet within ${HELLO_WITHIN_MS / 1_000} s`),
      HELLO_WITHIN_MS,
    );
    this.#socket.on('message', (data: RawData, isBinary) => this.#received(data, isBinary));
    this.#socket.on('unexpected-response', (_, response) => {
      this.#status = response.statusCode ?? 0;
      this.#giveUp(`the edge answered ${this.#status} ${response.statusMessage ?? ''}`.trim());
    });
    this.#socket.on('error', (error) => {
      if (this.#why === '') this.#why = reasonOf(error);
    });
    this.#socket.on('close', (code, reason) => this.#end(code, reason.toString()));
  }

  get isLive(): boolean {
    return this.#liveAt !== null && !this.#ended && this.#socket.readyState === WebSocket.OPEN;
  }

  /** False: the tunnel is not up, or the message is too large for it. */
  send(message: BridgeMessage | string): boolean {
    if (!this.isLive) return false;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    if (Buffer.byteLength(text) > MAX_MESSAGE) return false;
    this.#socket.send(text);
    return true;
  }

  sendFrame(bytes: Uint8Array): boolean {
    if (!this.isLive) return false;
    this.#socket.send(bytes);
    return true;
  }

  /** Ends it in order; the last messages still go out. Resolves when it is over, within `withinMs`. */
  async close(reason: string, withinMs = 2_000): Promise<void> {
    if (this.#ended) return;
    const over = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#why = reason;
    this.#socket.close(1000);
    const timer = setTimeout(() => this.#socket.terminate(), withinMs);
    await over;
    clearTimeout(timer);
  }

  /** Ends it without waiting for the other end. */
  drop(reason: string): void {
    this.#giveUp(reason);
  }

  #received(data: RawData, isBinary: boolean): void {
    this.#heardAt = this.#options.monotonic();
    if (isBinary) return this.#options.odd('the edge sent a binary frame, which no verb expects');
    // `ws` gives a Buffer for each message unless told otherwise.
    const text = Buffer.isBuffer(data) ? data.toString('utf8') : '';
    if (text === PONG) return this.#ponged();
    const parsed = parseMessage(EdgeMessage, text);
    if (!parsed.ok) {
      this.#options.odd(`the edge sent a message that is not understood: ${parsed.answer.slice(0, 300)}`);
      this.#socket.send(parsed.answer);
      return;
    }
    const { message } = parsed;
    if (message.t === 'bye') this.#bye = message;
    else if (message.t === 'challenge') this.#challenged(message);
    else if (message.t === 'welcome') this.#welcomed(message);
    else if (this.#liveAt === null) this.#giveUp(`the edge sent "${message.t}" before its welcome`);
    else this.#options.message(message);
  }

  #challenged(challenge: ChallengeMessage): void {
    if (this.#helloAt !== null) return this.#giveUp('the edge sent a second challenge');
    if (!challenge.protocols.includes(PROTOCOL)) {
      const { code, temporary } = TUNNEL_CLOSE.version;
      const reason = `the edge speaks versions ${challenge.protocols.join(', ')} of the tunnel, this bridge ${PROTOCOL}`;
      this.#bye = { t: 'bye', code, reason, temporary };
      return this.#giveUp(reason);
    }
    this.#helloAt = this.#options.monotonic();
    this.#socket.send(JSON.stringify(this.#options.challenged(challenge)));
  }

  #welcomed(welcome: WelcomeMessage): void {
    if (this.#helloAt === null || this.#liveAt !== null)
      return this.#giveUp('the edge sent a welcome out of turn');
    clearTimeout(this.#timer);
    this.#liveAt = this.#options.monotonic();
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS);
    // The first at once: the page shows a round trip without waiting, and the edge's clock of us starts.
    this.#beat();
    this.#options.live(welcome, this.#liveAt - this.#helloAt);
  }

  #beat(): void {
    const now = this.#options.monotonic();
    if (now - this.#heardAt >= DEAD_AFTER_MS) {
      return this.#giveUp(
        `nothing was heard from the edge for ${Math.round((now - this.#heardAt) / 1_000)} s`,
      );
    }
    this.#pingedAt ??= now;
    this.#socket.send(PING);
  }

  #ponged(): void {
    if (this.#pingedAt === null) return;
    this.#options.beat(this.#options.monotonic() - this.#pingedAt);
    this.#pingedAt = null;
  }

  #giveUp(reason: string): void {
    if (this.#why === '') this.#why = reason;
    this.#socket.terminate();
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    const liveMs = this.#liveAt === null ? 0 : this.#options.monotonic() - this.#liveAt;
    const said =
      this.#bye?.reason ?? (this.#why === '' ? `closed by the edge: ${code} ${reason}`.trim() : this.#why);
    this.#options.ended({ reason: said, bye: this.#bye, status: this.#status, liveMs });
  }
}
