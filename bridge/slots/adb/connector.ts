/**
 * The way to the ADB server for @yume-chan/adb. Its own connector for Node ends a stream on FIN only, so that a
 * connection that was reset would be waited on for ever, and closes by half, so that a command's socket stays until
 * the server lets go. This one ends with the socket, whatever ended it.
 */
import { Socket } from 'node:net';
import type { AdbServerClient } from '@yume-chan/adb';
import { MaybeConsumable, PushReadableStream } from '@yume-chan/stream-extra';

const CONNECT_WITHIN_MS = 3_000;

export class AdbConnector implements AdbServerClient.ServerConnector {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  async connect(
    options: AdbServerClient.ServerConnectionOptions = {},
  ): Promise<AdbServerClient.ServerConnection> {
    const socket = new Socket({ signal: options.signal as AbortSignal | undefined });
    socket.setNoDelay(true);
    if (options.unref === true) socket.unref();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no answer from ${this.host}:${this.port} in ${CONNECT_WITHIN_MS} ms`));
      }, CONNECT_WITHIN_MS);
      const done = (error?: Error): void => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      socket.once('error', done);
      socket.connect({ host: this.host, port: this.port }, () => {
        socket.off('error', done);
        done();
      });
    });
    return connectionOf(socket);
  }

  addReverseTunnel(): string {
    throw new Error('reverse tunnels are not used');
  }

  removeReverseTunnel(): void {}

  clearReverseTunnels(): void {}
}

function connectionOf(socket: Socket): AdbServerClient.ServerConnection {
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  const closed = new Promise<undefined>((resolve) => {
    socket.once('close', () => resolve(undefined));
  });
  return {
    readable: new PushReadableStream<Uint8Array>(async (controller) => {
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        if (controller.abortSignal.aborted || !(await controller.enqueue(chunk))) break;
      }
      if (failure) throw failure;
    }),
    writable: new MaybeConsumable.WritableStream<Uint8Array>({
      write: (chunk) =>
        new Promise<void>((resolve, reject) => {
          socket.write(chunk, (error) => (error ? reject(error) : resolve()));
        }),
    }),
    closed,
    close: () => {
      socket.destroySoon();
    },
  };
}
