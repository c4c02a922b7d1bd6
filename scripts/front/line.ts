// The front's end of the line on which phones' polls reach the Worker: `worker/dialer/line.ts` documents the frames.
import WebSocket from 'ws';

/** Longer than any hold: a poll the Worker never answered is answered empty. */
const LONGEST_MS = 27_000;
const RECONNECT_MS = [50, 100, 250, 500, 1_000];

export interface LineAnswer {
  status: number;
  body: string;
}

/** Hands the answer to the phone; false when its connection was gone. */
export type Respond = (answer: LineAnswer) => Promise<boolean>;

interface Waiting {
  path: string;
  auth: string | null;
  since: number;
  respond: Respond;
}

export interface LineOptions {
  /** The line's address, asked for at every connection: a runtime that was restarted may have moved. */
  address(): Promise<URL>;
  headers: Record<string, string>;
  warn(line: string): void;
}

/** Keeps the line up and every waiting poll announced on it. */
export class LineClient {
  readonly #options: LineOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #awaited = new Set<() => void>();
  #socket: WebSocket | null = null;
  #last = 0;
  #failures = 0;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), 1_000);
    this.#sweeper.unref();
  }

  /** Resolves once the line is up for the first time. */
  async open(): Promise<void> {
    const url = await this.#options.address();
    const socket = new WebSocket(url.href, { headers: this.#options.headers, perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => this.#options.warn(`the phones' line failed: ${error.message}`));
    socket.on('message', (data: Buffer) => this.#read(data.toString('utf8')));
    socket.on('close', () => this.#lost());
    this.#socket = socket;
    this.#failures = 0;
    for (const [n, poll] of this.#waiting) this.#announce(n, poll);
    for (const tell of this.#awaited) tell();
  }

  /** Resolves when the line is up, at the latest after `limitMs`: while the runtime restarts it is not. */
  async whenUp(limitMs: number): Promise<void> {
    if (this.#socket?.readyState === WebSocket.OPEN) return;
    await new Promise<void>((resolve) => {
      const tell = (): void => {
        clearTimeout(timer);
        this.#awaited.delete(tell);
        resolve();
      };
      const timer = setTimeout(tell, limitMs);
      this.#awaited.add(tell);
    });
  }

  /** Parks a poll; answers its number. */
  poll(path: string, auth: string | null, respond: Respond): number {
    const n = (this.#last += 1);
    const poll = { path, auth, since: performance.now(), respond };
    this.#waiting.set(n, poll);
    this.#announce(n, poll);
    return n;
  }

  /** The phone hung up. */
  gone(n: number): void {
    if (this.#waiting.delete(n)) this.#send(`G${n}`);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Answers every poll empty, none sooner than `minimumMs` after it came. */
  async close(minimumMs: number): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    await Promise.all(
      [...this.#waiting].map(async ([n, { since, respond }]) => {
        this.gone(n);
        const left = since + minimumMs - performance.now();
        if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
        await respond({ status: 204, body: '' });
      }),
    );
    this.#socket?.close();
  }

  #announce(n: number, { path, auth, since }: Waiting): void {
    this.#send(`P${JSON.stringify({ n, path, auth, waited: Math.round(performance.now() - since) })}`);
  }

  #send(frame: string): void {
    // While the line is down nothing is lost: what waits is announced when it is up again.
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  #read(frame: string): void {
    const space = frame.indexOf(' ');
    const n = Number(frame.slice(0, space));
    const poll = this.#waiting.get(n);
    const answer = { status: Number(frame.slice(space + 1, space + 4)), body: frame.slice(space + 5) };
    if (poll === undefined) {
      if (answer.status === 200) this.#send(`G${n}`);
      return;
    }
    this.#waiting.delete(n);
    void poll.respond(answer).then((handed) => {
      if (!handed && answer.status === 200) this.#send(`G${n}`);
    });
  }

  #lost(): void {
    this.#socket = null;
    if (this.#closed) return;
    const delay = RECONNECT_MS[Math.min(this.#failures, RECONNECT_MS.length - 1)];
    this.#failures += 1;
    setTimeout(() => {
      if (this.#closed) return;
      this.open().catch((error: unknown) => {
        if (this.#failures === RECONNECT_MS.length)
          this.#options.warn(`the phones' line is down: ${String(error)}`);
        this.#lost();
      });
    }, delay);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [n, { since, respond }] of this.#waiting) {
      // They lie in order of arrival.
      if (now - since < LONGEST_MS) return;
      this.gone(n);
      void respond({ status: 204, body: '' });
    }
  }
}
