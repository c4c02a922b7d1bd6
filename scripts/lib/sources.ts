import { createHash, type Hash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './root.ts';

/**
 * SHA-256 over the names and contents of files and of everything below directories, tests left out.
 * @param skip names of entries to pass over
 */
export function hashOfSources(paths: readonly string[], skip: ReadonlySet<string> = new Set()): string {
  const hash = createHash('sha256');
  for (const path of paths) add(hash, path, skip);
  return hash.digest('hex');
}

function add(hash: Hash, path: string, skip: ReadonlySet<string>): void {
  if (!statSync(path).isDirectory()) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
    return;
  }
  for (const name of readdirSync(path).toSorted()) {
    if (!skip.has(name) && !name.endsWith('.test.ts')) add(hash, join(path, name), skip);
  }
}
