import { expect, it } from 'vitest';
import { Together } from './together';

/** A store that takes back what a failed transaction wrote, and counts its transactions. */
function setting() {
  const written: string[] = [];
  const soon: (() => void)[] = [];
  let commits = 0;
  const together = new Together(
    (work) => {
      commits += 1;
      const before = written.length;
      try {
        return work();
      } catch (error) {
        written.length = before;
        throw error;
      }
    },
    (run) => soon.push(run),
  );
  const write = (text: string) =>
    together.do(() => {
      written.push(text);
      if (text === 'bad') throw new Error('no');
      return `${text}!`;
    });
  /** Lets what came by now be done; answers how many transactions it took. */
  const turn = (): number => {
    const before = commits;
    for (const run of soon.splice(0)) run();
    return commits - before;
  };
  return { written, write, turn };
}

it('does what came meanwhile in one transaction, in its order, and answers each', async () => {
  const { written, write, turn } = setting();
  const answers = ['a', 'b', 'c'].map(write);
  expect(written).toEqual([]);
  expect(turn()).toBe(1);
  expect(written).toEqual(['a', 'b', 'c']);
  expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!']);
  const next = write('d');
  expect(turn()).toBe(1);
  expect(await next).toBe('d!');
});

it('does each by itself where one throws', async () => {
  const { written, write, turn } = setting();
  const answers = Promise.allSettled(['a', 'bad', 'c'].map(write));
  expect(turn()).toBe(4);
  expect(written).toEqual(['a', 'c']);
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const alone = Promise.allSettled([write('bad')]);
  expect(turn()).toBe(1);
  expect((await alone)[0]?.status).toBe('rejected');
});

it('takes no more at once than a transaction should', async () => {
  const { written, write, turn } = setting();
  const answers = Array.from({ length: 120 }, (_, n) => write(String(n)));
  expect([turn(), turn(), turn(), turn()]).toEqual([1, 1, 1, 0]);
  expect(written).toEqual(Array.from({ length: 120 }, (_, n) => String(n)));
  expect(await Promise.all(answers)).toHaveLength(120);
});
