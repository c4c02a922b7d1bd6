/** The bridge's journalled events: stored in their order, each once, and acknowledged only when they are. */
import type { BridgeEvent, BridgeEventKind } from '../../bridge/protocol/events';
import type { EdgeMessage } from '../../bridge/protocol/messages';
import type { BridgeEvents } from '../call-hub/contract';
import type { DeskEvents } from '../operator-desk/contract';
import type { LogLine } from './contract';
import { masked } from './log';
import { hold, holdMs, openGate, stored, take, type EventGate } from './machine';
import type { Meta } from './meta';
import type { PbxStates } from './pbx-states';
import type { SlotPart } from './parts';

/** Handed over in one go. */
const BATCH = 100;
/** More than any bridge may have unacknowledged: one that sends on regardless is broken. */
export const MAX_QUEUED = 1_024;
/**
 * An event that fails so often in a row, alone, while its receiver is well, is a bug of ours and must not hold up all
 * later ones for ever.
 */
export const SET_ASIDE_AFTER = 20;

const HUB_KINDS: ReadonlySet<BridgeEventKind> = new Set([
  'pbx.channel',
  'pbx.sync',
  'pbx.originate_failed',
  'pbx.cdr',
  'slot.call',
]);

/** A receiver that does not answer in this time is taken for away; what it stored all the same it will know again. */
const RECEIVER_LIMIT_MS = 30_000;

type Receiver = 'call hub' | 'operator desk';

class ReceiverFailed extends Error {
  constructor(
    readonly receiver: Receiver,
    cause: unknown,
  ) {
    super(`the ${receiver}: ${String(cause)}`, { cause });
  }
}
class NotKept extends Error {
  constructor(cause: unknown) {
    super(`not stored here: ${String(cause)}`, { cause });
  }
}

interface Queued {
  seq: number;
  at: number;
  event: BridgeEvent;
}

interface IntakeParts {
  storage: DurableObjectStorage;
  meta: Meta;
  slots: SlotPart;
  pbx: PbxStates;
  now(): number;
  tell(message: EdgeMessage): boolean;
  /** Stores what concerns calls; at least once, the hub drops what it has seen. */
  hub(input: BridgeEvents): Promise<void>;
  /** Stores what concerns operators in queues; at least once, the desk drops what it has seen. */
  desk(input: DeskEvents): Promise<void>;
  log(level: LogLine['level'], part: string, text: string, at?: number): void;
}

export class Intake {
  #gate: EventGate = openGate(0);
  #queue: Queued[] = [];
  #draining: Promise<void> | null = null;
  #failures = 0;

  constructor(private readonly parts: IntakeParts) {
    this.#gate = openGate(parts.meta.get('journal')?.stored ?? 0);
  }

  /** Events taken and not stored yet. */
  get size(): number {
    return this.#queue.length;
  }

  /**
   * A connection came up with this journal. Answers the newest of its events that is stored: the bridge goes on from
   * there. What was taken before and is not stored comes again.
   */
  opened(journal: { id: string; head: number }): number {
    const known = this.parts.meta.get('journal');
    const same = known?.id === journal.id;
    const from = same ? known.stored : 0;
    if (!same) this.parts.meta.set('journal', { id: journal.id, stored: 0 });
    if (same && journal.head < known.stored) {
      this.parts.log(
        'error',
        'tunnel',
        `the bridge's journal went back from ${known.stored} to ${journal.head}: was it restored from a copy? Events until ${known.stored} are taken for known`,
      );
    }
    if (!same && known !== null)
      this.parts.log(
        'warn',
        'tunnel',
        'the bridge has a new journal: events of the old one that were not sent are lost',
      );
    this.#queue = [];
    this.#failures = 0;
    this.#gate = openGate(from);
    return from;
  }

