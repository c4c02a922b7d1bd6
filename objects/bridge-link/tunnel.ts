/** One bridge's tunnel: sockets, requests, events, uploads, readings. The object hands everything on to it. */
import { decodeFrame } from '../../bridge/protocol/frames';
import { DEAD_AFTER_MS, MAX_MESSAGE } from '../../bridge/protocol/limits';
import { BridgeMessage, parseMessage, type TunnelCloseReason } from '../../bridge/protocol/messages';
import type { Env } from '../../worker/env';
import type { Timers } from '../lib/timers';
import type { BridgeRecord, BridgeStatus, LinkRequest, LinkAnswer, LogLine } from './contract';
import { EdgeVerbs } from './edge-verbs';
import { Intake, MAX_QUEUED } from './intake';
import { LinkLog } from './log';
import { isDead, isRival } from './machine';
import { Meta } from './meta';
import type { Link, SlotPart } from './parts';
import { PbxStates } from './pbx-states';
import { keepReadings, statusOf } from './report';
import { DEADLINES, Requests } from './requests';
import { Seats, type Proved } from './seats';
import { MemoryStreams } from './streams';
import { handOver, blobKeyOf } from './stored-files';
import { Uploads } from './uploads';

const HELLO = 'hello';
const ALIVE = 'alive';
const TIDY = 'tidy';
const RETRY_MS = 5_000;
const TIDY_EVERY_MS = 6 * 3_600_000;

export class Tunnel {
  readonly #meta: Meta;
  readonly log: LinkLog;
  readonly #seats: Seats;
  readonly #streams: MemoryStreams;
  readonly #requests: Requests;
  readonly #uploads: Uploads;
  readonly #edgeVerbs: EdgeVerbs;
  readonly #intake: Intake;
  readonly #pbx: PbxStates;
  readonly #slots: SlotPart;

