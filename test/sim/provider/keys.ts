import { createHash } from 'node:crypto';

export interface Answer {
  status: number;
  body: unknown;
}

/** `first`: it was done now; `repeat`: before; `reused`: the key was used with another request. */
export type Outcome = { kind: 'first' | 'repeat'; answer: Answer } | { kind: 'reused' };

/** What was done under which `Idempotency-Key`, so that it is done once, however often and close together it comes. */
export class Keys {
  readonly #kept = new Map<string, { print: string; answer: Promise<Answer | null> }>();

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** A refusal is no answer to keep: the same key may come again. */
  async once(key: string, request: unknown, work: () => Promise<Answer>): Promise<Outcome> {
    const print = createHash('sha256').update(JSON.stringify(request)).digest('base64');
    for (let known = this.#kept.get(key); known !== undefined; known = this.#kept.get(key)) {
      if (known.print !== print) return { kind: 'reused' };
      const answer = await known.answer;
      if (answer !== null) return { kind: 'repeat', answer };
    }
    const answer = work();
    const kept = answer.then((one) => (one.status < 300 ? one : null));
    this.#kept.set(key, { print, answer: kept });
    if ((await kept) === null) this.#kept.delete(key);
    return { kind: 'first', answer: await answer };
  }
}
