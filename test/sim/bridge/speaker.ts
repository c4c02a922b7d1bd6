/**
 * The bridge's end of the tunnel, spoken strictly by the protocol's schemas: whatever the edge sends that they don't
 * allow is kept in `faults`, which is empty in a good run. It is a second implementation beside the bridge's own on
 * purpose. Its journal lives in memory: a new process is a bridge that lost its journal.
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import type { Handlers } from '../../../bridge/part.ts';
import { BridgeEvent } from '../../../bridge/protocol/events.ts';
import { HEARTBEAT_MS, PING, PONG, PROTOCOL } from '../../../bridge/protocol/limits.ts';
import {
  EdgeMessage,
  helloText,
  parseMessage,
  type Agent,
  type BridgeMessage,
  type Hello,
} from '../../../bridge/protocol/messages.ts';
import type { Readings } from '../../../bridge/protocol/readings.ts';
import { EDGE_VERBS, type EdgeArgs, type EdgeResult, type EdgeVerb } from '../../../bridge/protocol/verbs.ts';
import { AnswerBook, type RequestMessage } from './answers.ts';
import { signed, type Identity } from './identity.ts';
import { StreamSender } from './streams.ts';

const ASK_LIMIT_MS = 30_000;
const PARTING_MS = 500;

/** What has just happened, for whoever watches. */
export type SpeakerLine =
  | { type: 'connected'; session: string }
  | { type: 'closed'; code: number; reason: string }
  | { type: 'bye'; code: number; reason: string; temporary: boolean }
  | { type: 'request'; verb: string; args: unknown }
  | { type: 'refused'; verb: string; code: string; message: string }
  | { type: 'acked'; seq: number }
  | { type: 'fault'; text: string };

export interface SpeakerOptions {
  url: string;
  identity: Identity;
  agent: Agent;
  config: Hello['config'];
  handlers: Handlers;
  /** Sent at each connect and every 15 s. */
  readings: () => Readings;
  /** Emits the state the edge may have missed; called when a tunnel came up. */
  announce: () => void;
  onLine?: (line: SpeakerLine) => void;
}

