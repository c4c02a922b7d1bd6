/** Where slots are taken and given back: the one place that changes a hold, with what follows from it. */
import { BRIDGE_VERBS, type BridgeVerb } from '../../../bridge/protocol/verbs';
import type { BridgeErrorCode } from '../../../bridge/protocol/errors';
import type { SlotHolder, SlotState, LinkRefusal } from '../contract';
import type { Finished, Link } from '../parts';
import { Board, statusOf, stateOf, type SlotRow } from './board';
import { History } from './history';
import { expire, holderOf, putOff, release, seenBusy, seenIdle, take, type HoldState } from './holds';
import { Samples } from './samples';
import { Telling } from './telling';

export type Taken = { ok: true; row: SlotRow; fence: number } | LinkRefusal;
type Answer = Finished['answer'];

/** Longer than the tunnel ever takes to answer after a deadline. */
const SAFETY_MS = 5_000;

/** An end that was told travels no longer than this behind the status of its phone. */
const GRACE_MS = 15_000;

/** An hour's worth of events is told in less. */
const CATCH_UP_MS = 60_000;
/** How often a hold is looked at whose bridge is away, and for how long. */
const AWAY_MS = 10 * 60_000;
const GIVE_UP_MS = 24 * 3_600_000;

export const HOLD_TIMER = 'slots.hold';

export const refusal = (
  code: BridgeErrorCode,
  message: string,
  details?: Record<string, string[]>,
): LinkRefusal => ({ ok: false, code, message, ...(details && { details }) });

/** A success as the contract has it. */
export const done = (result: unknown): { ok: true; result: string } => ({
  ok: true,
  result: JSON.stringify(result),
});

export const noSuchSlot = (): LinkRefusal => refusal('NOT_FOUND', 'no such slot at this bridge');

/** Whether it may have been done all the same. */
export const isUncertain = (answer: LinkRefusal): boolean =>
  ['DEADLINE', 'OUTCOME_UNKNOWN', 'INTERNAL', 'OFFLINE'].includes(answer.code);

/** What ended by the clock on a slot; the row is as it was before. */
export type OnExpired = (row: SlotRow, ended: SlotHolder) => void;

export class Desk {
  /** Set by the part that knows what follows. */
  onExpired: OnExpired = () => {};
  readonly board: Board;
  readonly history: History;
  readonly samples: Samples;
  readonly telling: Telling;
  /** Callers that wait for the end of a command. They are gone with the object; the commands are not. */
  readonly #waiting = new Map<string, (answer: Answer) => void>();

  constructor(readonly link: Link) {
    this.board = new Board(link.sql);
    this.history = new History(link.sql);
    this.samples = new Samples(link.sql);
    this.telling = new Telling({
      timers: link.timers,
      now: () => link.now(),
      statesOf: (ids) => this.statesOf(ids),
      tell: (states) => link.env.CALL_HUB.getByName(link.self().tenantId).tellSlots(states),
    });
  }

  stateOf(row: SlotRow): SlotState {
    return stateOf(row, {
      bridgeId: this.link.self().bridgeId,
      up: this.link.online(),
      reading: this.samples.newest(row.key),
    });
  }

  statesOf(ids: Iterable<number>): SlotState[] {
    return [...ids].flatMap((id) => {
      const row = this.board.byId(id);
      return row === null ? [] : [this.stateOf(row)];
    });
  }

  /**
   * Takes a slot, or with AUTO the one that is idle the longest. Nothing asynchronous happens here: two that come at
   * once come one after the other.
   *
   * `revive` is for what brings a slot back that is in trouble: it need not be ONLINE. `shared` as in holds.ts.
   */
  take(
    wanted: number | 'AUTO',
    holder: SlotHolder,
    lifeMs: number,
    { revive = false, shared = false } = {},
  ): Taken {
    if (!this.link.online()) return refusal('OFFLINE', 'the bridge is not connected');
    this.sweep();
    const row = wanted === 'AUTO' ? this.#longestIdle() : this.board.byId(wanted);
    if (row === null) return wanted === 'AUTO' ? this.#noneFree() : noSuchSlot();
    const trouble = troubleOf(row, revive);
    if (trouble !== null) return trouble;
    const now = this.link.now();
    const taken = take(row.hold, holder, now, lifeMs, shared);
    if (!taken.ok) return busy(taken.by);
    this.setHold(row, taken.state);
    const after = this.board.byId(row.id);
    return after === null ? noSuchSlot() : { ok: true, row: after, fence: taken.fence };
  }

