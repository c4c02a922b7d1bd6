/** Runs one command on a phone over ADB's shell protocol, which keeps output, errors and exit code apart. */
import { AdbShellProtocolProcessImpl, type AdbServerClient } from '@yume-chan/adb';
import { Refusal } from '../../part.ts';

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
  truncated: boolean;
}

/**
 * `line` is what the phone's shell reads: made by `commandLine` of arguments, or a constant of ours.
 * @throws Refusal SLOT_OFFLINE when the phone can't be reached, CANCELLED when `signal` was aborted.
 */
export async function runLine(
  client: AdbServerClient,
  transportId: bigint,
  line: string,
  limits: ShellLimits,
): Promise<ShellResult> {
  const began = performance.now();
  const stop = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort(new Error('time limit'));
  }, limits.timeoutMs);
  const cancel = (): void => stop.abort(new Error('cancelled'));
  const ends = [limits.signal, limits.gone].filter((signal) => signal !== undefined);
  for (const signal of ends) {
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  }
  let firstByteMs: number | null = null;
  try {
    const process = await open(client, transportId, line, stop.signal);
    const out: Kept = { chunks: [], bytes: 0, truncated: false };
    const err: Kept = { chunks: [], bytes: 0, truncated: false };
    const read = async (from: AsyncIterable<Uint8Array>, kept: Kept, cap: number): Promise<void> => {
      let seen = 0;
      for await (const chunk of from) {
        firstByteMs ??= performance.now() - began;
        seen += chunk.byteLength;
        const room = cap - kept.bytes;
        if (room > 0) {
          // A copy: the chunk is a view of a larger buffer that would be kept alive.
          kept.chunks.push(Buffer.from(chunk.subarray(0, room)));
          kept.bytes += Math.min(room, chunk.byteLength);
        }
        if (seen > cap) kept.truncated = true;
        if (seen > cap + DRAIN_LIMIT) stop.abort(new Error('too much output'));
      }
    };
    const exited = process.exited.then(
      (code) => ({ code, lost: false }),
      () => ({ code: null, lost: !stop.signal.aborted }),
    );
    // A killed command's streams end with an error; what came before it is kept.
    const [exit] = await Promise.all([
      exited,
      read(process.stdout, out, limits.maxBytes ?? OUTPUT_LIMIT).catch(() => {}),
      read(process.stderr, err, OUTPUT_LIMIT).catch(() => {}),
    ]);
    refuseEnded(limits);
    return {
      exitCode: exit.code,
      stdout: Buffer.concat(out.chunks),
      stderr: Buffer.concat(err.chunks),
      truncated: out.truncated || err.truncated,
      timedOut,
      lost: exit.lost,
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

async function open(
  client: AdbServerClient,
  transportId: bigint,
  line: string,
  signal: AbortSignal,
): Promise<AdbShellProtocolProcessImpl> {
  // Not through an `Adb` object: its transport keeps every socket it ever opened, which a process of months can't.
  const connecting = client.createDeviceConnection({ transportId }, `shell,v2,raw:${line}`);
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  try {
    const socket = await Promise.race([connecting, aborted]);
    const process = new AdbShellProtocolProcessImpl(socket, signal);
    // Whoever is killed before it is read must not end the bridge with an unhandled rejection.
    void process.exited.then(undefined, () => {});
    void socket.closed.then(undefined, () => {});
    return process;
  } catch (error) {
    void connecting.then(
      (late) => late.close(),
      () => {},
    );
    throw error;
  }
}

/** The words of whatever was thrown, with ADB's many ways to say it kept. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Text of a command's output with the mark that says where it was cut. */
export function outputText(bytes: Buffer, truncated: boolean, limit = OUTPUT_LIMIT): string {
  const text = bytes.toString('utf8');
  return truncated && bytes.byteLength >= limit ? `${text}\n[cut at ${limit / 1024} KiB]` : text;
}
