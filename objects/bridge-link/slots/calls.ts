/** Calls that were started on a slot: from the hold to the end that the bridge tells. */
import type { BridgeEventOf } from '../../../bridge/protocol/events';
import type { Finished } from '../parts';
import type { HoldResult, LinkAnswer, SlotHolder } from '../contract';
import type { SlotRow } from './board';
import { done, isUncertain, refusal, type Desk } from './desk';

/** No call on a phone lasts longer: what is left then is a hold whose end was lost. */
const CALL_LIFE_MS = 4 * 3_600_000;
/** How long an ended call can still be asked about. */
const KEEP_MS = 24 * 3_600_000;
const TAG = 'call:';

type Row = { call_id: string; slot_id: number; fence: number; user_id: string; ended_at: number | null };

export class SlotCalls {
  constructor(private readonly desk: Desk) {}

  /** See the contract: holds a slot and rings a number on it; a refusal leaves it free. */
  async start(input: {
    slot: number | 'AUTO';
    callId: string;
    number: string;
    userId: string;
  }): Promise<HoldResult> {
    const { desk } = this;
    const { callId, number, userId } = input;
    const { link } = desk;
    const holder: SlotHolder = { kind: 'call', id: callId, userId };
    const known = this.#byId(callId);
    // The caller's own connection broke, and it asks again.
    if (known !== null) return this.#again(known);
    const begun = link.storage.transactionSync(() => {
      const taken = desk.take(input.slot, holder, CALL_LIFE_MS);
      if (!taken.ok) return taken;
      const { row, fence } = taken;
      const now = link.now();
      link.sql.exec(
        'INSERT INTO slot_calls (call_id, slot_id, fence, user_id, started_at) VALUES (?, ?, ?, ?, ?)',
        callId,
        row.id,
        fence,
        userId,
        now,
      );
      link.sql.exec('DELETE FROM slot_calls WHERE ended_at < ?', now - KEEP_MS);
      const args = { slot: row.key, fence, call_id: callId, number };
      const refused = link.begin('slot.call', args, { by: `user:${userId}`, tag: `${TAG}${callId}` });
      if (refused !== null) {
        this.#end(callId, now);
        return refused;
      }
      desk.board.setCall(row.key, callId);
      desk.note(row, 'call', 'call: dialled', { userId, ref: callId });
      return taken;
    });
    if (!begun.ok) return begun;
    void desk.telling.flush();
    const answer = await desk.wait(`${TAG}${callId}`, 'slot.call');
    if (!answer.ok) return answer;
    const row = desk.board.byId(begun.row.id) ?? begun.row;
    return { ok: true, slot: desk.stateOf(row), fence: begun.fence };
  }

  #again(call: Row): HoldResult {
    const row = this.desk.board.byId(call.slot_id);
    if (row === null || call.ended_at !== null) return refusal('SLOT_FAILED', 'this call is over already');
    return { ok: true, slot: this.desk.stateOf(row), fence: call.fence };
  }

  /** See the contract. An ended call is no error. */
  async end(input: { callId: string; by: string }): Promise<LinkAnswer> {
    const { link, board } = this.desk;
    const call = this.#byId(input.callId);
    if (call === null) return refusal('NOT_FOUND', 'no such call on a slot of this bridge');
    const row = board.byId(call.slot_id);
    if (call.ended_at !== null || row === null) return done({ ended: false });
    const args = { slot: row.key, fence: call.fence, call_id: call.call_id };
    const answer = await link.ask('slot.hangup', args, { by: input.by });
    if (!answer.ok) {
      // Whoever has the slot now is not to be disturbed: that call is over.
      if (answer.code !== 'FENCED') return answer;
      this.over(input.callId);
      return done({ ended: false });
    }
    // The phone had no call any more and its end was told, or never will be.
    if (!answer.result.ended) this.over(input.callId);
    return done(answer.result);
  }

  /** How `slot.call` ended, in the transaction that stores it. */
  finished(command: Finished): void {
    const callId = command.tag.slice(TAG.length);
    const { answer } = command;
    if (answer.ok) return;
    const call = this.#byId(callId);
    const row = call === null ? null : this.desk.board.byId(call.slot_id);
    if (call === null || row === null || call.ended_at !== null) return;
    // Nobody may be left ringing whom the caller was told of as failed.
    if (isUncertain(answer)) this.#hangUp(row, call);
    this.#end(callId, this.desk.link.now());
    this.desk.note(row, 'call', `call: failed (${answer.code})`, { userId: call.user_id, ref: callId });
  }

  /** What the bridge tells of a call on a slot, ours or another. */
  told(row: SlotRow, data: BridgeEventOf<'slot.call'>, at: number): void {
    const { desk } = this;
    const { call_id: callId, state, outcome, direction } = data;
    const ended = state === 'ended';
    const whose =
      callId !== null ? 'call' : direction === 'in' ? 'incoming call' : 'call dialled on the phone';
    const text = `${whose}: ${ended ? (outcome ?? 'ended') : state}`;
    const call = callId === null ? null : this.#byId(callId);
    desk.note(row, 'call', text, { userId: call?.user_id ?? null, ref: callId, at });
    if (ended) {
      if (callId !== null) this.#end(callId, at);
      if (row.callId === callId) desk.board.setCall(row.key, null);
    } else if (callId !== null && call?.ended_at === null) desk.board.setCall(row.key, callId);
  }

  /** A call is known to be over without a word of the bridge: its hold ended, or the phone has none. */
  over(callId: string): void {
    this.#end(callId, this.desk.link.now());
    void this.desk.telling.flush();
  }

  /** The hold of a call ended by the clock, or somebody took the slot away: the phone is asked to hang up. */
  givenUp(row: SlotRow, callId: string, why: string): void {
    const call = this.#byId(callId);
    if (call === null || call.ended_at !== null) return;
    this.#hangUp(row, call);
    this.#end(callId, this.desk.link.now());
    this.desk.note(row, 'call', `call: ${why}`, { userId: call.user_id, ref: callId });
  }

  #hangUp(row: SlotRow, call: Row): void {
    const args = { slot: row.key, fence: call.fence, call_id: call.call_id };
    // A bridge that is away can't be asked; the phone's own end is told when it is back.
    this.desk.link.begin('slot.hangup', args, { by: 'slots', tag: `hangup:${call.call_id}` });
  }

  #end(callId: string, at: number): void {
    const call = this.#byId(callId);
    if (call === null) return;
    this.desk.link.sql.exec(
      'UPDATE slot_calls SET ended_at = coalesce(ended_at, ?) WHERE call_id = ?',
      at,
      callId,
    );
    const row = this.desk.board.byId(call.slot_id);
    if (row?.callId === callId) this.desk.board.setCall(row.key, null);
    this.desk.release(call.slot_id, call.fence);
  }

  #byId(callId: string): Row | null {
    const [row] = this.desk.link.sql
      .exec<Row>(
        'SELECT call_id, slot_id, fence, user_id, ended_at FROM slot_calls WHERE call_id = ?',
        callId,
      )
      .toArray();
    return row ?? null;
  }
}
