/**
 * Answers the edge's requests by the parts' handlers: arguments and results checked, ended by the deadline, and a command
 * with an effect at most once, whatever breaks in between.
 */
import { Refusal, type Ask, type Handlers, type Logger } from '../part.ts';
import type { BridgeErrorCode } from '../protocol/errors.ts';
import { MAX_IN_FLIGHT } from '../protocol/limits.ts';
import type { BridgeMessage, EdgeMessage } from '../protocol/messages.ts';
import { BRIDGE_VERBS, isBridgeVerb, type BridgeVerb } from '../protocol/verbs.ts';
import type { Commands, Outcome } from './commands.ts';

export type Request = Extract<EdgeMessage, { t: 'req' }>;

/** How long a command with an effect may take to end after it was told to; less when the whole bridge stops. */
const GRACE_MS = 5_000;
const LAST_GRACE_MS = 2_000;
/** Results told again after a break; the edge settles them by hundreds. */
const RETELL = 500;

interface DispatcherOptions {
  handlers: Handlers;
  commands: Commands;
  now: () => number;
  log: Logger;
  /** False: the tunnel is down, or the message is too large for it. */
  send: (message: BridgeMessage) => boolean;
}

interface Running {
  effect: boolean;
  stop: (why: Refusal, graceMs?: number) => void;
  over: Promise<void>;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #running = new Map<string, Running>();
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#running.size;
  }

  request(request: Request): void {
    const { id, verb } = request;
    // Asked again after a break while it still runs: it is answered when it ends.
    if (this.#running.has(id)) return;
    if (!isBridgeVerb(verb)) return this.#refuse(id, 'UNKNOWN_VERB', `this bridge does not know ${verb}`);
    const shape = BRIDGE_VERBS[verb];
    if (shape.effect && this.#answerAgain(id)) return;
    if (this.#stopping) return this.#refuse(id, 'OFFLINE', 'the bridge is stopping');
    if (this.#options.now() >= request.deadline) {
      return this.#refuse(id, 'DEADLINE', 'the deadline passed before it was begun');
    }
    if (this.#running.size >= MAX_IN_FLIGHT) {
      return this.#refuse(id, 'OVERLOADED', `${MAX_IN_FLIGHT} requests are open already`);
    }
    const args = shape.args.safeParse(request.args);
    if (!args.success) {
      const issues = args.error.issues.map(({ path, message }) => `${path.join('.') || 'args'}: ${message}`);
      return this.#refuse(id, 'INVALID_ARGS', issues.join('; '));
    }
    const handler = this.#options.handlers[verb];
    if (handler === undefined) {
      const section = verb.startsWith('pbx.') ? '[[pbx]]' : '[slots]';
      return this.#refuse(id, 'FORBIDDEN', `the bridge's configuration has no ${section} section`);
    }
    if (shape.effect && !this.#begin(id, verb)) return;
    this.#run(request, verb, handler as (args: unknown, ask: Ask) => Promise<unknown>, args.data);
  }

  cancel(id: string): void {
    this.#running.get(id)?.stop(new Refusal('CANCELLED', 'cancelled by the edge'));
  }

  settled(ids: readonly string[]): void {
    this.#options.commands.settle(ids);
  }

  /** The tunnel is up: results that the edge may have missed are told again. */
  connected(): void {
    for (const { id, outcome } of this.#options.commands.unsettled(RETELL)) this.#answer(id, outcome);
  }

  /** The tunnel broke: nobody waits any more for what has no effect; commands go on, their results are kept. */
  broken(): void {
    for (const running of this.#running.values()) {
      if (!running.effect) running.stop(new Refusal('OFFLINE', 'the tunnel broke'));
    }
  }

  /** Takes nothing new, lets what runs end for `graceMs`, then stops it. Resolves when nothing runs. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const all = (): Promise<unknown> => Promise.all([...this.#running.values()].map(({ over }) => over));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([all(), patience]);
    clearTimeout(timer);
    for (const running of this.#running.values()) {
      running.stop(new Refusal('OFFLINE', 'the bridge is stopping'), LAST_GRACE_MS);
    }
    await all();
  }

  /** True: the edge asked for a command that was begun before, and is told what is known of it. */
  #answerAgain(id: string): boolean {
    const known = this.#options.commands.look(id);
    if (known.state === 'unknown') return false;
    if (known.state === 'ended') this.#answer(id, known.outcome);
    else {
      const message = 'it was begun, and the bridge ended before the result was known';
      const outcome: Outcome = { ok: false, error: { code: 'OUTCOME_UNKNOWN', message } };
      this.#options.commands.end(id, outcome);
      this.#answer(id, outcome);
    }
    return true;
  }

  /** False: it could not be written down, and is therefore not done. */
  #begin(id: string, verb: BridgeVerb): boolean {
    try {
      this.#options.commands.begin(id, verb, this.#options.now());
      return true;
    } catch (error) {
      this.#options.log.error('a command could not be written to the journal, so it is not done', {
        verb,
        error,
      });
      this.#refuse(id, 'INTERNAL', "the bridge's journal can't be written");
      return false;
    }
  }

  #run(
    { id, deadline }: Request,
    verb: BridgeVerb,
    handler: (args: unknown, ask: Ask) => Promise<unknown>,
    args: unknown,
  ): void {
    const { now } = this.#options;
    const { effect } = BRIDGE_VERBS[verb];
    const controller = new AbortController();
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<Outcome>();
    let grace: NodeJS.Timeout | undefined;
    const stop = (why: Refusal, graceMs = GRACE_MS): void => {
      if (controller.signal.aborted) return;
      controller.abort(why);
      // What has no effect can be left alone at once; of a command one would like to know how it ended.
      if (!effect) return giveUp(failed(why.code, why.message));
      const lost = `${why.message}; how it ended is not known`;
      grace = setTimeout(() => giveUp(failed('OUTCOME_UNKNOWN', lost)), graceMs);
    };
    const timer = setTimeout(
      () => stop(new Refusal('DEADLINE', 'the deadline passed')),
      Math.min(deadline - now(), 2 ** 31 - 1),
    );
    const ask: Ask = {
      id,
      signal: controller.signal,
      deadline,
      progress: (data) => {
        if (this.#running.has(id)) this.#options.send({ t: 'progress', id, data });
      },
    };
    const work = this.#outcomeOf(verb, async () => handler(args, ask), controller.signal);
    const over = Promise.race([work, givenUp]).then((outcome) => {
      clearTimeout(timer);
      clearTimeout(grace);
      this.#running.delete(id);
      this.#ended(id, verb, outcome);
    });
    this.#running.set(id, { effect, stop, over });
  }

  /** Never rejects. */
  async #outcomeOf(verb: BridgeVerb, work: () => Promise<unknown>, signal: AbortSignal): Promise<Outcome> {
    try {
      const result = BRIDGE_VERBS[verb].result.safeParse(await work());
      if (result.success) return { ok: true, result: result.data };
      this.#options.log.error('a part gave a result that does not fit its verb', {
        verb,
        error: result.error,
      });
      return failed('INTERNAL', `${verb} was done, but its result could not be read`);
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      if (signal.aborted) {
        // A signal's own error, thrown by what the handler waited for: it may have begun already.
        const why: unknown = signal.reason;
        if (why instanceof Refusal && !BRIDGE_VERBS[verb].effect) return refused(why);
        return failed('OUTCOME_UNKNOWN', why instanceof Refusal ? why.message : 'it was interrupted');
      }
      this.#options.log.error('a verb failed by a fault of the bridge', {
        verb,
        error,
        stack: error instanceof Error ? error.stack : undefined,
      });
      return failed('INTERNAL', error instanceof Error ? error.message : String(error));
    }
  }

  #ended(id: string, verb: BridgeVerb, outcome: Outcome): void {
    if (BRIDGE_VERBS[verb].effect) {
      try {
        this.#options.commands.end(id, outcome);
      } catch (error) {
        this.#options.log.error('a result could not be written to the journal', { verb, error });
      }
    }
    this.#answer(id, outcome);
  }

  #refuse(id: string, code: BridgeErrorCode, message: string): void {
    this.#answer(id, failed(code, message));
  }

  #answer(id: string, outcome: Outcome): void {
    const { send, log } = this.#options;
    if (send({ t: 'res', id, ...outcome })) return;
    // Down, or too large; the refusal is small and says so, and when the tunnel is down it gets nowhere either.
    if (
      outcome.ok &&
      send({ t: 'res', id, ...failed('INTERNAL', 'the answer is too large for the tunnel') })
    ) {
      log.error('an answer was too large for the tunnel', { id });
    }
  }
}

const failed = (code: BridgeErrorCode, message: string): Extract<Outcome, { ok: false }> => ({
  ok: false,
  error: { code, message: message.slice(0, 2_000) },
});

function refused({ code, message, details }: Refusal): Outcome {
  const { ok, error } = failed(code, message);
  return { ok, error: { ...error, ...(details !== undefined && { details }) } };
}
