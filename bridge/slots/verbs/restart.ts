/** Restart of a slot's session, and reboot of its phone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type Handler } from '../../part.ts';
import { commandLine } from '../adb/quote.ts';
import { wordsOf } from '../adb/shell.ts';
import type { SlotContext } from '../context.ts';
import { FRONT_LINE, frontApp } from '../front-app.ts';
import type { Slot } from '../slot.ts';

const STEP_WITHIN_MS = 10_000;
/** ADB drops a transport when it is told to reconnect; one that stays was not. */
const DROPPED_WITHIN_MS = 3_000;
const BACK_WITHIN_MS = 15_000;

export const restartHandler =
  (context: SlotContext): Handler<'slot.restart'> =>
  async (args, ask) => {
    const { occupancy, registry, scripts } = context;
    const slot = occupancy.admit(args.slot, args.fence);
    scripts.end(slot, 'The slot was restarted.');
    registry.change(slot.key, { is: 'began', what: 'restarting', at: performance.now() });
    try {
      await restartApp(context, slot, args.app, ask.signal);
      await reconnect(context, slot, ask.signal);
      return {};
    } finally {
      registry.change(slot.key, { is: 'over' });
    }
  };

async function restartApp(
  { registry }: SlotContext,
  slot: Slot,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const limits = { timeoutMs: STEP_WITHIN_MS, signal };
  const app = wanted ?? frontApp((await registry.run(slot, FRONT_LINE, limits)).stdout.toString('utf8'));
  // The home screen has nothing to restart.
  if (app === null) return;
  const stopped = await registry.run(slot, commandLine(['am', 'force-stop', app]), limits);
  if (stopped.exitCode !== 0) {
    throw new Refusal(
      'SLOT_FAILED',
      `The phone did not stop ${app}: ${stopped.stderr.toString('utf8').trim()}`,
    );
  }
  // By its launcher entry: most apps' other activities may not be started from outside.
  const launch = ['monkey', '-p', app, '-c', 'android.intent.category.LAUNCHER', '1'];
  const started = await registry.run(slot, commandLine(launch), limits);
  if (started.exitCode !== 0) {
    const words = `${started.stdout.toString('utf8')} ${started.stderr.toString('utf8')}`
      .trim()
      .slice(0, 300);
    throw new Refusal('SLOT_FAILED', `The phone did not start ${app} again: ${words}`);
  }
}

/** A new transport is a new hold on the phone: whatever hung in the old one is gone. */
async function reconnect({ registry }: SlotContext, slot: Slot, signal: AbortSignal): Promise<void> {
  const before = slot.transport?.id;
  await registry.reconnect(slot).catch((error: unknown) => {
    throw new Refusal('SLOT_FAILED', `ADB did not connect the phone anew: ${wordsOf(error)}`);
  });
  const began = performance.now();
  const isNew = (): boolean => slot.condition.link === 'ready' && slot.transport?.id !== before;
  let dropped = false;
  while (performance.now() - began < BACK_WITHIN_MS) {
    dropped ||= slot.condition.link !== 'ready';
    if (isNew() || (dropped && slot.condition.link === 'ready')) return;
    if (!dropped && performance.now() - began > DROPPED_WITHIN_MS) return;
    await sleep(50, undefined, { signal });
  }
  throw new Refusal('SLOT_OFFLINE', 'The phone did not come back after ADB connected it anew.');
}

export const rebootHandler =
  ({ occupancy, registry, scripts }: SlotContext): Handler<'slot.reboot'> =>
  async (args, ask) => {
    const slot = occupancy.admit(args.slot, args.fence);
    scripts.end(slot, 'The phone was rebooted.');
    registry.change(slot.key, { is: 'began', what: 'rebooting', at: performance.now() });
    let words: string;
    try {
      // By the shell: the service `reboot:` is refused by some builds of adbd.
      const result = await registry.run(slot, commandLine(['reboot']), {
        timeoutMs: STEP_WITHIN_MS,
        signal: ask.signal,
      });
      // Gone without an exit code is what a reboot looks like.
      if (result.exitCode === 0 || result.lost || result.timedOut) return {};
      words = result.stderr.toString('utf8').trim() || `exit code ${result.exitCode}`;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'SLOT_OFFLINE' && slot.condition.link !== 'ready')
        return {};
      registry.change(slot.key, { is: 'over' });
      throw error;
    }
    registry.change(slot.key, { is: 'over' });
    throw new Refusal('SLOT_FAILED', `The phone refused to reboot: ${words}`);
  };
