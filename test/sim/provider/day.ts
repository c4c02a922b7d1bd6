/** A day of traffic: many customers write at once, as a provider on a bad day hands it over. */
import type { Customers, Saying } from './customers.ts';

export interface DayPlan {
  chats: number;
  /** Messages of customers in all. */
  messages: number;
  /** Of 1: how many come twice, under another key. */
  duplicates?: number;
  /** Those of one chat come in any order, with the times they were written at. */
  reordered?: boolean;
  /** Of 1: how many are changed afterwards. */
  edits?: number;
  /** Requests at once. */
  lanes?: number;
  /** The same number plays the same day. */
  seed?: number;
  prefix?: string;
}

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const LINES = [
  'Hello! Is it still there?',
  'How much is the delivery?',
  'Добрый день! Ещё есть в наличии?',
  'Thank you 🙏',
  '<b>Not</b> bold & "not" a link: https://shop.example/?a=1&b=2',
  '  spaces,\n  lines\tand a tab — to the letter  ',
];

/** Messages of a day in the order customers wrote them, each with its chat. */
export function linesOf(
  plan: DayPlan,
  now: number,
): Required<Pick<Saying, 'id' | 'chat' | 'text' | 'sentAt'>>[] {
  const random = randomOf(plan.seed ?? 1);
  const prefix = plan.prefix ?? 'day';
  return Array.from({ length: plan.messages }, (_, n) => ({
    id: `${prefix}-m${n}`,
    chat: `${prefix}-chat-${Math.floor(random() * plan.chats)}`,
    text: `${LINES[n % LINES.length] ?? ''} (${n})`,
    sentAt: new Date(now - (plan.messages - n) * 1_000),
  }));
}

/**
 * Plays it; answers by chat the texts as they are in the end, in the order customers wrote them.
 * @throws Error where the platform took something twice, or refused it
 */
export async function playDay(
  customers: Customers,
  plan: DayPlan,
  now: number = Date.now(),
): Promise<Map<string, string[]>> {
  const random = randomOf((plan.seed ?? 1) + 1);
  const lines = linesOf(plan, now);
  const byChat = Map.groupBy(lines, ({ chat }) => chat);
  const queues = [...byChat.values()].map((queue) =>
    plan.reordered === true ? shuffled(queue, random) : queue,
  );
  const texts = new Map(lines.map(({ id, text }) => [id, text]));
  const lane = async (): Promise<void> => {
    for (let queue = queues.pop(); queue !== undefined; queue = queues.pop())
      for (const line of queue) {
        const first = await customers.say(line);
        // Whose answer got lost may have been taken.
        if (first.duplicate && first.tries === 1)
          throw new Error(`${line.id} is new and is called a duplicate`);
        if (random() < (plan.duplicates ?? 0)) {
          const again = await customers.say(line);
          if (!again.duplicate) throw new Error(`${line.id} came twice and was taken twice`);
        }
        if (random() >= (plan.edits ?? 0)) continue;
        const text = `${line.text}, changed`;
        await customers.edit(line.id, text);
        texts.set(line.id, text);
      }
  };
  await Promise.all(Array.from({ length: plan.lanes ?? 6 }, lane));
  return new Map([...byChat].map(([chat, all]) => [chat, all.map(({ id, text }) => texts.get(id) ?? text)]));
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
