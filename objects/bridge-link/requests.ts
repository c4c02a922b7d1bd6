/** Requests to the bridge: each ends by its deadline, and a command with an effect is executed at most once. */
import type { BridgeError } from '../../bridge/protocol/errors';
import { MAX_MESSAGE } from '../../bridge/protocol/limits';
import type { BridgeMessage, EdgeMessage } from '../../bridge/protocol/messages';
import {
  BRIDGE_VERBS,
  isBridgeVerb,
  type BridgeVerb,
  type VerbArgs,
  type VerbResult,
} from '../../bridge/protocol/verbs';
import type { Timers } from '../lib/timers';
import type { LinkAnswer, LinkRefusal, LinkRequest, LogLine } from './contract';
import { EffectStore, type EffectRow } from './effects';
import { masked } from './log';
import {
  broken,
  emptyBook,
  expired,
  nextDeadline,
  refusalOf,
  resent,
  withoutRequest,
  withRequest,
  type Book,
  type OpenRequest,
} from './machine';
import type { Asked, AskOptions, Finished } from './parts';
import type { MemoryStreams } from './streams';

/** Name of the timer that ends commands nobody waits for. */
export const DEADLINES = 'deadlines';
/** The bridge refuses what it did not begin this long before we give up: then we know that nothing was done. */
const MARGIN_MS = 250;
const SHORTEST_MS = 500;
const LONGEST_MS = 10 * 60_000;
/** How long an answered command is known to callers that ask again, and a late answer is known as one. */
const KEEP_ENDED_MS = 60 * 60_000;

type Answer = Extract<BridgeMessage, { t: 'res' }>;

interface RequestParts {
  storage: DurableObjectStorage;
  timers: Timers;
  streams: MemoryStreams;
  now(): number;
  online(): boolean;
  tell(message: EdgeMessage): boolean;
  /** Inside the transaction that stores the answer. */
  finished(command: Finished): void;
  log(level: LogLine['level'], part: string, text: string): void;
}

export class Requests {
  readonly #effects: EffectStore;
  #book: Book = emptyBook;
  readonly #waiting = new Map<string, ((answer: LinkAnswer) => void)[]>();
  /** Streams announced by the answer of a `slot.screen`. */
  readonly #screens = new Map<string, Promise<Uint8Array | null>>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly parts: RequestParts) {
    this.#effects = new EffectStore(parts.storage.sql);
    for (const row of this.#effects.open()) this.#book = withRequest(this.#book, openOf(row));
  }

  get size(): number {
    return this.#book.size;
  }

