/** A recording's file from the PBX to a file of the bridge's, with its checksum. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { SFTPWrapper, Stats } from 'ssh2';

/** It can't be had, and trying again won't change that. */
export class NotFetchable extends Error {
  override readonly name = 'NotFetchable';
}

/** MixMonitor writes the file's head last, a moment after the channel is gone. */
const SETTLED_AFTER_MS = 1_000;
/** SFTP's "no such file". */
const NO_SUCH_FILE = 2;

export interface Fetched {
  size: number;
  sha256: string;
}

/**
 * Copies `relative` out of `directory` into `target`.
 * @throws NotFetchable for what is no plain file in the directory, empty, missing or too large; Error to be retried
 */
export async function fetchRecording(
  sftp: SFTPWrapper,
  directory: string,
  relative: string,
  { target, maxBytes, signal }: { target: string; maxBytes: number; signal: AbortSignal },
): Promise<Fetched> {
  const file = posix.join(directory, relative);
  const before = await statOf(sftp, directory, file);
  await sleep(SETTLED_AFTER_MS, undefined, { signal });
  const stats = await statOf(sftp, directory, file);
  if (stats.size !== before.size || stats.mtime !== before.mtime)
    throw new Error('it is still being written');
  if (stats.size === 0) throw new NotFetchable('the file is empty');
  if (stats.size > maxBytes) throw new NotFetchable(`it is larger than max_mb allows: ${stats.size} bytes`);

  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const source = sftp.createReadStream(file, { autoClose: true });
  // A stream of ssh2 does not end by itself when the connection goes.
  const lost = (): void => void source.destroy(new Error('the SSH connection broke'));
  sftp.once('close', lost);
  try {
    await pipeline(source, measure, createWriteStream(target, { mode: 0o600 }), { signal });
  } finally {
    sftp.off('close', lost);
  }
  if (size !== stats.size) throw new Error(`${size} of ${stats.size} bytes came`);
  return { size, sha256: hash.digest('hex') };
}

/** Of a plain file whose real path is inside of the directory: a link must not lead out of it. */
async function statOf(sftp: SFTPWrapper, directory: string, file: string): Promise<Stats> {
  const realpath = promisify<string, string>(sftp.realpath.bind(sftp));
  const stat = promisify<string, Stats>(sftp.stat.bind(sftp));
  try {
    const [root, real] = [await realpath(directory), await realpath(file)];
    if (!real.startsWith(root.endsWith('/') ? root : `${root}/`)) {
      throw new NotFetchable('it lies outside of the configured directory');
    }
    const stats = await stat(real);
    if (!stats.isFile()) throw new NotFetchable('it is no file');
    return stats;
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_SUCH_FILE)
      throw new Error('there is no such file', { cause: error });
    throw error;
  }
}
