/**
 * One kept SSH connection to a PBX. A new one for each command costs seven round trips and a key exchange; a channel on
 * this one costs one round trip.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { SFTPWrapper } from 'ssh2';
import type { PbxConfig } from '../config.ts';
import { Refusal, type Logger } from '../part.ts';
import { freshBackoff, nextAttempt } from '../tunnel/backoff.ts';
import { fingerprint, type HostPin } from './host-key.ts';
import { Limit } from './limit.ts';

export type SshConfig = NonNullable<PbxConfig['ssh']>;

/** sshd allows ten by default and is late in counting a closed one. */
const CHANNELS_AT_ONCE = 5;
/** A PBX is near: a longer wait would only hide that it is back. */
const LONGEST_WAIT_MS = 5_000;

/** The server showed another key than the pinned one: never connected to, however often. */
export class WrongHostKey extends Error {
  override readonly name = 'WrongHostKey';
}

/** Connects once. @throws WrongHostKey, or Error with the reason in words */
export async function connectSsh(config: SshConfig, pin: HostPin, signal?: AbortSignal): Promise<NodeSSH> {
  const ssh = new NodeSSH();
  let shown: Buffer | undefined;
  try {
    const connecting = ssh.connect({
      host: config.host,
      port: config.port,
      username: config.user,
      privateKeyPath: config.key_file,
      readyTimeout: 10_000,
      keepaliveInterval: 3_000,
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => {
        shown = key;
        return pin.accepts(key);
      },
    });
    await (signal ? unlessAborted(connecting, signal) : connecting);
  } catch (error) {
    ssh.connection?.destroy();
    const message = error instanceof Error ? error.message : String(error);
    if (shown && /verification failed/i.test(message)) {
      throw new WrongHostKey(
        `the SSH server at ${config.host}:${config.port} shows another key (${fingerprint(shown)}) than the pinned one`,
        { cause: error },
      );
    }
    throw new Error(`SSH to ${config.host}:${config.port} failed: ${message}`, { cause: error });
  }
  const { connection } = ssh;
  // Without it each command on a kept connection waits 40 ms for an acknowledgement.
  connection?.setNoDelay(true);
  connection?.setMaxListeners(64);
  // A connection that breaks says so here first; unheard, it would end the process. What follows is on 'close'.
  connection?.on('error', () => undefined);
  return ssh;
}

export class SshLink {
  readonly #config: SshConfig;
  readonly #pin: HostPin;
  readonly #log: Logger;
  readonly #changed: () => void;
  readonly #limit = new Limit(CHANNELS_AT_ONCE);
  readonly #stop = new AbortController();
  #ssh: NodeSSH | null = null;
  #waiting: (() => void)[] = [];
  #loop: Promise<void> | null = null;
  /** Why it is down; null while it is up. */
  error: string | null = 'not connected yet';

  /** @param changed called when the connection came up or went down */
  constructor(config: SshConfig, pin: HostPin, log: Logger, changed: () => void) {
    this.#config = config;
    this.#pin = pin;
    this.#log = log;
    this.#changed = changed;
  }

  get up(): boolean {
    return this.#ssh !== null;
  }

