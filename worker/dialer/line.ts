/**
 * The line of a self-hosted front (`scripts/front`): one socket that brings the polls of many phones, so that the
 * runtime holds no connection, no request context and no timer for each. Every poll goes through the same reading,
 * the same PhoneQueue and the same rules as a request of its own (`pull.ts`).
 *
 * Frames are text. Front → Worker: `P{"n","path","auth","waited"}` a poll (`waited`: ms it has been held already),
 * `G<n>` its phone is gone or the answer could not be handed over.
 * Worker → front: `<n> <status> <body>`.
 */
import type { ToWorker } from '../../objects/phone-queue/channel';
import { SETTING_DEFAULTS } from '../db/settings';
import type { Env } from '../env';
import { DialerError } from './errors';
import { LineChannels, type Seat } from './line-channels';
import { answerOf, MIN_EMPTY_MS, readPull, type Pull, type PullOutcome } from './pull';
import { queueNameOf } from './shards';

/** Ends of holds are looked at this often; a hold may last as much longer. */
const TICK_MS = 200;
/** A plain poll whose object says nothing is answered after this. */
const UNHEARD_MS = 5_000;
/** So long the front may still say that a command could not be handed over. */
const HANDING_MS = 10_000;
/** A poll whose channel broke is parked anew after this. */
const AGAIN_MS = 250;

interface LinePoll {
  n: number;
  pull: Pull | null;
  startedAt: number;
  endsAt: number;
  seat: Seat | null;
  /** Its command is on the way to the phone: for a while yet the lease may have to be undone. */
  handing: boolean;
}

interface Announced {
  n: number;
  path: string;
  auth: string | null;
  waited: number;
}

export class Line {
  readonly #polls = new Map<number, LinePoll>();
  readonly #channels: LineChannels<LinePoll>;
  #ticking: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly socket: WebSocket,
    private readonly env: Env,
  ) {
    this.#channels = new LineChannels<LinePoll>(env.PHONE_QUEUE, {
      heard: (poll, frame) => this.#heard(poll, frame),
      lost: (poll) => this.#lost(poll),
    });
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#read(data);
    });
    socket.addEventListener('close', () => this.#close());
    socket.accept();
  }

  #read(text: string): void {
    const kind = text.charAt(0);
    if (kind === 'P') {
      void this.#park(JSON.parse(text.slice(1)) as Announced);
      return;
    }
    const poll = this.#polls.get(Number(text.slice(1)));
    if (poll !== undefined && kind === 'G') this.#forget(poll, true);
  }

  async #park({ n, path, auth, waited }: Announced): Promise<void> {
    const startedAt = Date.now() - waited;
    const poll: LinePoll = {
      n,
      pull: null,
      startedAt,
      endsAt: startedAt + UNHEARD_MS,
      seat: null,
      handing: false,
    };
    this.#polls.set(n, poll);
    try {
      poll.pull = await readPull(path, auth, this.env, Date.now());
      if (poll.pull.holdMs !== null) poll.endsAt = startedAt + poll.pull.holdMs;
      await this.#seat(poll, poll.pull);
    } catch (error) {
      if (error instanceof DialerError) {
        this.#forget(poll, false);
        const { 'WWW-Authenticate': _, ...body } = { ...error.body };
        this.socket.send(`${n} ${error.status} ${JSON.stringify(body)}`);
        return;
      }
      console.warn(`a poll could not be parked, answered empty (${String(error)})`);
      poll.endsAt = startedAt + SETTING_DEFAULTS.dialerEmptyHoldMs;
    }
    this.#ticking ??= setInterval(() => this.#tick(Date.now()), TICK_MS);
  }

  async #seat(poll: LinePoll, pull: Pull): Promise<void> {
    const name = await queueNameOf(this.env, pull.tenantId, pull.poll.userId, Date.now());
    const seat = await this.#channels.seat(name, poll);
    // The phone may have gone while the channel was being opened.
    if (!this.#polls.has(poll.n)) return seat.leave();
    poll.seat = seat;
    seat.announce(pull.poll);
  }

  #heard(poll: LinePoll, frame: ToWorker): void {
    switch (frame.type) {
      case 'parked':
        poll.endsAt = poll.startedAt + Math.max(frame.holdMs, MIN_EMPTY_MS);
        break;
      case 'command':
        poll.handing = true;
        poll.endsAt = Date.now() + HANDING_MS;
        this.#answer(poll, { type: 'command', body: frame.body });
        break;
      case 'superseded':
        poll.seat?.leave();
        poll.seat = null;
        poll.endsAt = Math.min(poll.endsAt, poll.startedAt + MIN_EMPTY_MS);
        break;
      default:
        this.#forget(poll, false);
        this.#answer(poll, { type: frame.type });
    }
  }

  /** Its object was restarted: parked anew, and nothing is noticed outside. */
  #lost(poll: LinePoll): void {
    poll.seat = null;
    if (poll.handing) return;
    setTimeout(() => {
      const { pull } = poll;
      if (this.#polls.get(poll.n) !== poll || pull === null || poll.seat !== null) return;
      this.#seat(poll, pull).catch((error: unknown) =>
        console.warn(`a poll could not be parked anew (${String(error)})`),
      );
    }, AGAIN_MS);
  }

  #tick(now: number): void {
    for (const poll of this.#polls.values()) {
      if (now < poll.endsAt) continue;
      this.#forget(poll, !poll.handing);
      if (!poll.handing) this.#answer(poll, { type: 'empty' });
    }
    if (this.#polls.size > 0 || this.#ticking === null) return;
    clearInterval(this.#ticking);
    this.#ticking = null;
  }

  #answer(poll: LinePoll, outcome: PullOutcome): void {
    const { status, body } = answerOf(outcome);
    this.socket.send(`${poll.n} ${status} ${body ?? ''}`);
  }

  /** @param ended tells the object, which undoes a lease that was not handed over. */
  #forget(poll: LinePoll, ended: boolean): void {
    this.#polls.delete(poll.n);
    if (ended) poll.seat?.end();
    poll.seat?.leave();
    poll.seat = null;
  }

  #close(): void {
    // What was on its way to a phone may have arrived: its lease stays.
    for (const poll of this.#polls.values()) this.#forget(poll, !poll.handing);
    this.#channels.close();
    if (this.#ticking !== null) clearInterval(this.#ticking);
    this.#ticking = null;
  }
}
