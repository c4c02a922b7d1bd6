/** Requests of the bridge to the edge. */
import { Refusal } from '../part.ts';
import type { BridgeError } from '../protocol/errors.ts';
import { MAX_IN_FLIGHT } from '../protocol/limits.ts';
import type { BridgeMessage } from '../protocol/messages.ts';
import { EDGE_VERBS, type EdgeArgs, type EdgeResult, type EdgeVerb } from '../protocol/verbs.ts';

type Answer = { ok: true; result: unknown } | { ok: false; error: BridgeError };

export class Asker {
  readonly #send: (message: BridgeMessage) => boolean;
  readonly #now: () => number;
  readonly #open = new Map<string, (answer: Answer) => void>();
  #count = 0;

  constructor(send: (message: BridgeMessage) => boolean, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** @throws Refusal: OFFLINE, OVERLOADED, DEADLINE, CANCELLED, or the edge's own */
  async ask<V extends EdgeVerb>(verb: V, args: EdgeArgs<V>, signal?: AbortSignal): Promise<EdgeResult<V>> {
    const shape = EDGE_VERBS[verb];
    if (signal?.aborted === true) throw new Refusal('CANCELLED', 'given up before it was asked');
    if (this.#open.size >= MAX_IN_FLIGHT)
      throw new Refusal('OVERLOADED', 'too many requests to the edge are open');
    this.#count += 1;
    const id = `b-${this.#count}`;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#open.set(id, resolve);
    const timer = setTimeout(
      () => resolve(failed('DEADLINE', `the edge did not answer within ${shape.deadlineMs / 1_000} s`)),
      shape.deadlineMs,
    );
    const cancel = (): void => {
      this.#send({ t: 'cancel', id });
      resolve(failed('CANCELLED', 'given up'));
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      if (!this.#send({ t: 'req', id, verb, args, deadline: this.#now() + shape.deadlineMs })) {
        throw new Refusal('OFFLINE', 'the tunnel is down');
      }
      const answer = await promise;
      if (!answer.ok) throw new Refusal(answer.error.code, answer.error.message, answer.error.details);
      const result = shape.result.safeParse(answer.result);
      if (!result.success) throw new Refusal('INTERNAL', `the edge answered ${verb} with something else`);
      return result.data as EdgeResult<V>;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.#open.delete(id);
    }
  }

  answered(id: string, answer: Answer): void {
    this.#open.get(id)?.(answer);
  }

  broken(): void {
    for (const resolve of this.#open.values()) resolve(failed('OFFLINE', 'the tunnel broke'));
  }
}

const failed = (code: BridgeError['code'], message: string): Answer => ({
  ok: false,
  error: { code, message },
});