  constructor(
    ctx: DurableObjectState,
    private readonly env: Env,
    private readonly timers: Timers,
    private readonly now: () => number,
    slots: (link: Link) => SlotPart,
  ) {
    const { storage } = ctx;
    const { sql } = storage;
    const log = (level: LogLine['level'], part: string, text: string, at?: number): void =>
      this.log.add(level, part, text, at);
    const tell: Seats['tell'] = (message) => this.#seats.tell(message);
    const online = (): boolean => this.online;
    this.#meta = new Meta(sql);
    this.log = new LinkLog(sql, now);
    this.#pbx = new PbxStates(sql);
    this.#seats = new Seats(ctx, now);
    this.#streams = new MemoryStreams((stream, offset) => void tell({ t: 'window', stream, offset }));
    this.#requests = new Requests({
      storage,
      timers,
      streams: this.#streams,
      now,
      online,
      tell,
      finished: (command) => this.#slots.finished(command, now()),
      log,
    });
    this.#slots = slots({
      storage,
      sql,
      env,
      timers,
      now,
      online,
      self: () => {
        const self = this.#meta.get('self');
        if (self === null) throw new Error('this bridge never connected');
        return self;
      },
      ask: (verb, args, options) => this.#requests.ask(verb, args, options),
      begin: (verb, args, options) => this.#requests.begin(verb, args, options),
      screen: (args, options) => this.#requests.screen(args, options),
      log,
    });
    this.#uploads = new Uploads({
      sql,
      bucket: env.BLOBS,
      now,
      blobKey: (id, args) => blobKeyOf(this.#meta.get('self'), id, args),
      tell,
      stored: (row) => handOver(row, this.#meta.get('self'), env, this.#slots, now()),
      log,
    });
    this.#edgeVerbs = new EdgeVerbs({ uploads: this.#uploads, now, tell });
    this.#intake = new Intake({
      storage,
      meta: this.#meta,
      slots: this.#slots,
      pbx: this.#pbx,
      now,
      tell,
      hub: (input) => {
        const tenantId = this.#meta.get('self')?.tenantId ?? '';
        return env.CALL_HUB.getByName(tenantId).ingestBridge(input);
      },
      desk: (input) => {
        const tenantId = this.#meta.get('self')?.tenantId ?? '';
        return env.OPERATOR_DESK.getByName(tenantId).ingest(input);
      },
      log,
    });
  }

  get slots(): SlotPart {
    return this.#slots;
  }

  /** Also false when the alarm that notices a dead connection is late. */
  get online(): boolean {
    return this.#seats.tunnel !== null && !isDead(this.#seats.heardAt, this.now());
  }

  connect(record: BridgeRecord): Response {
    if (this.#meta.get('revokedAt') !== null) return new Response(null, { status: 403 });
    const admitted = this.#seats.admit(record);
    if (admitted === null) return new Response(null, { status: 429 });
    this.timers.setBy(HELLO, admitted.helloBy);
    return new Response(null, { status: 101, webSocket: admitted.client });
  }

  async received(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const size = typeof message === 'string' ? message.length : message.byteLength;
    if (size > MAX_MESSAGE) return this.#close(ws, 'protocol');
    if (!this.#seats.isTunnel(ws)) {
      const proved = typeof message === 'string' ? await this.#seats.prove(ws, message) : null;
      if (proved !== null) this.#raise(proved);
      else if (typeof message !== 'string') this.#close(ws, 'protocol');
      return;
    }
    this.#seats.heard();
    if (typeof message !== 'string') return this.#frame(ws, new Uint8Array(message));
    const parsed = parseMessage(BridgeMessage, message);
    if (parsed.ok) return this.#message(ws, parsed.message);
    this.log.add('warn', 'tunnel', `a message of the bridge was not understood: ${parsed.answer}`);
    this.#seats.send(ws, parsed.answer);
  }

  closed(ws: WebSocket, why: string): void {
    if (this.#seats.gone(ws)) this.#down(why);
  }

  request(input: LinkRequest): Promise<LinkAnswer> {
    return this.#requests.request(input);
  }

  status(): BridgeStatus {
    return statusOf(this.#meta, this.#pbx, {
      since: this.online ? (this.#seats.tunnel?.since ?? null) : null,
      slots: this.#slots.counts(),
      inFlight: this.#requests.size,
      backlog: this.#intake.size,
    });
  }

  revoke(): void {
    if (this.#meta.get('revokedAt') === null) {
      this.#meta.set('revokedAt', this.now());
      this.log.add('warn', 'tunnel', 'the bridge was revoked');
    }
    if (this.#seats.closeAll('revoked')) this.#down('it was revoked');
    this.#requests.abandon({ ok: false, code: 'OFFLINE', message: 'the bridge was revoked' });
  }

  /** The key that is good now: whoever connected with another one has to go. Null: none is, for now. */
  keyChanged(publicKey: string | null): void {
    if (this.#seats.closeAll('unauthenticated', publicKey ?? undefined))
      this.#down(publicKey === null ? 'its tenant is disabled' : 'another key was registered for it');
  }

  /** One that fails is tried again, and keeps no other from its turn. */
  async alarm(names: readonly string[], now: number): Promise<void> {
    for (const name of names) {
      try {
        await this.#ring(name, now);
      } catch (error) {
        console.error(`bridge link: ${name} failed:`, error);
        this.timers.setBy(name, this.now() + RETRY_MS);
      }
    }
  }

  async #ring(name: string, now: number): Promise<void> {
    if (name === HELLO) {
      const next = this.#seats.closeSilent(now);
      if (next !== null) this.timers.setBy(HELLO, next);
    } else if (name === ALIVE) this.#checkAlive(now);
    else if (name === DEADLINES) this.#requests.expire();
    else if (name === TIDY) await this.#tidy(now);
    else await this.#slots.onTimer(name, now);
  }

  #checkAlive(now: number): void {
    if (this.#seats.tunnel === null) return;
    const { heardAt } = this.#seats;
    if (!isDead(heardAt, now)) this.timers.set(ALIVE, heardAt + DEAD_AFTER_MS);
    else if (this.#seats.closeTunnel('dead')) this.#down(`nothing was heard for ${now - heardAt} ms`);
  }

  async #tidy(now: number): Promise<void> {
    this.timers.set(TIDY, now + TIDY_EVERY_MS);
    this.#requests.forgetOld(now);
    await this.#uploads.tidy(now);
  }

  /** A proved connection becomes the tunnel, in the place of the former one. */
  #raise(proved: Proved): void {
    const { hello, record } = proved;
    // Revoked while it was on its way.
    if (this.#meta.get('revokedAt') !== null) return this.#close(proved.ws, 'revoked');
    const now = this.now();
    this.#replace(hello.journal.id, record, now);
    const seat = this.#seats.raise(proved);
    const { id: bridgeId, tenantId, number, name, address } = record;
    this.#meta.set('self', { tenantId, bridgeId, number, name });
    this.#meta.set('agent', hello.agent);
    this.#meta.set('config', hello.config);
    this.#meta.set('address', address);
    this.#pbx.keepOnly(hello.config.pbx);
    const formerJournal = this.#meta.get('journal')?.id ?? hello.journal.id;
    const acked = this.#intake.opened(hello.journal);
    this.timers.set(ALIVE, now + DEAD_AFTER_MS);
    this.timers.setBy(TIDY, now + TIDY_EVERY_MS);
    const from = address === null ? '' : ` from ${address}`;
    this.log.add('info', 'tunnel', `connected${from}, version ${hello.agent.version} on ${hello.agent.host}`);
    this.#seats.tell({
      t: 'welcome',
      protocol: hello.protocol,
      session: seat.session,
      now: this.now(),
      acked,
    });
    // What it had begun stood in a journal that is gone: sent again, it might be done again.
    if (formerJournal !== hello.journal.id) {
      const message = 'the bridge lost its journal: nobody knows whether it was done';
      this.#requests.abandon({ ok: false, code: 'OUTCOME_UNKNOWN', message });
    }
    this.#requests.resumed();
    this.#slots.tunnel(true, now);
  }

  #replace(journal: string, record: BridgeRecord, now: number): void {
    const former = this.#seats.tunnel;
    if (former === null) return;
    const rival = isRival({ heardAt: this.#seats.heardAt, journal: former.journal }, journal, now);
    if (rival) {
      this.#meta.set('replacedAt', now);
      const from = record.address === null ? '' : ` (from ${record.address})`;
      this.log.add('warn', 'tunnel', `another connection with the same key took over${from}`);
    }
    this.#seats.closeTunnel('replaced');
    this.#down('a new connection took its place');
  }

  #down(why: string): void {
    this.#meta.set('endedAt', this.now());
    this.timers.clear(ALIVE);
    this.log.add('info', 'tunnel', `disconnected: ${why}`);
    this.#streams.clear();
    this.#uploads.clear();
    this.#edgeVerbs.clear();
    this.#requests.broken();
    this.#slots.tunnel(false, this.now());
  }

  #close(ws: WebSocket, why: TunnelCloseReason): void {
    if (this.#seats.close(ws, why)) this.#down(why);
  }

  async #message(ws: WebSocket, message: BridgeMessage): Promise<void> {
    switch (message.t) {
      case 'res':
        return this.#requests.answered(message);
      case 'req':
        return this.#edgeVerbs.asked(message);
      case 'event': {
        const stored = this.#intake.take(message);
        if (stored !== false) return stored;
        this.log.add(
          'error',
          'tunnel',
          `more than ${MAX_QUEUED} events came unasked: the connection is closed`,
        );
        return this.#close(ws, 'protocol');
      }
      case 'readings':
        return keepReadings(message.readings, this.#meta, this.#slots);
      case 'leaving':
        return this.log.add('info', 'tunnel', `the bridge stops: ${message.reason}`);
      case 'unknown':
        return this.log.add(
          'warn',
          'tunnel',
          `the bridge did not understand ${message.of}: ${message.message}`,
        );
      case 'hello':
        return void this.#seats.tell({ t: 'unknown', of: 'hello', message: 'the tunnel is up already' });
      // Uploads are the only requests of a bridge; one given up is not gone on with and needs no answer.
      case 'cancel':
      case 'progress':
        return;
    }
  }

  #frame(ws: WebSocket, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame === null) return this.#close(ws, 'protocol');
    // Frames of a stream that was given up may still be on their way.
    if (!this.#streams.take(frame)) this.#uploads.take(frame);
  }
}