  /** Ends what is over by the clock, and sets the timer for what ends next. */
  sweep(): void {
    const now = this.link.now();
    for (const before of this.board.overdue(now)) {
      const row = this.link.online() ? before : this.#kept(before, now);
      this.setHold(row, expire(row.hold, now));
      for (const held of [row.hold.work, row.hold.reserved])
        if (held !== null && held.until <= now) this.onExpired(row, held.holder);
    }
    const next = this.board.nextHoldEnd();
    if (next !== null) this.link.timers.setBy(HOLD_TIMER, next);
  }

  /** The tunnel came up: whatever ended meanwhile is told now. */
  resumed(): void {
    const until = this.link.now() + CATCH_UP_MS;
    for (const row of this.board.all()) this.setHold(row, putOff(row.hold, until));
  }

  /** While the tunnel is down, calls and scripts go on at the bridge; what became of them is told afterwards. */
  #kept(row: SlotRow, now: number): SlotRow {
    const { work } = row.hold;
    if (work === null || now - work.since > GIVE_UP_MS) return row;
    const hold = putOff(row.hold, now + AWAY_MS);
    this.setHold(row, hold);
    return { ...row, hold };
  }

  /** Ends a hold of this fence; an older one ends nothing. */
  release(slotId: number, fence: number): void {
    const row = this.board.byId(slotId);
    if (row !== null) this.setHold(row, release(row.hold, fence));
  }

  /** A call or script whose phone is idle again ends soon, or its end was lost. `fence`: only that one. */
  expectEnd(row: SlotRow, fence?: number): void {
    if (fence === undefined || row.hold.work?.fence === fence)
      this.setHold(row, seenIdle(row.hold, this.link.now(), GRACE_MS));
  }

  /** It goes on after all. */
  goesOn(row: SlotRow): void {
    this.setHold(row, seenBusy(row.hold));
  }

  setHold(row: SlotRow, hold: HoldState): void {
    if (hold === row.hold) return;
    const now = this.link.now();
    this.board.setHold(row.key, hold);
    this.board.settleIdle(row.key, now);
    const next = this.board.nextHoldEnd();
    if (next !== null) this.link.timers.setBy(HOLD_TIMER, next);
    this.telling.changed(row.id);
  }

  /** Notes what happened on a slot, for its page. */
  note(
    row: Pick<SlotRow, 'id' | 'key'>,
    kind: 'status' | 'call' | 'script' | 'command' | 'hold',
    text: string,
    more: { userId?: string | null; ref?: string | null; at?: number } = {},
  ): void {
    const at = more.at ?? this.link.now();
    this.history.add(row.id, { at, kind, text, userId: more.userId ?? null, ref: more.ref ?? null });
    this.board.note(row.key, text, at);
    this.telling.changed(row.id);
  }

  /** The timer of something that was not told: which slots it was may be forgotten by now. */
  async tellAgain(): Promise<void> {
    for (const row of this.board.all()) this.telling.changed(row.id);
    await this.telling.flush();
  }

  /** Waits for the end of a command begun with this tag, its deadline and a little more at most. */
  wait(tag: string, verb: BridgeVerb): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        this.#waiting.delete(tag);
        resolve(answer);
      };
      const timer = setTimeout(
        () => settle(refusal('DEADLINE', 'no answer in time')),
        BRIDGE_VERBS[verb].deadlineMs + SAFETY_MS,
      );
      this.#waiting.set(tag, settle);
    });
  }

  /** The end of a command, for whoever waits for it. */
  settled(tag: string, answer: Answer): void {
    this.#waiting.get(tag)?.(answer);
  }

  #longestIdle(): SlotRow | null {
    const free = this.board
      .all()
      .filter((row) => row.idleSince !== null && row.config.excludeFromAuto !== true)
      .sort((a, b) => Number(a.idleSince) - Number(b.idleSince) || a.id - b.id);
    return free[0] ?? null;
  }

  #noneFree(): LinkRefusal {
    const used = this.board.all().some((row) => statusOf(row, true).status === 'BUSY');
    if (used) return refusal('SLOT_BUSY', 'every slot is used');
    return refusal('SLOT_OFFLINE', 'no slot is online');
  }
}

const busy = (by: SlotHolder): LinkRefusal =>
  refusal('SLOT_BUSY', `the slot is held by a ${by.kind}`, { holder: [`${by.kind} ${by.id}`] });

/** Why a slot can't be used, whoever asks; a hold is another question. */
function troubleOf(row: SlotRow, revive: boolean): LinkRefusal | null {
  if (row.status === 'ONLINE') return null;
  if (row.status === 'BUSY')
    return holderOf(row.hold) === null
      ? refusal('SLOT_BUSY', 'the phone is in a call that was not started here')
      : null;
  if (revive && (row.status === 'ERROR' || row.status === 'UNAUTHORIZED')) return null;
  return refusal('SLOT_OFFLINE', `the slot is ${row.status}${row.remedy === null ? '' : `: ${row.remedy}`}`);
}
