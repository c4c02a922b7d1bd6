import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { ProviderDelivery, TakeResult } from '../provider-link/contract';
import { Outgoing, type Task } from './outgoing';

/** An outgoing table in memory, with links that answer as a test says. */
class Bench {
  readonly db = new DatabaseSync(':memory:');
  readonly taken: [provider: number, ids: string[]][] = [];
  readonly replayed: string[][] = [];
  readonly refused: string[] = [];
  later = 0;
  answer: (provider: number) => TakeResult | Promise<TakeResult> = () => ({ ok: true, added: 0 });
  replays = 0;
  readonly outgoing: Outgoing;

  constructor() {
    this.db.exec(
      'CREATE TABLE outgoing (seq INTEGER PRIMARY KEY AUTOINCREMENT, provider INTEGER, task TEXT, created_at INTEGER)',
    );
    const exec = (query: string, ...bindings: (string | number)[]) => {
      const rows = this.db.prepare(query).all(...bindings);
      return { toArray: () => rows };
    };
    this.outgoing = new Outgoing({
      sql: { exec } as unknown as SqlStorage,
      take: async (provider, deliveries) => {
        const answer = await this.answer(provider);
        this.taken.push([provider, deliveries.map(({ id }) => id)]);
        return answer;
      },
      replay: async (_, ids) => {
        this.replayed.push(ids);
        return Promise.resolve(this.replays);
      },
      refused: (_, deliveries) => this.refused.push(...deliveries.map(({ id }) => id)),
      transaction: (work) => work(),
      later: () => {
        this.later += 1;
      },
    });
  }

  add(provider: number, id: string, replay?: string[]): void {
    const delivery: ProviderDelivery = { id, kind: 'send_message', chatId: 'c', payload: {} };
    this.outgoing.add(provider, { delivery, ...(replay && { replay }) } satisfies Task, 1);
  }

  get left(): number {
    return this.db.prepare('SELECT 1 FROM outgoing').all().length;
  }
}

describe('what providers are to be told', () => {
  it('is handed over in order, each provider by itself, whatever becomes of the others', async () => {
    const bench = new Bench();
    bench.answer = (provider) => {
      if (provider === 2) throw new Error('unreachable');
      return provider === 3 ? { ok: false, code: 'full' } : { ok: true, added: 2 };
    };
    for (const provider of [1, 2, 3]) for (const n of [1, 2]) bench.add(provider, `m${provider}.${n}`);
    await bench.outgoing.drain();
    expect(bench.taken.filter(([provider]) => provider === 1)).toEqual([[1, ['m1.1', 'm1.2']]]);
    expect([bench.left, bench.later]).toEqual([4, 1]);
    bench.answer = () => ({ ok: true, added: 2 });
    await bench.outgoing.drain();
    expect([bench.left, bench.later]).toEqual([0, 1]);
  });

  it('takes along what comes while something is under way', async () => {
    const bench = new Bench();
    bench.answer = () => {
      if (bench.taken.length === 0) bench.add(1, 'late');
      return { ok: true, added: 1 };
    };
    bench.add(1, 'early');
    await Promise.all([bench.outgoing.drain(), bench.outgoing.drain()]);
    expect(bench.taken).toEqual([
      [1, ['early']],
      [1, ['late']],
    ]);
  });

  it('is refused where nobody will take it', async () => {
    const bench = new Bench();
    bench.answer = () => ({ ok: false, code: 'inactive' });
    bench.add(1, 'm1');
    await bench.outgoing.drain();
    expect([bench.refused, bench.left, bench.later]).toEqual([['m1'], 0, 0]);
  });

  it('tries a delivery anew under its old key where it was given up, and under a new one where it was not', async () => {
    const bench = new Bench();
    bench.replays = 1;
    bench.add(1, 'before');
    bench.add(1, 'm1.2', ['m1']);
    bench.add(1, 'after');
    await bench.outgoing.drain();
    expect(bench.replayed).toEqual([['m1']]);
    expect(bench.taken.map(([, ids]) => ids)).toEqual([['before'], ['after']]);
    bench.replays = 0;
    bench.add(1, 'm2.2', ['m2']);
    await bench.outgoing.drain();
    expect(bench.taken.at(-1)).toEqual([1, ['m2.2']]);
  });
});
