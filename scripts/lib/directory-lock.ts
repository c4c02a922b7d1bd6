import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './processes.ts';

/** Runs `work` while holding `directory` as a lock between processes; a holder that died loses it. */
export async function withDirectoryLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const owner = join(directory, 'pid');
  mkdirSync(dirname(directory), { recursive: true });
  for (let round = 0; ; round++) {
    try {
      mkdirSync(directory);
      writeFileSync(owner, String(process.pid));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    let held = round < 20;
    try {
      held = isAlive(Number(readFileSync(owner, 'utf8')));
    } catch {
      // The holder writes its id just after it makes the directory.
    }
    if (held) await delay(250);
    else rmSync(directory, { recursive: true, force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
