import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './processes.ts';

/** Nothing that is done under such a lock takes this long: its holder died and its process id was given away again. */
const STALE_AFTER = 10 * 60_000;
/** The holder writes its process id just after it makes the directory. Milliseconds. */
const ID_WITHIN = 5000;

/**
 * Runs `work` while holding `directory` as a lock between processes; a holder that died loses it.
 * @param onWait is called once with the holder's process id if somebody else holds it
 */
export async function withDirectoryLock<T>(
  directory: string,
  work: () => Promise<T>,
  onWait: (holder: number) => void = () => undefined,
): Promise<T> {
  const owner = join(directory, 'pid');
  mkdirSync(dirname(directory), { recursive: true });
  let waiting = false;
  for (;;) {
    try {
      mkdirSync(directory);
      writeFileSync(owner, String(process.pid));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(directory, owner);
    if (holder === undefined) {
      rmSync(directory, { recursive: true, force: true });
      continue;
    }
    if (!waiting) onWait(holder);
    waiting = true;
    await delay(250);
  }
  try {
    return await work();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Process id of a holder that may still be at work (0 while it is not written yet), undefined when there is none. */
function holderOf(directory: string, owner: string): number | undefined {
  const since = statSync(directory, { throwIfNoEntry: false })?.mtimeMs;
  const age = since === undefined ? Infinity : Date.now() - since;
  let pid: number;
  try {
    pid = Number(readFileSync(owner, 'utf8'));
  } catch {
    return age < ID_WITHIN ? 0 : undefined;
  }
  return isAlive(pid) && age < STALE_AFTER ? pid : undefined;
}
