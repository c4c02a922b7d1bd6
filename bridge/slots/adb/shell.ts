/** Runs one command on a phone over ADB's shell protocol, which keeps output, errors and exit code apart. */
import { Refusal } from '../../part.ts';
import type { AdbClient } from './client.ts';
import { shellOnSocket } from './shell-socket.ts';

export interface ShellLimits {
  /** Killed after this, milliseconds. */
  timeoutMs: number;
  /** Bytes of stdout that are kept; of stderr 64 KiB. */
  maxBytes?: number;
  /** Of whoever asked. */
  signal?: AbortSignal;
  /** Aborted when the phone's transport went away: ADB keeps a connection to a phone that is gone open for a while. */
  gone?: AbortSignal;
}

export interface ShellResult {
  /** Null when the command was killed, or its phone went away: see `lost`. */
  exitCode: number | null;
  stdout: Buffer;
  stderr: Buffer;
  truncated: boolean;
  timedOut: boolean;
  /** The connection ended without an exit code. */
  lost: boolean;
  ms: number;
  /** From the start to the first byte of output; null without output. */
  firstByteMs: number | null;
}

export const OUTPUT_LIMIT = 64 * 1024;
/** What is beyond the cap is read on to learn the exit code, but not without end. */
const DRAIN_LIMIT = 4 * 1024 * 1024;

interface Kept {
  chunks: Buffer[];
  bytes: number;
  seen: number;
  truncated: boolean;
}

const nothingKept = (): Kept => ({ chunks: [], bytes: 0, seen: 0, truncated: false });

/**
 * `line` is what the phone's shell reads: made by `commandLine` of arguments, or a constant of ours.
 * @throws Refusal SLOT_OFFLINE when the phone can't be reached, CANCELLED when `signal` was aborted.
 */
export async function runLine(
  client: AdbClient,
  transportId: bigint,
  line: string,
  limits: ShellLimits,
): Promise<ShellResult> {
  const began = performance.now();
  const stop = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, limits.timeoutMs);
  const cancel = (): void => stop.abort();
  const ends = [limits.signal, limits.gone].filter((signal) => signal !== undefined);
  for (const signal of ends) {
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  }
  let firstByteMs: number | null = null;
  const keep = (kept: Kept, cap: number) => (chunk: Buffer) => {
    firstByteMs ??= performance.now() - began;
    kept.seen += chunk.byteLength;
    const room = cap - kept.bytes;
    if (room > 0) {
      kept.chunks.push(Buffer.from(chunk.subarray(0, room)));
      kept.bytes += Math.min(room, chunk.byteLength);
    }
    if (kept.seen > cap) kept.truncated = true;
    if (kept.seen > cap + DRAIN_LIMIT) stop.abort();
  };
  const out = nothingKept();
  const err = nothingKept();
  try {
    const sink = { stdout: keep(out, limits.maxBytes ?? OUTPUT_LIMIT), stderr: keep(err, OUTPUT_LIMIT) };
    const exitCode = await shellOnSocket(client.address, transportId, line, sink, stop.signal);
    refuseEnded(limits);
    return {
      exitCode,
      stdout: Buffer.concat(out.chunks),
      stderr: Buffer.concat(err.chunks),
      truncated: out.truncated || err.truncated,
      timedOut,
      lost: exitCode === null && !stop.signal.aborted,
      ms: Math.round(performance.now() - began),
      firstByteMs,
    };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    refuseEnded(limits);
    if (timedOut) {
      throw new Refusal('SLOT_OFFLINE', `The phone did not answer in ${limits.timeoutMs} ms.`);
    }
    throw new Refusal('SLOT_OFFLINE', `The phone can't be reached: ${wordsOf(error)}`);
  } finally {
    clearTimeout(timer);
    for (const signal of ends) signal.removeEventListener('abort', cancel);
  }
}

function refuseEnded({ signal, gone }: ShellLimits): void {
  if (signal?.aborted) throw new Refusal('CANCELLED', 'The command was cancelled.');
  if (gone?.aborted) throw new Refusal('SLOT_OFFLINE', 'The phone went away in the middle of the command.');
}

/** The words of whatever was thrown, with ADB's many ways to say it kept. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Text of a command's output with the mark that says where it was cut. */
export function outputText(bytes: Buffer, truncated: boolean, limit = OUTPUT_LIMIT): string {
  const text = bytes.toString('utf8');
  return truncated && bytes.byteLength >= limit ? `${text}\n[cut at ${limit / 1024} KiB]` : text;
}
