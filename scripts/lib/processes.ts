import { readFileSync } from 'node:fs';

/** Process id of a process's parent; undefined where the system has no /proc or the process is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    // The name in parentheses may hold anything, so fields are counted from the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Process ids of a process's children of that program name; empty where the system has no /proc. */
export function childrenNamed(pid: number, name: string): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children
      .split(' ')
      .filter((id) => id !== '')
      .map(Number)
      .filter((id) => readFileSync(`/proc/${id}/comm`, 'utf8').trim() === name);
  } catch {
    return [];
  }
}

/** True while a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
