import { Refusal, type Handlers } from '../../../bridge/part.ts';
import type { BridgeError } from '../../../bridge/protocol/errors.ts';
import type { BridgeMessage, EdgeMessage } from '../../../bridge/protocol/messages.ts';
import { BRIDGE_VERBS, isBridgeVerb } from '../../../bridge/protocol/verbs.ts';

export type RequestMessage = Extract<EdgeMessage, { t: 'req' }>;
type Answer = Extract<BridgeMessage, { t: 'res' }>;

/**
 * Answers the edge's requests: arguments and results are held to the verb's schemas, a command with an effect that is
 * sent again gets the answer of its first time.
 */
export class AnswerBook {
  readonly #handlers: Handlers;
  readonly #now: () => number;
  readonly #send: (message: Answer) => void;
  readonly #done = new Map<string, Promise<Answer>>();
  readonly #open = new Map<string, AbortController>();

  constructor(handlers: Handlers, now: () => number, send: (message: Answer) => void) {
    this.#handlers = handlers;
    this.#now = now;
    this.#send = send;
  }

  /** Resolves when the answer was sent, with the refusal if it is one. */
  async answer(message: RequestMessage): Promise<BridgeError | null> {
    const effect = isBridgeVerb(message.verb) && BRIDGE_VERBS[message.verb].effect;
    const answer = (effect ? this.#done.get(message.id) : undefined) ?? this.#run(message);
    if (effect) this.#done.set(message.id, answer);
    const said = await answer;
    this.#send(said);
    return said.ok ? null : said.error;
  }

  cancel(id: string): void {
    this.#open.get(id)?.abort();
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.#done.delete(id);
  }

  /** The tunnel is gone: what has no effect need not go on. */
  broken(): void {
    for (const [id, open] of this.#open) if (!this.#done.has(id)) open.abort();
  }

  async #run(message: RequestMessage): Promise<Answer> {
    const refuse = (error: BridgeError): Answer => ({ t: 'res', id: message.id, ok: false, error });
    const { verb } = message;
    const left = message.deadline - this.#now();
    if (left <= 0) return refuse({ code: 'DEADLINE', message: 'the deadline passed before it began' });
    if (!isBridgeVerb(verb)) return refuse({ code: 'UNKNOWN_VERB', message: `no verb ${verb}` });
    const args = BRIDGE_VERBS[verb].args.safeParse(message.args);
    if (!args.success) return refuse({ code: 'INVALID_ARGS', message: args.error.message.slice(0, 2_000) });
    // The schema of the very verb has just read the arguments; the type can't follow that.
    const handler = this.#handlers[verb] as
      | ((args: unknown, ask: Parameters<NonNullable<Handlers['pbx.status']>>[1]) => Promise<unknown>)
      | undefined;
    if (!handler) return refuse({ code: 'FORBIDDEN', message: `${verb} is not configured here` });
    const open = new AbortController();
    this.#open.set(message.id, open);
    const timer = setTimeout(() => open.abort(), left);
    try {
      const ask = {
        id: message.id,
        signal: open.signal,
        deadline: message.deadline,
        progress: () => undefined,
      };
      const result = BRIDGE_VERBS[verb].result.parse(await handler(args.data, ask));
      return { t: 'res', id: message.id, ok: true, result };
    } catch (cause) {
      if (cause instanceof Refusal)
        return refuse({
          code: cause.code,
          message: cause.message,
          ...(cause.details && { details: cause.details }),
        });
      return refuse({ code: 'INTERNAL', message: String(cause).slice(0, 2_000) });
    } finally {
      clearTimeout(timer);
      this.#open.delete(message.id);
    }
  }
}