  /** One event off the wire. Resolves when the queue is empty or was given back. False: the bridge floods us. */
  take(queued: Queued): Promise<void> | false {
    const { gate, isNew } = take(this.#gate, queued.seq);
    this.#gate = gate;
    if (!isNew) {
      // Seen already: its acknowledgement was lost, or it is in the queue.
      if (queued.seq <= gate.stored) this.#ack();
      return Promise.resolve();
    }
    if (this.#queue.length >= MAX_QUEUED) return false;
    this.#queue.push(queued);
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  async #drain(): Promise<void> {
    // Those that arrived in the same turn travel together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#failures > 0 ? 1 : BATCH);
      const journal = this.parts.meta.get('journal')?.id ?? '';
      try {
        await this.#hand(journal, batch);
        this.#failures = 0;
      } catch (error) {
        // The bridge came back with a new connection meanwhile: it sends all of this again.
        if (this.#queue[0] !== batch[0]) continue;
        this.#failures += 1;
        const isPoison =
          batch.length === 1 && this.#failures >= SET_ASIDE_AFTER && (await this.#isPoison(error));
        if (this.#queue[0] !== batch[0]) continue;
        if (!isPoison) return this.#giveBack(error);
        this.#setAside(journal, batch, error);
      }
      const last = batch.at(-1)?.seq ?? 0;
      if (this.parts.meta.get('journal')?.id !== journal) continue;
      this.#queue = this.#queue.filter(({ seq }) => seq > last);
      this.#gate = stored(this.#gate, last);
      this.#ack();
      // Not waited for: a hub that is slow to tell its sockets must not hold up what is stored next.
      void this.parts.slots.told();
    }
  }

  async #hand(journal: string, batch: readonly Queued[]): Promise<void> {
    const { slots } = this.parts;
    await slots.prepare(batch.map(({ event }) => event));
    const forHub = batch.filter(({ event }) => HUB_KINDS.has(event.kind));
    if (forHub.length > 0)
      await this.#tellHub(
        journal,
        forHub.map((one) => ({ ...one, slotId: slotOf(one.event, slots) })),
      );
    const forDesk = batch.flatMap(({ seq, at, event }) =>
      event.kind === 'pbx.members' || event.kind === 'pbx.missed' ? [{ seq, at, event }] : [],
    );
    if (forDesk.length > 0) await this.#tellDesk(journal, forDesk);
    try {
      this.#keep(journal, batch);
    } catch (error) {
      throw new NotKept(error);
    }
  }

  /** @throws ReceiverFailed */
  #tellHub(journal: string, events: BridgeEvents['events']): Promise<void> {
    return within('call hub', this.parts.hub({ bridgeId: this.#bridgeId, journal, events }));
  }

  /** @throws ReceiverFailed */
  #tellDesk(journal: string, events: DeskEvents['events']): Promise<void> {
    return within('operator desk', this.parts.desk({ bridgeId: this.#bridgeId, journal, events }));
  }

  get #bridgeId(): string {
    return this.parts.meta.get('self')?.bridgeId ?? '';
  }

  /** Whether an event itself is at fault. A receiver that takes nothing at all is away, and so is D1: those come back. */
  async #isPoison(error: unknown): Promise<boolean> {
    if (error instanceof NotKept) return true;
    if (!(error instanceof ReceiverFailed)) return false;
    try {
      const journal = this.parts.meta.get('journal')?.id ?? '';
      if (error.receiver === 'operator desk') await this.#tellDesk(journal, []);
      else await this.#tellHub(journal, []);
      return true;
    } catch {
      return false;
    }
  }

  /** One transaction: what follows from the events here, and that they are stored. */
  #keep(journal: string, batch: readonly Queued[]): void {
    const { storage, meta, slots, pbx } = this.parts;
    storage.transactionSync(() => {
      const known = meta.get('journal');
      const from = known?.id === journal ? known.stored : 0;
      for (const { seq, at, event } of batch) {
        if (known?.id === journal && seq <= from) continue;
        if (event.kind === 'pbx.state') pbx.state(event.data, at);
        else if (event.kind === 'pbx.trunk') pbx.trunk(event.data);
        else if (event.kind === 'bridge.log')
          this.parts.log(event.data.level, event.data.part, event.data.text, at);
        else slots.apply(event, at);
      }
      const last = batch.at(-1)?.seq ?? from;
      if (known?.id === journal && last > from) meta.set('journal', { id: journal, stored: last });
    });
  }

  #giveBack(error: unknown): void {
    console.warn(`bridge link: events not stored, given back (${String(error)})`);
    const retryMs = holdMs(this.#failures);
    if (this.#failures === 1)
      this.parts.log('warn', 'tunnel', 'events of the bridge could not be stored and are asked for again');
    this.#queue = [];
    this.#gate = hold(this.#gate);
    this.parts.tell({ t: 'hold', seq: this.#gate.stored, retry_ms: retryMs });
  }

  #setAside(journal: string, batch: readonly Queued[], error: unknown): void {
    const [one] = batch;
    console.error(`bridge link: event ${one?.seq} set aside: ${masked(JSON.stringify(one))}`, error);
    this.parts.log(
      'error',
      'tunnel',
      `event ${one?.seq} (${one?.event.kind}) could not be stored and was left out`,
    );
    this.#failures = 0;
    if (one !== undefined) this.parts.meta.set('journal', { id: journal, stored: one.seq });
  }

  #ack(): void {
    this.parts.tell({ t: 'ack', seq: this.#gate.stored });
  }
}

const slotOf = (event: BridgeEvent, slots: SlotPart): number | null =>
  event.kind === 'slot.call' ? slots.idOf(event.data.slot) : null;

/** @throws ReceiverFailed when it is refused, or not answered in time */
async function within(receiver: Receiver, answer: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), RECEIVER_LIMIT_MS);
  });
  try {
    await Promise.race([answer, late]);
  } catch (error) {
    throw new ReceiverFailed(receiver, error);
  } finally {
    clearTimeout(timer);
  }
}
