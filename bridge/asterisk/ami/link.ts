/** Keeps a session with the manager interface: connects, signs in, asks whether it lives, connects again. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type Logger } from '../../part.ts';
import { freshBackoff, nextAttempt } from '../../tunnel/backoff.ts';
import type { AmiMessage } from './message.ts';
import { AmiLoginRefused, AmiSession, type AmiCredentials } from './session.ts';

/** An interface that says nothing for so long is asked whether it is there. */
const PING_EVERY_MS = 5_000;
const LONGEST_WAIT_MS = 5_000;

export interface AmiLinkOptions {
  /** A fresh connection; may wait, e.g. for SSH. */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Asked at each connection, for a secret may have been changed. */
  credentials(): AmiCredentials;
  log: Logger;
  onEvent(event: AmiMessage): void;
  /** Called on a fresh session before it is used by others; if it throws, the session is given up. */
  prepare(session: AmiSession): Promise<void>;
  /** The session came up or went down. */
  changed(): void;
  /** Why there can be none now, where that lies before the interface; null if it does not. */
  hindrance(): string | null;
}

/** A TCP connection straight to the interface. */
export function connectTcp(host: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, keepAlive: true, ...(signal && { signal }) });
    const late = setTimeout(() => socket.destroy(new Error('no answer within 10 s')), 10_000);
    socket.once('connect', () => {
      clearTimeout(late);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(late));
  });
}

export class AmiLink {
  readonly #options: AmiLinkOptions;
  readonly #stop = new AbortController();
  #session: AmiSession | null = null;
  #loop: Promise<void> | null = null;
  /** Why it is down; null while it is up. */
  error: string | null = 'not connected yet';

  constructor(options: AmiLinkOptions) {
    this.#options = options;
  }

  get up(): boolean {
    return this.#session !== null;
  }

  /** @throws Refusal PBX_OFFLINE while there is none */
  get session(): AmiSession {
    if (!this.#session) {
      const why = this.#options.hindrance() ?? this.error;
      throw new Refusal('PBX_OFFLINE', why ?? "Asterisk's manager interface is not connected");
    }
    return this.#session;
  }

  start(): void {
    this.#loop ??= this.#keep();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#session?.close();
    await this.#loop;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    let backoff = freshBackoff;
    while (!signal.aborted) {
      let began = 0;
      let refused = false;
      try {
        const session = await this.#connect(signal);
        began = performance.now();
        await this.#live(session);
      } catch (error) {
        refused = error instanceof AmiLoginRefused;
        this.#down(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return;
      const next = nextAttempt(
        backoff,
        { liveMs: began && performance.now() - began, refused },
        Math.random(),
      );
      ({ backoff } = next);
      await sleep(refused ? next.waitMs : Math.min(next.waitMs, LONGEST_WAIT_MS), undefined, {
        signal,
      }).catch(() => null);
    }
  }

  async #connect(signal: AbortSignal): Promise<AmiSession> {
    const { open, credentials, onEvent, prepare } = this.#options;
    const session = await AmiSession.open(await open(signal), credentials(), onEvent);
    try {
      signal.throwIfAborted();
      await prepare(session);
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  async #live(session: AmiSession): Promise<void> {
    this.#session = session;
    this.error = null;
    this.#options.log.info("Asterisk's manager interface is up");
    this.#options.changed();
    const ping = setInterval(() => {
      // A ping without an answer ends the session by itself.
      session.action('Ping').catch(() => undefined);
    }, PING_EVERY_MS);
    const why = await session.closed;
    clearInterval(ping);
    this.#session = null;
    this.#down(why.message);
  }

  #down(why: string): void {
    if (this.error !== why) this.#options.log.warn(why);
    this.error = why;
    if (!this.#stop.signal.aborted) this.#options.changed();
  }
}
