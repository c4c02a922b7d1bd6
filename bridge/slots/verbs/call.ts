/** Calls on a slot: begun by an intent, ended by a key, both believed only when the phone's telephony says so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type Handler } from '../../part.ts';
import { commandLine } from '../adb/quote.ts';
import type { SlotContext } from '../context.ts';
import { intentProblem } from '../intent.ts';

const START_WITHIN_MS = 8_000;
const KEY_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 300;
/** The key is pressed once more when the first one did nothing: a screen that just went off swallows it. */
const SECOND_KEY_AFTER_MS = 2_000;
const ENDED_WITHIN_MS = 6_000;

export const dialLine = (number: string): string =>
  commandLine(['am', 'start', '-a', 'android.intent.action.CALL', '-d', `tel:${number}`]);

export const HANGUP_LINE = commandLine(['input', 'keyevent', 'KEYCODE_ENDCALL']);

export const callHandler =
  ({ occupancy, calls, registry }: SlotContext): Handler<'slot.call'> =>
  async (args, ask) => {
    const slot = occupancy.admit(args.slot, args.fence);
    occupancy.take(slot, 'a call');
    calls.hold(slot, true);
    try {
      const telephony = await calls.read(slot, ask.signal);
      if (telephony && telephony.state !== 'idle') {
        throw new Refusal('SLOT_BUSY', 'The phone is in a call that was not started from here.');
      }
      const begin = (): void => calls.begin(slot, args.call_id, args.number);
      const result = await registry
        .run(slot, dialLine(args.number), { timeoutMs: START_WITHIN_MS, signal: ask.signal })
        .catch((error: unknown) => {
          // Cut off in the middle: the phone may ring all the same, and then it is this call.
          if (error instanceof Refusal && error.code === 'CANCELLED') begin();
          throw error;
        });
      const problem = intentProblem(result);
      if (result.timedOut || result.lost) begin();
      if (problem !== null) throw new Refusal('SLOT_FAILED', `The phone refused the call: ${problem}`);
      begin();
      return {};
    } finally {
      calls.hold(slot, false);
      occupancy.release(slot);
    }
  };

export const hangupHandler =
  ({ occupancy, calls, registry }: SlotContext): Handler<'slot.hangup'> =>
  async (args, ask) => {
    const slot = occupancy.admit(args.slot, args.fence);
    const call = calls.call(slot.key);
    // Another call may be on by now; only the one that was meant is ended.
    if (call?.callId !== args.call_id) return { ended: false };
    calls.take(slot, { is: 'hung_up' });
    const began = performance.now();
    let pressed = 0;
    while (performance.now() - began < ENDED_WITHIN_MS) {
      if (pressed === 0 || (pressed === 1 && performance.now() - began >= SECOND_KEY_AFTER_MS)) {
        const result = await registry.run(slot, HANGUP_LINE, {
          timeoutMs: KEY_WITHIN_MS,
          signal: ask.signal,
        });
        pressed += 1;
        if (result.exitCode !== 0) {
          const words = result.stderr.toString('utf8').trim() || `exit code ${result.exitCode}`;
          throw new Refusal('SLOT_FAILED', `The phone refused the key that ends a call: ${words}`);
        }
      }
      const telephony = await calls.look(slot, ask.signal);
      if (telephony === null) throw new Refusal('SLOT_FAILED', 'The phone does not tell of its calls.');
      if (telephony.state === 'idle') return { ended: true };
      await sleep(LOOK_AGAIN_MS, undefined, { signal: ask.signal });
    }
    throw new Refusal('SLOT_FAILED', 'The phone was told to end the call and is still in it.');
  };