  start(): void {
    this.#loop ??= this.#keepConnected();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ssh?.dispose();
    for (const wake of this.#waiting.splice(0)) wake();
    await this.#loop;
  }

  /** Resolves when it is up. @throws when `signal` ends it */
  async whenUp(signal: AbortSignal): Promise<void> {
    while (!this.#ssh) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
  }

  /**
   * Runs a program with arguments, each escaped for the host's shell.
   * @throws Refusal PBX_OFFLINE when there is no connection or it breaks in the command; CANCELLED by `signal`
   */
  async exec(
    program: string,
    args: string[],
    signal?: AbortSignal,
  ): Promise<{ stdout: string; stderr: string; code: number }> {
    const done = this.#limit.run(() => this.#exec(program, args, signal));
    // Neither a full queue nor a connection that swallows everything holds a command longer than its caller waits.
    return signal ? unlessAborted(done, signal) : done;
  }

  async #exec(program: string, args: string[], signal?: AbortSignal) {
    if (signal?.aborted) throw new Refusal('CANCELLED', 'cancelled before it began');
    const ssh = this.#connected();
    let close: (() => void) | undefined;
    try {
      const { stdout, stderr, code } = await ssh.exec(program, args, {
        stream: 'both',
        noTrim: true,
        onChannel: (channel) => {
          close = () => channel.close();
          signal?.addEventListener('abort', close, { once: true });
        },
      });
      // A connection that is cut resolves too, without a code.
      if (code === null) throw new Refusal('PBX_OFFLINE', 'the SSH connection broke in a command');
      return { stdout, stderr, code };
    } catch (error) {
      throw offline(error);
    } finally {
      if (close) signal?.removeEventListener('abort', close);
    }
  }

  /** A TCP connection from the host to `host:port`. Not a session, so it takes none of the places. */
  async forward(host: string, port: number): Promise<Duplex> {
    const { connection } = this.#connected();
    if (!connection) throw new Refusal('PBX_OFFLINE', 'the SSH connection just broke');
    return new Promise((resolve, reject) => {
      connection.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (error)
          reject(
            new Refusal('PBX_OFFLINE', `${host}:${port} can't be reached through SSH: ${error.message}`),
          );
        else resolve(stream);
      });
    });
  }

  async sftp<T>(use: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    return this.#limit.run(async () => {
      const ssh = this.#connected();
      let sftp: SFTPWrapper;
      try {
        sftp = await ssh.requestSFTP();
      } catch (error) {
        throw offline(error);
      }
      // Its own 'close' when the connection goes; pending operations fail by themselves.
      sftp.on('error', () => undefined);
      try {
        return await use(sftp);
      } finally {
        sftp.end();
      }
    });
  }

  #connected(): NodeSSH {
    if (!this.#ssh) throw new Refusal('PBX_OFFLINE', this.error ?? 'no SSH connection');
    return this.#ssh;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stop;
    let backoff = freshBackoff;
    while (!signal.aborted) {
      let began = 0;
      let refused = false;
      try {
        const ssh = await connectSsh(this.#config, this.#pin, signal);
        began = performance.now();
        await this.#live(ssh, signal);
      } catch (error) {
        refused = error instanceof WrongHostKey;
        this.#down(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return;
      const next = nextAttempt(
        backoff,
        { liveMs: began && performance.now() - began, refused },
        Math.random(),
      );
      ({ backoff } = next);
      await sleep(refused ? next.waitMs : Math.min(next.waitMs, LONGEST_WAIT_MS), undefined, {
        signal,
      }).catch(() => null);
    }
  }

  async #live(ssh: NodeSSH, signal: AbortSignal): Promise<void> {
    const { connection } = ssh;
    if (!connection || signal.aborted) {
      ssh.dispose();
      throw new Error('the SSH connection broke at once');
    }
    const closed = new Promise<string>((resolve) => {
      let why = 'the SSH connection was closed';
      connection.on('error', (error) => (why = `the SSH connection broke: ${error.message}`));
      connection.on('close', () => resolve(why));
    });
    this.#ssh = ssh;
    this.error = null;
    this.#log.info('SSH is up', { host: this.#config.host });
    for (const wake of this.#waiting.splice(0)) wake();
    this.#changed();
    const why = await closed;
    this.#ssh = null;
    this.#down(why);
  }

  #down(why: string): void {
    if (this.error !== why) this.#log.warn(why);
    this.error = why;
    if (!this.#stop.signal.aborted) this.#changed();
  }
}

/** `promise`, or a refusal as soon as `signal` is aborted. What the promise comes to then is nobody's concern. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Refusal('CANCELLED', 'cancelled or too late'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

const offline = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal('PBX_OFFLINE', error instanceof Error ? error.message : String(error));
