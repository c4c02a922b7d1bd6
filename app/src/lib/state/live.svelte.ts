import WebSocket from 'partysocket/ws';
import { parseMessage, step, type LiveMessage, type Position } from './live-protocol';

export type LiveStatus = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline' | 'ended';

export interface LiveHandlers {
  /** Fetches the whole state; answers which position of the feed it stands for. */
  reload(): Promise<Position>;
  deliver(event: string, data: unknown): void;
  /** The session is over. */
  ended(): void;
  /** Connecting fails again and again: perhaps it is the session, which a socket's refusal can't tell. */
  check(): void;
}

/** Opens a socket that connects again by itself, each time to what the function says then. */
export type OpenSocket = (url: () => string) => WebSocket;

const openReconnecting: OpenSocket = (url) =>
  new WebSocket(url, null, {
    minReconnectionDelay: 400,
    maxReconnectionDelay: 10_000,
    connectionTimeout: 8_000,
  });

/** A connection that has been down this long is called offline, not reconnecting. */
const OFFLINE_AFTER_TRIES = 4;
const RELOAD_RETRY_MS = 3_000;
/** The server answers a ping without waking anything; silence for longer than two of them is a dead connection. */
const PING_EVERY_MS = 20_000;
const SILENCE_MS = 45_000;

/** The live feed's connection: one socket, resumed after breaks by epoch and offset. */
export class LiveFeed {
  status = $state<LiveStatus>('idle');
  #socket: WebSocket | null = null;
  #known: Position | null = null;
  #handlers: LiveHandlers;
  #open: OpenSocket;
  /** Messages that came while the whole state was being fetched; null when it is not. */
  #waiting: LiveMessage[] | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;

  constructor(handlers: LiveHandlers, open: OpenSocket = openReconnecting) {
    this.#handlers = handlers;
    this.#open = open;
  }

  start(): void {
    if (this.#socket) return;
    this.status = 'connecting';
    const socket = this.#open(() => this.#url());
    socket.addEventListener('open', () => (this.#heardAt = Date.now()));
    socket.addEventListener('message', (message: MessageEvent) => {
      this.#heardAt = Date.now();
      const parsed = parseMessage(message.data);
      if (parsed) this.#take(parsed);
    });
    socket.addEventListener('close', () => this.#broken());
    socket.addEventListener('error', () => this.#broken());
    window.addEventListener('online', this.#online);
    window.addEventListener('offline', this.#offline);
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#socket = socket;
  }

  stop(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#pings);
    window.removeEventListener('online', this.#online);
    window.removeEventListener('offline', this.#offline);
    const socket = this.#socket;
    this.#socket = null;
    this.#known = null;
    this.#waiting = null;
    if (this.status !== 'ended') this.status = 'idle';
    socket?.close();
  }

  /** Tries at once instead of waiting for the next turn. */
  retry(): void {
    if (this.status !== 'live') this.#socket?.reconnect();
  }

  #online = (): void => this.retry();
  #offline = (): void => {
    this.status = 'offline';
  };

  #ping(): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.#heardAt > SILENCE_MS) socket.reconnect();
    else socket.send('ping');
  }

  #url(): string {
    const url = new URL('/api/live', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.#known) {
      url.searchParams.set('epoch', this.#known.epoch);
      url.searchParams.set('offset', String(this.#known.offset));
    }
    return url.href;
  }

  #broken(): void {
    if (!this.#socket || this.status === 'ended' || !this.#socket.shouldReconnect) return;
    const tries = this.#socket.retryCount;
    this.status = !navigator.onLine || tries >= OFFLINE_AFTER_TRIES ? 'offline' : 'reconnecting';
    if (navigator.onLine && tries === 2) this.#handlers.check();
  }

  #take(message: LiveMessage): void {
    if (message.type === 'hello') this.status = 'live';
    // What arrives during a fetch is applied on top of it, in order, once its position is known.
    if (this.#waiting && message.type !== 'bye') {
      this.#waiting.push(message);
      return;
    }
    const { known, effects } = step(this.#known, message);
    this.#known = known;
    for (const effect of effects) {
      if (effect.do === 'deliver') this.#handlers.deliver(effect.event, effect.data);
      else if (effect.do === 'reload') void this.#reload();
      else if (effect.do === 'resume') this.#socket?.reconnect();
      else this.#close(effect.then);
    }
  }

  async #reload(): Promise<void> {
    this.#waiting = [];
    const socket = this.#socket;
    try {
      const position = await this.#handlers.reload();
      if (this.#socket !== socket) return;
      this.#known = position;
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const message of waiting) this.#take(message);
    } catch {
      // The screen shows the failure itself; here it only means that the place in the feed is unknown.
      if (this.#socket !== socket || !socket) return;
      this.#known = null;
      this.#waiting = null;
      this.#retry = setTimeout(() => socket.reconnect(), RELOAD_RETRY_MS);
    }
  }

  #close(then: 'later' | 'stay' | 'sign_in'): void {
    const socket = this.#socket;
    if (then === 'later') {
      this.status = 'reconnecting';
      this.#retry = setTimeout(() => socket?.reconnect(), RELOAD_RETRY_MS * (0.5 + Math.random()));
    } else if (then === 'stay') {
      this.status = 'offline';
      socket?.close();
    } else {
      this.status = 'ended';
      this.stop();
      this.#handlers.ended();
    }
  }
}
