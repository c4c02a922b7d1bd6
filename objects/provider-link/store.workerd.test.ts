import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkStore } from './store';

const KEYS = ['a', 'b', 'c'];

type Step = { do: 'add' | 'deliver' | 'die' | 'replay' | 'drop' | 'discard'; key: string };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    do: fc.constantFrom<Step['do']>('add', 'add', 'deliver', 'deliver', 'die', 'replay', 'drop', 'discard'),
    key: fc.constantFrom(...KEYS),
  }),
  { maxLength: 60 },
);

describe('the queues of a link', () => {
  it('have one head each, the first that waits, whatever happens to what is in them', async () => {
    const stub = env.PROVIDER_LINK.getByName('9998:queues');
    await runInDurableObject(stub, (_, { storage }) => {
      const store = new LinkStore(storage.sql);
      let made = 0;
      fc.assert(
        fc.property(steps, (story) => {
          storage.sql.exec('DELETE FROM deliveries');
          const waiting = new Map<string, string[]>(KEYS.map((key) => [key, []]));
          const dead: { id: string; key: string }[] = [];
          for (const step of story) {
            const queue = waiting.get(step.key) ?? [];
            const [head] = queue;
            if (step.do === 'add') {
              const id = `d${(made += 1)}`;
              const kind = 'send_message';
              store.add({ id, lane: 'calls', kind, key: step.key, payload: {} }, 1);
              queue.push(id);
            } else if (step.do === 'replay') {
              store.replay(undefined, null, 1);
              for (const { id, key } of dead.splice(0)) waiting.get(key)?.push(id);
            } else if (step.do === 'discard') {
              store.discard(undefined, 1);
              dead.length = 0;
            } else if (step.do === 'drop') {
              store.drop(['send_message'], new Set());
              for (const key of KEYS) waiting.set(key, []);
            } else if (head !== undefined) {
              queue.shift();
              if (step.do === 'deliver') store.done(head, 1);
              else {
                store.die(head, 'x', 1);
                dead.push({ id: head, key: step.key });
                dead.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
              }
            }
            const heads = store.dueHeads('calls', 2, 100, false).map(({ id }) => id);
            const expected = [...waiting.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
            expect(heads.toSorted()).toEqual(expected.toSorted());
          }
        }),
        { numRuns: 60 },
      );
    });
  });

  it('show what is due of 50,000 that wait without reading them', async () => {
    const stub = env.PROVIDER_LINK.getByName('9998:many');
    const read = await runInDurableObject(stub, (_, { storage }) => {
      const store = new LinkStore(storage.sql);
      storage.sql.exec(
        `INSERT INTO deliveries (id, lane, kind, key, payload, created_at, next_at, head)
         SELECT 'n' || value, 'calls', 'send_message', 'chat' || (value % 50), '{}', 1, 1, value < 50
         FROM json_each(?)`,
        JSON.stringify(Array.from({ length: 50_000 }, (_, n) => n)),
      );
      const cursor = storage.sql.exec(
        `SELECT * FROM deliveries WHERE lane = 'calls' AND head = 1 AND next_at <= 2 ORDER BY next_at LIMIT 6`,
      );
      cursor.toArray();
      expect(store.dueHeads('calls', 2, 6, false)).toHaveLength(6);
      expect(store.isFull).toBe(true);
      return cursor.rowsRead;
    });
    expect(read).toBeLessThan(20);
  });

  it('tell as much news in one call as it carries, and one piece however large it is', async () => {
    const stub = env.PROVIDER_LINK.getByName('9998:news');
    await runInDurableObject(stub, (_, { storage }) => {
      const store = new LinkStore(storage.sql);
      const told = (): number[] => store.untold(20).map(({ seq }) => seq);
      for (let n = 0; n < 12; n += 1)
        store.addNews({
          id: `n${n}`,
          at: 1,
          kind: 'history',
          messages: [{ text: 'x'.repeat(1_500_000) }],
        });
      const first = told();
      expect(first).toHaveLength(2);
      store.told(first.at(-1) ?? 0);
      expect(told()).toHaveLength(2);
      storage.sql.exec('DELETE FROM news');
    });
  });
});
