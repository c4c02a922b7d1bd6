/** A provider's history: as many messages as asked for, made up when a page of them is read. */
export interface HistoryPlan {
  /** Messages in all. */
  total: number;
  /** Chats they lie in. */
  chats: number;
  channel: string;
}

export interface HistoryPage {
  items: Record<string, unknown>[];
  nextCursor: string | null;
}

const DAY_MS = 86_400_000;
/** A minute between two messages. */
const STEP_MS = 60_000;

export const historyChat = (n: number, chats: number): string => `old-chat-${n % chats}`;
export const historyText = (n: number): string => `Message ${n} of long ago`;

/** Message `n`, counted from 0, the oldest first. Every third was written by the tenant's people. */
export function historyMessage(
  plan: HistoryPlan,
  n: number,
  now: number,
): { id: string; text: string; chat: { id: string } & Record<string, unknown> } & Record<string, unknown> {
  const chat = n % plan.chats;
  const customer = `old-customer-${chat}`;
  const outgoing = n % 3 === 2;
  return {
    id: `old-${n}`,
    direction: outgoing ? 'outgoing' : 'incoming',
    ...(!outgoing && { senderId: customer }),
    text: historyText(n),
    sentAt: new Date(now - DAY_MS - (plan.total - n) * STEP_MS).toISOString(),
    chat: {
      id: historyChat(n, plan.chats),
      channelId: plan.channel,
      participants: [
        {
          id: customer,
          name: `Customer ${chat}`,
          phone: `+37529${String(2_000_000 + chat).padStart(7, '0')}`,
        },
      ],
    },
  };
}

/** The page at a cursor; null where no page of this history has it. */
export function historyPage(
  plan: HistoryPlan,
  cursor: string | undefined,
  limit: number,
  now: number,
): HistoryPage | null {
  const from = cursor === undefined ? 0 : Number(/^from-(\d{1,9})$/.exec(cursor)?.[1] ?? Number.NaN);
  if (Number.isNaN(from) || from > plan.total) return null;
  const to = Math.min(from + limit, plan.total);
  const items = Array.from({ length: to - from }, (_, at) => historyMessage(plan, from + at, now));
  return { items, nextCursor: to < plan.total ? `from-${to}` : null };
}
