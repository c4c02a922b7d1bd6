import type { ChatView, InboxApi, MessageView } from '../inbox/contract';
import type { Exchange, Probe, ProbeRequest } from '../provider-link/contract';
import { begin, current, expire, judge, settle, type Check, type Judgement, type Run } from './machine';
import type { SandboxEvent } from './contract';
import { badMessageIn, idIn, isAsked, requestOf, type AskedCode } from './requests';
import type { SandboxStore } from './store';

/** How often it is looked whether what a check waits for is there. */
const LOOK_EVERY_MS = 1_000;
/** As whom the stand writes. */
const AUTHOR = { id: 'test-stand', name: 'Test stand' } as const;
const CHATS = 200;

export interface StandParts {
  store: SandboxStore;
  /** Under which the provider reaches us. */
  origin(): string;
  inbox(): DurableObjectStub<InboxApi>;
  probe(request: ProbeRequest): Promise<Probe>;
  /** Closes the link's breaker, so that what people do goes out at once. */
  resume(): Promise<void>;
  /** Revokes every token, so that the link says good-bye; stored when it returns. */
  disconnect(): Promise<void>;
  transaction<T>(work: () => T): T;
}

/** What a check found: nothing yet, or what decides it. */
type Found = {
  judgement: Judgement;
  exchange: Exchange | null;
  learnt?: Partial<Pick<Run, 'chat' | 'sentId'>>;
} | null;

/**
 * Carries a run on. Whatever it did is stored before the next step, and each step may be repeated: what is sent goes by
 * ids of the run.
 */
export class Stand {
  #stepping: Promise<number | null> | null = null;
  #again = false;

  constructor(private readonly parts: StandParts) {}

