/**
 * ADB's shell protocol (adb's SERVICES.TXT and shell_protocol.h) on a plain socket. The client library's own goes
 * through half a dozen web streams for each command: nothing to a person, but the phones are asked a dozen times a
 * second, and its garbage alone made the heap of the process grow by 100 MB.
 */
import { Socket } from 'node:net';

export interface ShellSink {
  /** The chunk is valid only during the call: it is to be copied. */
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

const STDOUT = 1;
const STDERR = 2;
const EXIT = 3;
const HEAD = 5;

/** Reads are synchronous from the socket into here and out again, one socket after the other: one buffer does. */
const shared = Buffer.allocUnsafe(64 * 1024);

const request = (service: string): string =>
  Buffer.byteLength(service).toString(16).padStart(4, '0') + service;

/** What of the answers is being read: two times OKAY or FAIL, then packets. */
type Phase = 'transport' | 'service' | 'failure' | 'packets';

class Reader {
  #phase: Phase = 'transport';
  #held: Buffer = Buffer.alloc(0);
  /** Of the packet whose data is coming. */
  #kind = 0;
  #left = 0;
  exitCode: number | null = null;
  /** The phone took the command. */
  running = false;
  failure: string | null = null;
  readonly #sink: ShellSink;
  readonly #accepted: () => void;

  constructor(sink: ShellSink, accepted: () => void) {
    this.#sink = sink;
    this.#accepted = accepted;
  }

  take(chunk: Buffer): void {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    for (let before = -1; rest.length !== before;) {
      before = rest.length;
      rest = this.#phase === 'packets' ? this.#packet(rest) : this.#answer(rest);
    }
    this.#held = rest.length > 0 ? Buffer.from(rest) : rest;
  }

  #answer(bytes: Buffer): Buffer {
    if (this.#phase === 'failure') {
      this.failure = bytes.subarray(4).toString('utf8');
      return bytes;
    }
    if (bytes.length < 4) return bytes;
    if (bytes.toString('latin1', 0, 4) !== 'OKAY') {
      this.#phase = 'failure';
      return bytes.subarray(4);
    }
    if (this.#phase === 'transport') this.#accepted();
    else this.running = true;
    this.#phase = this.running ? 'packets' : 'service';
    return bytes.subarray(4);
  }

  #packet(bytes: Buffer): Buffer {
    if (this.#left === 0) {
      if (bytes.length < HEAD) return bytes;
      this.#kind = bytes.readUInt8(0);
      this.#left = bytes.readUInt32LE(1);
      return bytes.subarray(HEAD);
    }
    const data = bytes.subarray(0, this.#left);
    if (data.length === 0) return bytes;
    this.#left -= data.length;
    if (this.#kind === STDOUT) this.#sink.stdout(data);
    else if (this.#kind === STDERR) this.#sink.stderr(data);
    else if (this.#kind === EXIT) this.exitCode = data.readUInt8(0);
    return bytes.subarray(data.length);
  }
}

/**
 * Runs `line` by the shell of a phone. Resolves with the exit code when the connection ended, null when none came;
 * an abort ends the connection, and adbd ends the command. Never hangs longer than `signal` lets it.
 * @throws Error with ADB's words when the phone can't be reached
 */
export function shellOnSocket(
  server: { host: string; port: number },
  transportId: bigint,
  line: string,
  sink: ShellSink,
  signal: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    let failed: Error | null = null;
    const socket = new Socket({
      onread: {
        buffer: shared,
        callback: (bytes, buffer) => {
          reader.take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
          // The exit code is the last thing adbd sends.
          if (reader.exitCode !== null) socket.destroy();
          return true;
        },
      },
    });
    const reader = new Reader(sink, () => socket.write(request(`shell,v2,raw:${line}`)));
    const abort = (): void => {
      socket.destroy();
    };
    socket.setNoDelay(true);
    socket.once('error', (error) => {
      failed = error;
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      // An exit code that came is the end of the command, whatever became of the connection after it.
      if (reader.exitCode !== null || (signal.aborted && reader.running)) resolve(reader.exitCode);
      else if (signal.aborted) reject(new Error('it did not answer'));
      else if (reader.failure !== null) reject(new Error(reader.failure));
      else if (failed) reject(failed);
      else resolve(null);
    });
    signal.addEventListener('abort', abort, { once: true });
    socket.connect(server.port, server.host, () => socket.write(request(`host:transport-id:${transportId}`)));
    if (signal.aborted) abort();
  });
}
