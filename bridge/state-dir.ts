/** The bridge's directory: its key, its journal, and one directory for each part. Nobody else may read it. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config.ts';

/** Makes the directory if need be. @throws ConfigError when it can't be used */
export function prepareStateDir(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (error) {
    throw new ConfigError([
      `state_dir: ${directory} can't be used: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
}

export function partDir(stateDir: string, part: string): string {
  const directory = join(stateDir, part);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Permission bits that others than the owner have; null when there is no such file. */
export function openTo(path: string): number | null {
  try {
    return statSync(path).mode & 0o077;
  } catch {
    return null;
  }
}
