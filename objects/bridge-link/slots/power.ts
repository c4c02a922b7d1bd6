/** Restarting a slot's session and rebooting its phone: held while the bridge does it, the status follows as events. */
import type { LinkAnswer } from '../contract';
import type { Finished } from '../parts';
import { done, type Desk } from './desk';

/** Longer than the deadline of both verbs. */
const HOLD_LIFE_MS = 60_000;
const TAG = 'power:';

export class SlotPower {
  constructor(private readonly desk: Desk) {}

  async run(
    verb: 'slot.restart' | 'slot.reboot',
    { slotId, userId }: { slotId: number; userId: string },
  ): Promise<LinkAnswer> {
    const { desk } = this;
    const what = verb === 'slot.restart' ? 'restart' : 'reboot';
    const begun = desk.link.storage.transactionSync(() => {
      const taken = desk.take(slotId, { kind: 'command', id: what, userId }, HOLD_LIFE_MS, { revive: true });
      if (!taken.ok) return taken;
      const tag = `${TAG}${slotId}:${taken.fence}`;
      const args = { slot: taken.row.key, fence: taken.fence };
      const { app } = taken.row.config;
      const options = { by: `user:${userId}`, tag };
      const refused =
        verb === 'slot.reboot'
          ? desk.link.begin(verb, args, options)
          : desk.link.begin(verb, { ...args, ...(app !== undefined && { app }) }, options);
      if (refused !== null) {
        desk.release(slotId, taken.fence);
        return refused;
      }
      desk.note(taken.row, 'command', what, { userId });
      return { ok: true as const, tag };
    });
    if (!begun.ok) return begun;
    void desk.telling.flush();
    const answer = await desk.wait(begun.tag, verb);
    return answer.ok ? done({}) : answer;
  }

  /** In the transaction that stores the answer. */
  finished({ tag }: Finished): void {
    const [slotId, fence] = tag.slice(TAG.length).split(':');
    this.desk.release(Number(slotId), Number(fence));
  }
}
