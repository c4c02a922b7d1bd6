/** The tunnel: keeps one connection to the edge, and everything that survives its breaks. */
import type { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Refusal, type Logger, type Part } from '../part.ts';
import { BridgeEvent } from '../protocol/events.ts';
import { PROTOCOL } from '../protocol/limits.ts';
import type { Hello } from '../protocol/messages.ts';
import { Asker } from './asker.ts';
import { freshBackoff, nextAttempt } from './backoff.ts';
import { createClock } from './clock.ts';
import { Commands } from './commands.ts';
import { Connection, type ConnectionEnd, type LiveMessage, type WelcomeMessage } from './connection.ts';
import { Dispatcher } from './dispatcher.ts';
import { verdictOf } from './ending.ts';
import { EventSender } from './event-sender.ts';
import { signHello, type Identity } from './identity.ts';
import type { Journal } from './journal.ts';
import { EventOutbox } from './outbox.ts';
import { collectReadings } from './readings.ts';
import { Streams } from './streams.ts';

const READINGS_EVERY_MS = 15_000;
/** Events that wait for the edge are safe against a loss of power after this, at the latest. */
const SYNC_EVERY_MS = 1_000;
/** What runs at a stop may end by itself for so long. */
const STOP_GRACE_MS = 4_000;

interface TunnelOptions {
  identity: Identity;
  edge: string;
  httpAgent: Agent | undefined;
  journal: Journal;
  maxJournalBytes: number;
  agent: Hello['agent'];
  config: Hello['config'];
  log: Logger;
  /** The edge refuses this bridge for good; the tunnel does not connect again. */
  refused: (remedy: string) => void;
}

