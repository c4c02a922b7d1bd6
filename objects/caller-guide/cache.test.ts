import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lookups } from './cache';

type Step = 'ask' | 'answer' | 'fail' | 'wait' | 'forget';

describe('lookups', () => {
  it('one at a time per key, kept for their life, failures never, whatever happens in which order', async () => {
    const steps = fc.array(fc.constantFrom<Step>('ask', 'ask', 'answer', 'fail', 'wait', 'forget'), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        let now = 0;
        let made = 0;
        /** The one that is being looked for by what counts now. */
        const open: { search: PromiseWithResolvers<number> | null } = { search: null };
        const lookups = new Lookups<number>(
          () => 10,
          () => now,
        );
        /** What may be told without looking: value and until when. */
        let kept: { value: number; until: number } | null = null;
        for (const step of story) {
          if (step === 'ask') {
            const before = made;
            const known = lookups.known('k');
            expect(known).toBe(kept !== null && kept.until > now ? kept.value : undefined);
            lookups
              .get('k', () => {
                made += 1;
                open.search = Promise.withResolvers<number>();
                return open.search.promise;
              })
              .catch(() => undefined);
            expect(made - before <= 1).toBe(true);
            if (known !== undefined) expect(made).toBe(before);
          } else if (step === 'wait') now += 6;
          else if (step === 'forget') {
            lookups.forget();
            kept = null;
            open.search = null;
          } else if (open.search !== null) {
            const { resolve, reject } = open.search;
            open.search = null;
            if (step === 'answer') {
              resolve(made);
              kept = { value: made, until: now + 10 };
            } else reject(new Error('failed'));
            // The answer has three turns to make.
            for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
          }
        }
      }),
    );
  });

  it('holds only so many', async () => {
    const lookups = new Lookups<string>(
      () => 1_000,
      () => 0,
      2,
    );
    for (const key of ['a', 'b', 'c']) await lookups.get(key, () => Promise.resolve(key));
    expect(['a', 'b', 'c'].map((key) => lookups.known(key))).toEqual([undefined, 'b', 'c']);
  });

  it('what was found by what counts no more is told and not kept', async () => {
    const lookups = new Lookups<string>(
      () => 1_000,
      () => 0,
    );
    const { promise, resolve } = Promise.withResolvers<string>();
    const asked = lookups.get('k', () => promise);
    lookups.forget();
    resolve('old');
    expect(await asked).toBe('old');
    expect(lookups.known('k')).toBeUndefined();
  });
});
