import type { components } from '#lib/api/schema.js';

/** The inbox's objects as the API has them; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Channel = Schemas['InboxChannel'];
export type Chat = Schemas['InboxChat'];
export type Message = Schemas['InboxMessage'];
export type Participant = Chat['participants'][number];

/** What the live socket tells: a chat as it is now, and messages that were added or changed, null where they are too many. */
export interface Change {
  prev: number;
  rev: number;
  /** Null: something may have been missed. */
  chat: Chat | null;
  messages: Message[] | null;
}

export interface Place {
  sent_at: string;
  number: number;
}

/** Order within a chat: by the time it was sent, among equals by arrival. Negative: `a` stands before `b`. */
export const byPlace = (a: Place, b: Place): number =>
  Date.parse(a.sent_at) - Date.parse(b.sent_at) || a.number - b.number;

/** Newest chat first. */
export const byRecency = (a: Chat, b: Chat): number =>
  Date.parse(b.last_at) - Date.parse(a.last_at) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** What a chat is called: its title, else the names of its customers; null where nobody said any. */
export function chatName({ title, participants }: Pick<Chat, 'title' | 'participants'>): string | null {
  if (title !== null && title.trim() !== '') return title;
  const customers = participants.filter(({ role }) => role === 'customer');
  const names = (customers.length > 0 ? customers : participants).map(({ name, phone }) => name ?? phone);
  const said = names.filter((name) => name !== null && name !== '');
  return said.length === 0 ? null : said.join(', ');
}

/** Phone numbers of a chat's customers, each once, in the order they stand there. */
export const phonesOf = ({ participants }: Pick<Chat, 'participants'>): string[] => [
  ...new Set(participants.flatMap(({ phone, role }) => (phone === null || role === 'staff' ? [] : [phone]))),
];