export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #monotonic = (): number => performance.now();
  readonly #clock = createClock(this.#monotonic, () => Date.now());
  readonly #outbox: EventOutbox;
  readonly #commands: Commands;
  readonly #sender: EventSender;
  readonly #streams = new Streams((bytes) => this.#connection?.sendFrame(bytes) ?? false);
  readonly #asker: Asker;
  #parts: readonly Part[] = [];
  #dispatcher: Dispatcher | null = null;
  #connection: Connection | null = null;
  #latencyMs: number | null = null;
  #readings: NodeJS.Timeout | undefined;
  #sync: NodeJS.Timeout | undefined;
  #onlineWaiters = new Set<() => void>();
  readonly #stop = new AbortController();

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#outbox = new EventOutbox(options.journal, options.maxJournalBytes);
    this.#commands = new Commands(options.journal);
    this.#sender = new EventSender({
      outbox: this.#outbox,
      monotonic: this.#monotonic,
      send: (text) => this.#connection?.send(text) ?? false,
    });
    this.#asker = new Asker((message) => this.#connection?.send(message) ?? false, this.now);
  }

  readonly now = (): number => this.#clock.now();

  /** Round trip of the heartbeat, ms; null until the first one came back, and while the tunnel is down. */
  readonly latency = (): number | null => (this.isOnline ? this.#latencyMs : null);

  get isOnline(): boolean {
    return this.#connection?.isLive ?? false;
  }

  readonly ask: Asker['ask'] = (verb, args, signal) => this.#asker.ask(verb, args, signal);
  readonly newStream = (): number => this.#streams.newStream();
  readonly send: Streams['send'] = (stream, offset, bytes, signal) =>
    this.#streams.send(stream, offset, bytes, signal);

  /** Stores an event, in order, until the edge has it. One that does not fit its schema is a fault, and only logged. */
  readonly emit = (event: BridgeEvent): void => {
    const parsed = BridgeEvent.safeParse(event);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      this.#options.log.error('a part told an event that fits no schema', { kind: event.kind, issues });
      return;
    }
    try {
      const { dropped } = this.#outbox.append(this.now(), parsed.data);
      if (dropped > 0)
        this.#options.log.warn('the journal is full: its oldest events were dropped', { dropped });
    } catch (error) {
      // Said on the host only: a line for the edge's page would want the journal, too.
      if (event.kind !== 'bridge.log')
        this.#options.log.error('an event could not be written', { kind: event.kind, error });
      return;
    }
    this.#sender.pump();
  };

  readonly online = (signal?: AbortSignal): Promise<void> => {
    if (this.isOnline) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#onlineWaiters.delete(done);
        reject(new Refusal('CANCELLED', 'given up before the tunnel was up'));
      };
      const done = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#onlineWaiters.delete(done);
        resolve();
      };
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      this.#onlineWaiters.add(done);
    });
  };

  /** Begins to connect, and goes on until `close` or a refusal for good. */
  start(parts: readonly Part[]): void {
    this.#parts = parts;
    this.#commands.forgetOld(this.now());
    this.#dispatcher = new Dispatcher({
      handlers: Object.assign({}, ...parts.map(({ handlers }) => handlers)),
      commands: this.#commands,
      now: this.now,
      log: this.#options.log,
      send: (message) => this.#connection?.send(message) ?? false,
    });
    this.#sync = setInterval(() => this.#outbox.sync(), SYNC_EVERY_MS);
    void this.#keepConnected();
  }

  /** Takes no more requests, and finishes what is in flight or says that it could not. */
  async drain(): Promise<void> {
    await this.#dispatcher?.stop(STOP_GRACE_MS);
  }

  /** Tells the edge that the bridge leaves, and closes. */
  async close(reason: string): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#readings);
    clearInterval(this.#sync);
    this.#outbox.sync();
    this.#connection?.send({ t: 'leaving', reason });
    await this.#connection?.close(reason);
    this.#broken();
  }

  async #keepConnected(): Promise<void> {
    const { log, refused } = this.#options;
    let backoff = freshBackoff;
    while (!this.#stop.signal.aborted) {
      const end = await this.#connect();
      if (this.#stop.signal.aborted) return;
      const verdict = verdictOf(end);
      if (verdict.next === 'stop') {
        log.error('the edge refuses this bridge', { reason: end.reason, remedy: verdict.remedy });
        return refused(verdict.remedy);
      }
      const ending = { liveMs: end.liveMs, refused: verdict.next === 'retry_slowly' };
      const next = nextAttempt(backoff, ending, Math.random());
      ({ backoff } = next);
      log.warn(end.liveMs > 0 ? 'the tunnel broke' : 'the edge was not reached', {
        reason: end.reason,
        again_in_ms: next.waitMs,
        ...(verdict.next === 'retry_slowly' && { remedy: verdict.remedy }),
      });
      await delay(next.waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** One connection from its beginning to its end. */
  #connect(): Promise<ConnectionEnd> {
    const { identity, edge, httpAgent, journal, agent, config, log } = this.#options;
    const url = new URL('/bridge/connect', edge);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('bridge', identity.bridge_id);
    return new Promise((resolve) => {
      this.#connection = new Connection({
        url,
        agent: httpAgent,
        monotonic: this.#monotonic,
        challenged: ({ nonce, now }) => {
          this.#clock.told(now, null);
          return {
            t: 'hello',
            protocol: PROTOCOL,
            signature: signHello(identity, nonce, PROTOCOL),
            agent,
            journal: { id: journal.id, head: this.#outbox.head },
            config,
          };
        },
        live: (welcome, roundTripMs) => this.#live(welcome, roundTripMs),
        message: (message) => this.#message(message),
        beat: (roundTripMs) => {
          this.#latencyMs = roundTripMs;
        },
        odd: (what) => log.warn(what),
        ended: (end) => {
          this.#broken();
          resolve(end);
        },
      });
    });
  }

  #live(welcome: WelcomeMessage, roundTripMs: number): void {
    this.#clock.told(welcome.now, roundTripMs);
    if (welcome.acked > this.#outbox.head) {
      // The file was restored from an older copy: numbers that the edge has seen would be given to new events.
      this.#options.journal.renew();
      this.#outbox.forgetAcknowledged();
      return this.#connection?.drop(
        'the edge has newer events of this journal than the journal itself: it begins a new one',
      );
    }
    const skew = this.#clock.skew();
    this.#options.log.info('the tunnel is up', { edge: this.#options.edge, clock_ahead_ms: skew });
    this.#sender.opened(welcome.acked);
    this.#dispatcher?.connected();
    for (const part of this.#parts) part.announce?.();
    for (const done of this.#onlineWaiters) done();
    this.#readings = setInterval(() => void this.#tellReadings(), READINGS_EVERY_MS);
    void this.#tellReadings();
  }

  #message(message: LiveMessage): void {
    switch (message.t) {
      case 'req':
        return this.#dispatcher?.request(message);
      case 'cancel':
        return this.#dispatcher?.cancel(message.id);
      case 'settled':
        return this.#dispatcher?.settled(message.ids);
      case 'res':
        return this.#asker.answered(message.id, message);
      case 'ack':
        return this.#sender.acknowledged(message.seq);
      case 'hold':
        return this.#sender.held(message.seq, message.retry_ms);
      case 'window':
        return this.#streams.window(message.stream, message.offset);
      case 'unknown':
        return this.#options.log.warn('the edge did not understand a message', {
          of: message.of,
          why: message.message,
        });
    }
  }

  async #tellReadings(): Promise<void> {
    const readings = await collectReadings(this.#parts, this.now(), this.#latencyMs, this.#options.log);
    this.#connection?.send({ t: 'readings', readings });
    this.#outbox.shrink();
  }

  /** Idempotent. */
  #broken(): void {
    this.#latencyMs = null;
    clearInterval(this.#readings);
    this.#sender.broken();
    this.#streams.broken();
    this.#asker.broken();
    this.#dispatcher?.broken();
  }
}
