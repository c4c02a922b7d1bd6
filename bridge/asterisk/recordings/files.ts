/** Which files may be fetched, and what they are to the edge. Pure. */
import { posix } from 'node:path';
import type { EdgeArgs } from '../../protocol/verbs.ts';

type MediaType = EdgeArgs<'upload.begin'>['type'];

const TYPES: Record<string, MediaType> = {
  '.wav': 'audio/wav',
  '.wav49': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.gsm': 'audio/gsm',
};

/** Null for a file that can't be played back: raw samples need their rate to be known. */
export const mediaType = (file: string): MediaType | null => TYPES[posix.extname(file).toLowerCase()] ?? null;

/**
 * The path of a file inside `directory`; null when it is outside of it or the directory itself. A dialplan may be made
 * to write names that callers chose, so a name is not trusted to stay where it should.
 */
export function insideDirectory(directory: string, file: string): string | null {
  // eslint-disable-next-line no-control-regex -- no file of a recording has one in its name
  if (/[\0-\x1f]/.test(file)) return null;
  const root = posix.resolve('/', directory);
  // MixMonitor takes a path without a slash in front as one inside of its own directory, which is the configured one.
  const path = posix.resolve(root, file);
  const relative = posix.relative(root, path);
  if (relative === '' || relative === '..' || relative.startsWith('../') || posix.isAbsolute(relative))
    return null;
  return relative;
}

const LONGEST_KEY = 250;

/**
 * The name under which the edge knows it, of the characters the protocol allows. It has the channel's id in it: a dialplan
 * may record one call after the other under the same name.
 */
export function uploadKey(pbx: string, uniqueid: string, relative: string): string {
  const clean = relative.replaceAll(/[^A-Za-z0-9_./+@ -]/g, '_').replaceAll(/\.{2,}/g, '_');
  const named = clean.includes(uniqueid) ? clean : `${uniqueid}/${clean}`;
  const key = `recording/${pbx}/${named}`;
  if (key.length <= LONGEST_KEY) return key;
  const head = `recording/${pbx}/${uniqueid}/`;
  return head + named.slice(-(LONGEST_KEY - head.length));
}
