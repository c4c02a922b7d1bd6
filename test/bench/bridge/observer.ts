/** Sees channels appear at Asterisk, by a manager connection of its own beside everything that is measured. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Telephony } from '../../peers/support/telephony.ts';

export class Observer {
  readonly #socket: Socket;
  #next: ((at: number) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect({ ami }: Telephony): Promise<Observer> {
    const socket = connect({ port: ami.port, host: '127.0.0.1', noDelay: true });
    const observer = new Observer(socket);
    const { promise: loggedIn, resolve, reject } = Promise.withResolvers<void>();
    socket.once('error', reject);
    createInterface({ input: socket }).on('line', (line) => {
      if (line === 'Event: Newchannel') observer.#appeared();
      else if (line === 'Message: Authentication accepted') resolve();
      else if (line === 'Message: Authentication failed') reject(new Error(line));
    });
    socket.write(`Action: Login\r\nUsername: ${ami.user}\r\nSecret: ${ami.secret}\r\nEvents: call\r\n\r\n`);
    await loggedIn;
    return observer;
  }

  /** Resolves with the moment (`performance.now()`) of the first channel after now. */
  nextChannel(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error('no channel within 20 s')), 20_000);
    this.#next = (at) => {
      clearTimeout(timer);
      resolve(at);
    };
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #appeared(): void {
    this.#next?.(performance.now());
    this.#next = null;
  }
}
