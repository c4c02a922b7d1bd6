import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address that pipelines check: counts who asks, answers what the test says. */
export class Outside {
  /** Paths in the order they were asked. */
  readonly asked: string[] = [];
  /** Status by path; 0: no answer at all. 200 when absent. */
  readonly answers = new Map<string, number>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Outside> {
    const server = createServer((request, response) => {
      const path = request.url ?? '/';
      outside.asked.push(path);
      const status = outside.answers.get(path) ?? 200;
      if (status === 0) return;
      response.writeHead(status, status === 302 ? { location: '/followed' } : {}).end('all is well');
    });
    const outside = new Outside(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return outside;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  timesAsked(path: string): number {
    return this.asked.filter((one) => one === path).length;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
