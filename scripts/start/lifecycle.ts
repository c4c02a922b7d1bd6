import { parentOf } from '../lib/processes.ts';

/** Longest time a clean stop may take before the process just ends, milliseconds. */
const STOP_WITHIN = 4000;

/**
 * Ends the process once, by Ctrl-C, SIGTERM, SIGHUP or when npm went away.
 * @param close frees what must be freed; may be called while the start is still under way
 */
export function stopOnSignals(close: () => Promise<void>): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // `kill <pid of npm>` does not reach us: npm dies, or leaves its `sh` as our parent. Only under npm, since a start in
  // the background of a shell that ends is meant to stay.
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(stop);
  // A program that starts a server for itself (a test does) hands it a pipe, which closes however that program ends.
  if (process.env.STOP_WITH_STDIN === '1') process.stdin.once('close', stop).resume();
}

function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  setInterval(() => {
    if (process.ppid !== parent || parentOf(parent) !== grandparent) stop();
  }, 300).unref();
}