  /** Goes on as far as it can; answers when to look again, null when no run is under way. Never two at a time. */
  step(now: () => number): Promise<number | null> {
    this.#again = true;
    this.#stepping ??= this.#steps(now).finally(() => {
      this.#stepping = null;
    });
    return this.#stepping;
  }

  async #steps(now: () => number): Promise<number | null> {
    for (;;) {
      this.#again = false;
      const run = this.#begun(now());
      const check = run && current(run);
      if (run === null || check === null) return null;
      const found = await this.#find(run, check);
      const isOver = this.parts.transaction(() => this.#keep(run, check, found, now()));
      if (!isOver && !this.#again) return now() + LOOK_EVERY_MS;
    }
  }

  /** The run with its next check started. */
  #begun(now: number): Run | null {
    const { store, transaction } = this.parts;
    return transaction(() => {
      const run = store.running();
      if (run === null) return null;
      const begun = begin(run, store.lastEvent, now);
      if (begun !== run) store.save(begun);
      return begun;
    });
  }

  /** True when the check is over, whoever ended it. The run may have been cancelled, or its sandbox closed, meanwhile. */
  #keep(asked: Run, check: Check, found: Found, now: number): boolean {
    const { store } = this.parts;
    const run = store.running();
    if (run?.id !== asked.id || current(run)?.code !== check.code) return true;
    if (found === null) {
      const waits = check.code === 'incoming_message' || check.code === 'status_back';
      const expired = expire(run, waits ? 'nothing_came' : 'not_called', now);
      if (expired !== run) store.save(expired);
      return expired !== run;
    }
    store.save(settle({ ...run, ...found.learnt }, check.code, found.judgement, found.exchange, now));
    return true;
  }

  async #find(run: Run, check: Check): Promise<Found> {
    if (isAsked(check.code)) return this.#ask(run, check.code);
    switch (check.code) {
      case 'incoming_message':
        return this.#incoming(check);
      case 'send_message':
        return this.#send(run, check);
      case 'status_back':
        return this.#status(run, check);
      case 'update_content':
        return this.#edit(run, check);
      case 'delete_webhook':
      case 'disconnect':
        await this.parts.disconnect();
        return this.#called(check.code, check.code === 'disconnect' ? this.#goodBye(run) : check.since);
    }
  }

  /** The good-bye may have been said while the webhook's end was looked at. */
  #goodBye(run: Run): number {
    const webhook = run.checks.find(({ code }) => code === 'delete_webhook');
    const self = run.checks.find(({ code }) => code === 'disconnect');
    return webhook?.startedAt == null ? (self?.since ?? 0) : webhook.since;
  }

  async #ask(run: Run, code: AskedCode): Promise<Found> {
    if ((code === 'mark_read' || code === 'update_status') && !(await this.#allows(run, 'read')))
      return NOT_OFFERED;
    const sent = run.sentId === null ? null : this.#sent(run.sentId);
    const { exchange, externalId, channels, messages, each, error } = await this.parts.probe(
      requestOf(run, code, sent, this.parts.origin()),
    );
    const [known, nowhere] = each;
    const first = sent?.answer == null ? null : idIn(sent.answer.body);
    const judgement = judge(code, {
      answer: exchange.answer,
      error: exchange.error ?? error,
      channels,
      ...(code === 'repeat_send' && { ids: { first, again: externalId } }),
      ...(code === 'bulk' && {
        ids: { first, again: known?.externalId ?? null },
        bulk: { known: known?.kind, nowhere: nowhere?.kind },
      }),
      ...(code === 'history' && { badMessage: badMessageIn(messages) }),
    });
    return { judgement, exchange };
  }

  /** A customer's message that came since the check began; one that was there before starts no chat. */
  async #incoming(check: Check): Promise<Found> {
    const { store, inbox } = this.parts;
    // A page of history that comes meanwhile is nobody's message of now.
    const exchange =
      store.firstOf('POST /messages', check.since, isTaken) ??
      store.firstOf('POST /bulk/messages', check.since, isTaken);
    if (exchange === null) return null;
    const page = await inbox().chats({ limit: CHATS });
    if (!page.ok) return null;
    for (const chat of page.chats) {
      const { last } = chat;
      if (last === null || last.receivedAt < (check.startedAt ?? 0)) continue;
      const message = last.direction === 'incoming' ? last : await this.#newestIncoming(chat, check);
      if (message === null) continue;
      const { id, externalId, channel } = chat;
      return {
        judgement: { state: 'passed' },
        exchange,
        learnt: {
          chat: {
            id,
            externalId,
            channelId: channel.externalId,
            code: channel.code,
            messageId: message.externalId ?? message.id,
          },
        },
      };
    }
    return null;
  }

  async #newestIncoming(chat: ChatView, check: Check): Promise<MessageView | null> {
    const page = await this.parts.inbox().messages({ chatId: chat.id, limit: CHATS });
    if (!page.ok) return null;
    const found = page.messages.findLast(
      ({ direction, receivedAt }) => direction === 'incoming' && receivedAt >= (check.startedAt ?? 0),
    );
    return found ?? null;
  }

  async #send(run: Run, check: Check): Promise<Found> {
    const { inbox, resume } = this.parts;
    const text = `Trunkline test stand: run ${run.id}. Please ignore this message.`;
    const sent = await inbox().reply({
      user: AUTHOR,
      chatId: run.chat?.id ?? '',
      text,
      once: { key: `${run.id}.send`, fingerprint: run.id },
      now: check.startedAt ?? run.startedAt,
    });
    if (!sent.ok) return refused(sent.code);
    await resume();
    const learnt = { sentId: sent.value.id };
    const exchange = this.#sent(sent.value.id);
    if (exchange === null) return null;
    const judgement = judge('send_message', exchange);
    return { judgement, exchange, ...(judgement.state === 'passed' && { learnt }) };
  }

  /** The first request that carried a message: its own, or one together with messages of other chats. */
  #sent(id: string): SandboxEvent | null {
    const { store } = this.parts;
    const carries = ({ deliveries }: SandboxEvent) => deliveries.includes(id);
    return store.firstOf('send_message', 0, carries) ?? store.firstOf('bulk', 0, carries);
  }

  /** What the provider tells of the message that was sent. */
  async #status(run: Run, check: Check): Promise<Found> {
    const { inbox, store } = this.parts;
    const around = run.sentId ?? '';
    const page = await inbox().messages({ chatId: run.chat?.id ?? '', around, limit: 1 });
    const message = page.ok ? page.messages.find(({ id }) => id === around) : undefined;
    if (message === undefined) return null;
    const sent = run.checks.find(({ code }) => code === 'send_message');
    const exchange = store.firstOf('POST /messages/{messageId}/status', sent?.since ?? check.since);
    if (message.status === 'delivered' || message.status === 'read')
      return { judgement: { state: 'passed' }, exchange };
    if (message.status !== 'failed') return null;
    const detail = message.error ?? 'The provider said that the message failed.';
    return { judgement: { state: 'failed', problem: 'told_failed', detail }, exchange };
  }

  async #edit(run: Run, check: Check): Promise<Found> {
    const { inbox, resume } = this.parts;
    if (!(await this.#allows(run, 'edit'))) return NOT_OFFERED;
    const edited = await inbox().edit({
      user: AUTHOR,
      messageId: run.sentId ?? '',
      text: `Trunkline test stand: run ${run.id}, corrected. Please ignore this message.`,
      now: check.startedAt ?? run.startedAt,
    });
    if (!edited.ok) return refused(edited.code);
    await resume();
    return this.#called('update_content', check.since);
  }

  /** By the configuration's own word of what the channel can do. */
  async #allows(run: Run, what: 'edit' | 'read'): Promise<boolean> {
    const chat = await this.parts.inbox().chat(run.chat?.id ?? '');
    return chat === null || chat.allows[what];
  }

  /** Decided by the first request of its kind that the link made since. */
  #called(code: keyof typeof CALLED, since: number): Found {
    const exchange = this.parts.store.firstOf(CALLED[code], since);
    return exchange && { judgement: judge(code, exchange), exchange };
  }
}

const CALLED = {
  update_content: 'update_message',
  delete_webhook: 'delete_webhook',
  disconnect: 'disconnect',
} as const;

const isTaken = ({ answer }: SandboxEvent): boolean =>
  answer !== null && answer.status >= 200 && answer.status < 300;

const refused = (detail: string): Found => ({
  judgement: { state: 'failed', problem: 'inbox_refused', detail },
  exchange: null,
});

const NOT_OFFERED: Found = {
  judgement: {
    state: 'skipped',
    problem: 'not_offered',
    detail: 'The configuration says that this channel can’t do it.',
  },
  exchange: null,
};
