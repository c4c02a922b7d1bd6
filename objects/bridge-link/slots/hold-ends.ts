/** How a hold of a slot ends other than by its work being done: by a person, by the clock, or because the phone left. */
import type { LinkRefusal, SlotHolder } from '../contract';
import type { SlotRow } from './board';
import type { SlotCalls } from './calls';
import type { SlotCommands } from './commands';
import { noSuchSlot, refusal, type Desk } from './desk';
import { holderOf, releaseAll } from './holds';
import type { ScriptRuns } from './runs';

export class HoldEnds {
  constructor(
    private readonly desk: Desk,
    private readonly calls: SlotCalls,
    private readonly commands: SlotCommands,
    private readonly runs: ScriptRuns,
  ) {}

  /** Frees a slot for somebody: their own reservation, or by force whatever is there. `released`: who had it. */
  free(input: {
    slotId: number;
    userId: string;
    force: boolean;
  }): { ok: true; released: SlotHolder | null } | LinkRefusal {
    const row = this.desk.board.byId(input.slotId);
    if (row === null) return noSuchSlot();
    const { work, reserved } = row.hold;
    const released = holderOf(row.hold)?.holder ?? null;
    if (released === null) return { ok: true, released };
    const { userId } = input;
    if (input.force) {
      this.desk.link.storage.transactionSync(() => {
        this.takeAway(row, 'stopped', 'the slot was taken away');
        this.desk.note(row, 'hold', 'freed by force', { userId });
      });
      return { ok: true, released };
    }
    // One's own reservation, whatever of one's own runs under it: that goes on to its end.
    if (reserved?.holder.userId !== userId) {
      const by = (work ?? reserved)?.holder ?? released;
      return refusal('SLOT_BUSY', 'somebody else has the slot', { holder: [`${by.kind} ${by.id}`] });
    }
    this.desk.release(row.id, reserved.fence);
    this.desk.note(row, 'hold', 'freed', { userId });
    return { ok: true, released: reserved.holder };
  }

  /** A hold ended by the clock. */
  expired(row: SlotRow, { kind, id, userId }: SlotHolder): void {
    const why = 'no word of the bridge about it any more: it was restarted, or its end was lost';
    if (kind === 'call') this.calls.givenUp(row, id, 'given up, nothing was heard of its end');
    else if (kind === 'script') this.runs.givenUp(id, 'failed', why);
    else this.desk.note(row, 'hold', kind === 'user' ? 'the reservation is over' : 'free again', { userId });
  }

  /** Ends whatever has the slot. */
  takeAway(row: SlotRow, result: 'failed' | 'stopped', why: string): void {
    const holder = row.hold.work?.holder;
    if (holder?.kind === 'call') this.calls.givenUp(row, holder.id, why);
    else if (holder?.kind === 'script') this.runs.givenUp(holder.id, result, why);
    else if (holder?.kind === 'command') this.commands.dropWaiting(row.id);
    const now = this.desk.board.byId(row.id);
    if (now !== null) this.desk.setHold(now, releaseAll(now.hold));
  }
}