  async request(input: LinkRequest): Promise<LinkAnswer> {
    const { verb } = input;
    if (!isBridgeVerb(verb)) return refusal('UNKNOWN_VERB', `there is no verb ${verb.slice(0, 60)}`);
    const id = input.id ?? crypto.randomUUID();
    if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) return refusal('INVALID_ARGS', 'not the id of a request');
    const known = this.#known(id);
    if (known !== null) return known;
    const refused = this.#open(verb, input.args, { ...input, id, tag: null });
    return refused ?? this.#wait(id);
  }

  async ask<V extends BridgeVerb>(verb: V, args: VerbArgs<V>, options: AskOptions): Promise<Asked<V>> {
    const answer = await this.request({ verb, args, ...options });
    // It was read by the verb's own schema when it came.
    return answer.ok ? { ok: true, result: JSON.parse(answer.result) as VerbResult<V> } : answer;
  }

  begin<V extends BridgeVerb>(
    verb: V,
    args: VerbArgs<V>,
    options: AskOptions & { tag: string },
  ): LinkRefusal | null {
    return this.#open(verb, args, { ...options, id: options.id ?? crypto.randomUUID() });
  }

  async screen(
    args: VerbArgs<'slot.screen'>,
    options: AskOptions,
  ): Promise<{ ok: true; png: Uint8Array } | LinkRefusal> {
    const id = crypto.randomUUID();
    const timeoutMs = options.timeoutMs ?? BRIDGE_VERBS['slot.screen'].deadlineMs;
    const started = this.parts.now();
    const answer = await this.request({ ...options, verb: 'slot.screen', args, id, timeoutMs });
    const bytes = this.#screens.get(id);
    this.#screens.delete(id);
    if (!answer.ok) return answer;
    const left = Math.max(SHORTEST_MS, started + timeoutMs - this.parts.now());
    const png = await Promise.race([bytes, after(left)]);
    if (png !== null && png !== undefined) return { ok: true, png };
    const { stream } = BRIDGE_VERBS['slot.screen'].result.parse(JSON.parse(answer.result));
    this.parts.streams.stop(stream);
    return refusal(this.parts.online() ? 'DEADLINE' : 'OFFLINE', 'the picture did not arrive whole');
  }

  /** An answer of the bridge. One that nobody waits for any more is acknowledged, so that the bridge forgets it. */
  answered(message: Answer): void {
    const request = this.#book.get(message.id);
    if (request === undefined) return this.#late(message);
    const answer = this.#read(request, message);
    this.#end(request, answer);
    if (request.effect) this.parts.tell({ t: 'settled', ids: [message.id] });
  }

  /** The tunnel broke: what has no effect ends, the rest waits for the next one. */
  broken(): void {
    const { book, failed } = broken(this.#book);
    this.#book = book;
    for (const { id } of failed)
      this.#resolve(id, refusal('OFFLINE', 'the tunnel broke before the answer came'));
    this.#arm();
  }

  /** A new tunnel: commands that may not have arrived are sent again, under their own ids. */
  resumed(): void {
    for (const { id } of resent(this.#book, this.parts.now())) {
      const row = this.#effects.get(id);
      if (row !== null) this.#send(row);
    }
  }

  /** Ends everything open: the bridge is revoked. */
  abandon(why: LinkRefusal): void {
    for (const request of this.#book.values()) this.#end(request, why);
  }

  expire(): void {
    const { late } = expired(this.#book, this.parts.now());
    for (const request of late) {
      this.parts.tell({ t: 'cancel', id: request.id });
      const words = !this.parts.online()
        ? 'the tunnel broke and did not come back in time: nobody knows whether it was done'
        : 'the bridge did not answer in time';
      this.#end(request, refusal('DEADLINE', words));
    }
    this.#arm();
  }

  forgetOld(now: number): void {
    this.#effects.forget(now - KEEP_ENDED_MS);
  }

  /** The same id again: joins the open request, or answers what was answered. */
  #known(id: string): Promise<LinkAnswer> | null {
    if (this.#book.has(id)) return this.#wait(id);
    const answer = this.#effects.get(id)?.answer;
    return answer ? Promise.resolve(answer) : null;
  }

  #open(
    verb: BridgeVerb,
    given: unknown,
    options: AskOptions & { id: string; tag: string | null },
  ): LinkRefusal | null {
    const { effect, deadlineMs, args: schema } = BRIDGE_VERBS[verb];
    const parsed = schema.safeParse(given);
    if (!parsed.success) {
      const details: Record<string, string[]> = {};
      for (const issue of parsed.error.issues)
        (details[issue.path.map(String).join('.') || '_'] ??= []).push(issue.message);
      return { ok: false, code: 'INVALID_ARGS', message: `${verb} does not take these values`, details };
    }
    const args = JSON.stringify(parsed.data);
    if (args.length > MAX_MESSAGE / 2) return refusal('INVALID_ARGS', `${verb}: the values are too long`);
    const code = refusalOf(this.#book, this.parts.online());
    if (code === 'OFFLINE') return refusal(code, 'the bridge is not connected');
    if (code === 'OVERLOADED') return refusal(code, `${this.#book.size} requests are open at the bridge`);
    const now = this.parts.now();
    const lifeMs = Math.min(Math.max(options.timeoutMs ?? deadlineMs, SHORTEST_MS), LONGEST_MS);
    const row: EffectRow = {
      id: options.id,
      verb,
      args,
      by: options.by,
      tag: options.tag,
      askedAt: now,
      deadline: now + lifeMs,
      answer: null,
    };
    // Persist, then act: the runtime holds the message back until the row is on disk.
    if (effect) this.#effects.add(row);
    this.#book = withRequest(this.#book, openOf(row));
    this.#send(row);
    if (effect) this.parts.timers.setBy(DEADLINES, row.deadline);
    this.#arm();
    return null;
  }

  #send(row: EffectRow): void {
    const deadline = row.deadline - MARGIN_MS;
    this.parts.tell({ t: 'req', id: row.id, verb: row.verb, args: JSON.parse(row.args), deadline });
  }

  #wait(id: string): Promise<LinkAnswer> {
    return new Promise((resolve) => {
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]);
      this.#arm();
    });
  }

  #read(request: OpenRequest, message: Answer): LinkAnswer {
    if (!message.ok) return refusalBy(message.error);
    const verb = request.verb as BridgeVerb;
    const parsed = BRIDGE_VERBS[verb].result.safeParse(message.result);
    if (!parsed.success) return refusal('INTERNAL', `the bridge answered ${verb} in a form nobody knows`);
    if (verb === 'slot.screen') {
      const { stream, size } = BRIDGE_VERBS['slot.screen'].result.parse(parsed.data);
      // Its frames follow at once: they must find somebody waiting.
      this.#screens.set(request.id, this.parts.streams.expect(stream, size));
    }
    return { ok: true, result: JSON.stringify(parsed.data) };
  }

  #end(request: OpenRequest, answer: LinkAnswer): void {
    if (request.effect) this.#store(request.id, answer);
    this.#book = withoutRequest(this.#book, request.id);
    this.#resolve(request.id, answer);
    this.#arm();
  }

  #store(id: string, answer: LinkAnswer): void {
    this.parts.storage.transactionSync(() => {
      const row = this.#effects.get(id);
      if (row === null || !this.#effects.end(id, answer, this.parts.now())) return;
      const how = answer.ok ? 'done' : `${answer.code}: ${masked(answer.message)}`;
      this.parts.log(answer.ok ? 'info' : 'warn', 'audit', `${row.verb} for ${row.by}: ${how}`);
      if (row.tag === null) return;
      const result = answer.ok ? { ok: true as const, result: JSON.parse(answer.result) as unknown } : answer;
      this.parts.finished({ id, verb: row.verb, tag: row.tag, answer: result });
    });
  }

  #late(message: Answer): void {
    const row = this.#effects.get(message.id);
    // Ended for us by its deadline: whoever asked was told so, the page shows what came of it.
    if (row?.answer?.ok === false && row.answer.code === 'DEADLINE') {
      const how = message.ok ? 'it was done' : `${message.error.code}: ${masked(message.error.message)}`;
      this.parts.log('warn', 'audit', `${row.verb} for ${row.by} was answered after its deadline: ${how}`);
      this.#effects.replace(
        message.id,
        message.ok ? { ok: true, result: JSON.stringify(message.result) } : refusalBy(message.error),
      );
    }
    this.parts.tell({ t: 'settled', ids: [message.id] });
  }

  #resolve(id: string, answer: LinkAnswer): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const resolve of waiting) resolve(answer);
  }

  /** For the earliest deadline. It also keeps the object awake while somebody waits. */
  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const at = nextDeadline(this.#book);
    if (at === null) return;
    if (this.#waiting.size > 0)
      this.#timer = setTimeout(() => this.expire(), Math.max(0, at - this.parts.now()));
    const effects = nextDeadline(new Map([...this.#book].filter(([, { effect }]) => effect)));
    if (effects !== null) this.parts.timers.setBy(DEADLINES, effects);
  }
}

const openOf = ({ id, verb, deadline }: EffectRow): OpenRequest => ({
  id,
  verb,
  effect: BRIDGE_VERBS[verb].effect,
  deadline,
});

const refusal = (code: LinkRefusal['code'], message: string): LinkRefusal => ({ ok: false, code, message });

/** The bridge's own words; what it adds is told as texts. */
function refusalBy({ code, message, details }: BridgeError): LinkRefusal {
  if (details === undefined) return { ok: false, code, message };
  const texts = Object.entries(details).map(([field, value]) => [
    field,
    (Array.isArray(value) ? value : [value]).map((one) =>
      typeof one === 'string' ? one : JSON.stringify(one),
    ),
  ]);
  return { ok: false, code, message, details: Object.fromEntries(texts) as Record<string, string[]> };
}

const after = (ms: number): Promise<null> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(null), ms);
  });
