import { WebSocket, type RawData } from 'ws';

export type LiveMessage = Record<string, unknown> & { type: string };

/** A browser's live socket, recording what it is sent. */
export class LiveFeed {
  readonly messages: LiveMessage[] = [];
  closedWith: number | null = null;
  readonly #socket: WebSocket;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: RawData) => {
      this.messages.push(JSON.parse(textOf(data)) as LiveMessage);
      this.#look();
    });
    socket.on('close', (code) => {
      this.closedWith = code;
      this.#look();
    });
    socket.on('error', () => undefined);
  }

  /** Resolves after the server's hello. `after` is the position of an earlier socket. */
  static async open(
    url: string,
    token: string,
    after?: { epoch: string; offset: number },
  ): Promise<LiveFeed> {
    const query =
      after === undefined ? '' : `?epoch=${encodeURIComponent(after.epoch)}&offset=${after.offset}`;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/live${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const feed = new LiveFeed(socket);
    await feed.waitFor((message) => message.type === 'hello');
    return feed;
  }

  get hello(): { epoch: string; offset: number } {
    const first = this.messages.find((message) => message.type === 'hello');
    return { epoch: String(first?.['epoch']), offset: Number(first?.['offset']) };
  }

  /** Where a client that has read everything so far would go on. */
  get position(): { epoch: string; offset: number } {
    const offsets = this.messages.map((message) => Number(message['offset'] ?? 0));
    return { epoch: this.hello.epoch, offset: Math.max(...offsets) };
  }

  /** Every state of a call that was told, in order. */
  statesOf(matches: (call: Record<string, unknown>) => boolean): string[] {
    return this.calls.filter(matches).map((call) => String(call['status']));
  }

  get calls(): Record<string, unknown>[] {
    return this.messages
      .filter((message) => message.type === 'event')
      .map((message) => message['data'] as Record<string, unknown>);
  }

  /** Resolves with the first message, past or future, that matches. @throws Error when the socket ends before */
  waitFor(matches: (message: LiveMessage) => boolean): Promise<LiveMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<LiveMessage>();
    const look = (): void => {
      const found = this.messages.find(matches);
      if (found !== undefined) resolve(found);
      else if (this.closedWith === null) return;
      else reject(new Error(`the live socket was closed with ${this.closedWith}`));
      this.#watchers.delete(look);
    };
    this.#watchers.add(look);
    look();
    return promise;
  }

  /** Resolves when a call is told that matches. */
  waitForCall(matches: (call: Record<string, unknown>) => boolean): Promise<LiveMessage> {
    return this.waitFor(
      (message) => message.type === 'event' && matches(message['data'] as Record<string, unknown>),
    );
  }

  close(): void {
    this.#socket.close();
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

/** Text of a frame: the server's arrive in one piece. */
const textOf = (data: RawData): string => (Buffer.isBuffer(data) ? data.toString('utf8') : '');
