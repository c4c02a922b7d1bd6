import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a cable does with bytes. `dead`: it swallows them, and nobody is told: a black hole. */
type CableState = 'plugged' | 'cut' | 'dead';

/** A TCP line between a client and a server on this machine, which a test can cut, deaden and lengthen. */
export class Cable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: CableState = 'plugged';
  #delayMs: number;
  /** Connections that were ever made through it. */
  connections = 0;

  private constructor(server: Server, target: number, delayMs: number) {
    this.#server = server;
    this.#delayMs = delayMs;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#join(near, target));
  }

  /** @param delayMs each way, so a round trip takes twice as long */
  static async to(target: number, delayMs = 0): Promise<Cable> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Cable(server, target, delayMs);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resets what is connected and refuses everybody new. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Keeps what is connected, and carries nothing more of it; who connects is accepted and never answered. */
  deaden(): void {
    this.#state = 'dead';
  }

  /** As new. What was connected through a black hole stays without what was swallowed, so it is reset. */
  plug(): void {
    if (this.#state !== 'plugged') for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#state = 'plugged';
  }

  setDelay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, target: number): void {
    this.#track(near);
    if (this.#state === 'cut') return void near.resetAndDestroy();
    this.connections += 1;
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    this.#track(far);
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #carry(from: Socket, to: Socket): void {
    const later = (act: () => void): void => {
      if (this.#delayMs === 0) act();
      else setTimeout(act, this.#delayMs);
    };
    from.on('data', (bytes) => {
      if (this.#state === 'plugged') later(() => this.#state === 'plugged' && to.writable && to.write(bytes));
    });
    from.once('end', () => later(() => this.#state === 'plugged' && to.end()));
    from.once('close', () => later(() => this.#state === 'plugged' && to.destroy()));
  }
}