export class BridgeSpeaker {
  /** What the edge sent that the protocol does not allow. */
  readonly faults: string[] = [];
  readonly #options: SpeakerOptions;
  readonly #journal = randomUUID();
  readonly #outbox: { seq: number; at: number; event: BridgeEvent }[] = [];
  readonly #answers: AnswerBook;
  readonly #streams = new StreamSender((bytes) => this.#socket?.send(bytes));
  readonly #asked = new Map<string, (answer: { ok: boolean; result?: unknown; error?: unknown }) => void>();
  readonly #bell = new EventEmitter();
  #socket: WebSocket | null = null;
  #welcomed = false;
  #head = 0;
  #skew = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#answers = new AnswerBook(
      options.handlers,
      () => this.now(),
      (message) => this.#send(message),
    );
    // A test may wait for many things at once.
    this.#bell.setMaxListeners(0);
  }

  get connected(): boolean {
    return this.#welcomed;
  }

  /** Events the edge has not stored yet. */
  get waiting(): number {
    return this.#outbox.length;
  }

  /** The edge's clock. */
  now(): number {
    return Date.now() + this.#skew;
  }

  /** Opens the tunnel; resolves when the edge has let it in. @throws Error when it did not */
  async connect(): Promise<void> {
    const { url, identity } = this.#options;
    const address = `${url.replace(/^http/, 'ws')}/bridge/connect?bridge=${encodeURIComponent(identity.bridgeId)}`;
    const socket = new WebSocket(address, { perMessageDeflate: false });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const welcomed = (): void => resolve(undefined);
    this.#bell.once('welcome', welcomed);
    socket.on('message', (data, binary) => this.#receive(socket, data, binary));
    socket.on('error', (error) => reject(error));
    socket.on('close', (code, reason) => {
      this.#bell.off('welcome', welcomed);
      reject(new Error(`the tunnel was closed: ${code} ${reason.toString()}`));
      if (this.#socket === socket) this.#closed(code, reason.toString());
    });
    await promise;
  }

  /** Ends the connection; `politely` says so before, else it breaks like a cut cable. */
  async close(politely = true): Promise<void> {
    const socket = this.#socket;
    if (!socket) return;
    if (politely && this.#welcomed) this.#send({ t: 'leaving', reason: 'stopped' });
    const gone = new Promise((settle) => socket.once('close', settle));
    if (politely) socket.close(1000);
    else socket.terminate();
    // What was sent is on its way; an edge that does not answer the close is not waited for.
    const enough = setTimeout(() => socket.terminate(), PARTING_MS);
    await gone;
    clearTimeout(enough);
  }

  /** Journals an event and sends it as soon as the tunnel is up, until the edge has stored it. */
  emit(event: BridgeEvent): void {
    this.#head += 1;
    const entry = { seq: this.#head, at: this.now(), event: BridgeEvent.parse(event) };
    this.#outbox.push(entry);
    if (this.#welcomed) this.#send({ t: 'event', ...entry });
  }

  /** Resolves when the edge has stored everything emitted so far. */
  async settled(): Promise<void> {
    while (this.#outbox.length > 0) await new Promise((settle) => this.#bell.once('ack', settle));
  }

  /** Resolves with the arguments of the next request for a verb. */
  nextRequest(verb: string): Promise<unknown> {
    return new Promise((settle) => this.#bell.once(`request ${verb}`, settle));
  }

  sendReadings(): void {
    if (this.#welcomed) this.#send({ t: 'readings', readings: this.#options.readings() });
  }

  /** Asks the edge. @throws Error with its refusal, or when it does not answer */
  async ask<V extends EdgeVerb>(verb: V, args: EdgeArgs<V>): Promise<EdgeResult<V>> {
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => reject(new Error(`${verb} was not answered`)), ASK_LIMIT_MS);
    this.#asked.set(id, (answer) => {
      if (answer.ok) resolve(answer.result);
      else reject(new Error(`${verb} was refused: ${JSON.stringify(answer.error)}`));
    });
    this.#send({ t: 'req', id, verb, args, deadline: this.now() + EDGE_VERBS[verb].deadlineMs });
    try {
      return EDGE_VERBS[verb].result.parse(await promise) as EdgeResult<V>;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  newStream(): number {
    return this.#streams.next();
  }

  /** Sends bytes from `offset` on as frames, as fast as the edge takes them. */
  sendBytes(stream: number, bytes: Uint8Array, offset = 0): Promise<void> {
    return this.#streams.send(stream, bytes, offset);
  }

  #send(message: BridgeMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #say(line: SpeakerLine): void {
    if (line.type === 'fault') this.faults.push(line.text);
    this.#options.onLine?.(line);
  }

  #receive(socket: WebSocket, data: RawData, binary: boolean): void {
    if (socket !== this.#socket) return;
    if (binary) return this.#say({ type: 'fault', text: 'a binary frame, which the edge never sends' });
    const text = Buffer.isBuffer(data)
      ? data.toString()
      : Buffer.concat([data].flat() as Buffer[]).toString();
    if (text === PONG) return;
    const parsed = parseMessage(EdgeMessage, text);
    if (parsed.ok) return this.#handle(parsed.message);
    this.#say({ type: 'fault', text: `${parsed.answer} to ${text.slice(0, 300)}` });
    socket.send(parsed.answer);
  }

  #handle(message: EdgeMessage): void {
    switch (message.t) {
      case 'challenge':
        this.#skew = message.now - Date.now();
        return this.#hello(message.nonce);
      case 'welcome':
        this.#skew = message.now - Date.now();
        return this.#welcome(message.session, message.acked);
      case 'req':
        return this.#asks(message);
      case 'res':
        return this.#asked.get(message.id)?.(message);
      case 'cancel':
        return this.#answers.cancel(message.id);
      case 'settled':
        return this.#answers.forget(message.ids);
      case 'ack':
        while (this.#outbox[0] && this.#outbox[0].seq <= message.seq) this.#outbox.shift();
        this.#say({ type: 'acked', seq: message.seq });
        this.#bell.emit('ack');
        return;
      case 'hold':
        this.#timers.push(setTimeout(() => this.#resend(message.seq), message.retry_ms));
        return;
      case 'window':
        return this.#streams.taken(message.stream, message.offset);
      case 'bye':
        this.#say({ type: 'bye', code: message.code, reason: message.reason, temporary: message.temporary });
        return;
      case 'unknown':
        this.#say({ type: 'fault', text: `the edge did not understand ${message.of}: ${message.message}` });
    }
  }

  #hello(nonce: string): void {
    const { identity, agent, config } = this.#options;
    this.#send({
      t: 'hello',
      protocol: PROTOCOL,
      signature: signed(identity, helloText(identity.bridgeId, nonce, PROTOCOL)),
      agent,
      journal: { id: this.#journal, head: this.#head },
      config,
    });
  }

  #welcome(session: string, acked: number): void {
    this.#welcomed = true;
    while (this.#outbox[0] && this.#outbox[0].seq <= acked) this.#outbox.shift();
    this.#resend(acked);
    this.#options.announce();
    this.sendReadings();
    const socket = this.#socket;
    this.#timers.push(setInterval(() => socket?.send(PING), HEARTBEAT_MS));
    this.#timers.push(setInterval(() => this.sendReadings(), 15_000));
    this.#say({ type: 'connected', session });
    this.#bell.emit('welcome');
  }

  #resend(after: number): void {
    for (const entry of this.#outbox) if (entry.seq > after) this.#send({ t: 'event', ...entry });
  }

  #asks(message: RequestMessage): void {
    this.#say({ type: 'request', verb: message.verb, args: message.args });
    void this.#answers.answer(message).then((refusal) => {
      if (refusal) this.#say({ type: 'refused', verb: message.verb, ...refusal });
    });
    this.#bell.emit(`request ${message.verb}`, message.args);
  }

  #closed(code: number, reason: string): void {
    this.#welcomed = false;
    this.#socket = null;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#streams.broken();
    this.#answers.broken();
    this.#say({ type: 'closed', code, reason });
  }
}
