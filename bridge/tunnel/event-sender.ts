/** Moves events from the journal to the edge, as far as the window lets it. */
import {
  acknowledged,
  broken,
  closedWindow,
  held,
  opened,
  sent,
  toSend,
  type EventWindow,
} from './event-window.ts';
import type { EventOutbox } from './outbox.ts';

interface EventSenderOptions {
  outbox: EventOutbox;
  monotonic: () => number;
  /** False: it did not go out. */
  send: (text: string) => boolean;
}

export class EventSender {
  readonly #options: EventSenderOptions;
  #window: EventWindow;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#window = closedWindow(options.outbox.acked);
  }

  /** The tunnel is up; the edge has everything up to `acked`. */
  opened(acked: number): void {
    this.#options.outbox.acknowledge(acked);
    this.#window = opened(this.#window, acked);
    this.pump();
  }

  acknowledged(seq: number): void {
    this.#options.outbox.acknowledge(seq);
    this.#window = acknowledged(this.#window, seq);
    this.pump();
  }

  held(seq: number, retryMs: number): void {
    this.#options.outbox.acknowledge(seq);
    this.#window = held(this.#window, seq, this.#options.monotonic() + retryMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), retryMs + 1);
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#window = broken(this.#window);
  }

  /** Sends soon what may be sent: many events of one moment cost one look into the journal. */
  pump(): void {
    if (this.#scheduled || toSend(this.#window, this.#options.monotonic()) === null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    const { outbox, monotonic, send } = this.#options;
    const range = toSend(this.#window, monotonic());
    if (range === null) return;
    const gone: number[] = [];
    for (const { seq, at, body } of outbox.read(range.after, range.count)) {
      // The body is JSON already, checked when it was stored.
      if (!send(`{"t":"event","seq":${seq},"at":${at},"event":${body}}`)) break;
      gone.push(seq);
    }
    this.#window = sent(this.#window, gone);
  }
}
