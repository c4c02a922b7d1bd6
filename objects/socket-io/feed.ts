/** A client's ear at its tenant's hub: one live socket, connected again where it broke off. */
import { SUBSCRIBER_HEADER, type CallHubApi, type LiveSubscriber } from '../call-hub/contract';
import { readHub, type WireEvent } from './events';

const AGAIN_MS = [250, 1_000, 3_000, 10_000];

export interface FeedParts {
  hub(): DurableObjectStub<CallHubApi>;
  who: LiveSubscriber;
  after(ms: number, run: () => void): () => void;
  onEvent(event: WireEvent): void;
  /** What was missed reaches further back than the hub's history. */
  onReload(): void;
  /** For good. */
  onEnd(end: { code: number; reason: string }): void;
}

export class Feed {
  readonly #parts: FeedParts;
  #socket: WebSocket | null = null;
  #from: { epoch: string; offset: number } | null = null;
  #failures = 0;
  #closed = false;
  #cancel: () => void = () => undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** @throws when the hub can't be reached now; afterwards it is tried again by itself. */
  async open(): Promise<void> {
    const url = new URL('https://call-hub/live');
    if (this.#from !== null) {
      url.searchParams.set('epoch', this.#from.epoch);
      url.searchParams.set('offset', String(this.#from.offset));
    }
    const headers = { upgrade: 'websocket', [SUBSCRIBER_HEADER]: JSON.stringify(this.#parts.who) };
    const { webSocket, status } = await this.#parts.hub().fetch(url.href, { headers });
    if (webSocket === null) throw new Error(`the hub answered ${status}`);
    webSocket.accept();
    if (this.#closed) return webSocket.close(1000, 'gone');
    this.#socket = webSocket;
    this.#failures = 0;
    webSocket.addEventListener('message', ({ data }) => this.#heard(String(data)));
    webSocket.addEventListener('close', () => this.#lost(webSocket));
    webSocket.addEventListener('error', () => this.#lost(webSocket));
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#socket?.close(1000, 'gone');
  }

  #heard(text: string): void {
    const said = readHub(text);
    switch (said.kind) {
      case 'hello':
        this.#from ??= { epoch: said.epoch, offset: said.offset };
        if (this.#from.epoch !== said.epoch) this.#from = { epoch: said.epoch, offset: said.offset };
        return;
      case 'reload':
        return this.#parts.onReload();
      case 'event':
        if (this.#from !== null) this.#from.offset = said.offset;
        return this.#parts.onEvent(said.event);
      case 'log':
        return said.events.forEach((event) => this.#parts.onEvent(event));
      case 'bye':
        if (!said.temporary) {
          this.close();
          this.#parts.onEnd({ code: said.code, reason: said.reason });
        }
        return;
      case 'head':
        return undefined;
    }
  }

  #lost(socket: WebSocket): void {
    if (this.#closed || this.#socket !== socket) return;
    this.#socket = null;
    this.#again();
  }

  #again(): void {
    const wait = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.#cancel = this.#parts.after(wait, () => {
      this.open().catch((error: unknown) => {
        console.warn(`socket.io: the hub was not reached (${String(error)})`);
        if (!this.#closed) this.#again();
      });
    });
  }
}
