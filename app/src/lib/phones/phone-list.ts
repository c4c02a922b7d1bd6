import { deviceName } from '#lib/calls/labels.js';
import type { Person, Phone, PhoneState } from './model';

export type StateFilter = PhoneState | 'stuck' | 'all';

export interface PhoneFilter {
  /** Words, each of which must be somewhere in what names the phone. */
  search: string;
  state: StateFilter;
  /** User id, or an empty string for everybody. */
  user: string;
}

const searched = (phone: Phone): string =>
  [phone.name, phone.device_id, phone.app_version, phone.user.username, phone.user.display_name]
    .filter(Boolean)
    .join('\n')
    .toLocaleLowerCase();

export function matchesFilter(phone: Phone, { search, state, user }: PhoneFilter): boolean {
  if (user !== '' && phone.user.id !== user) return false;
  if (state === 'stuck' ? !phone.queue_stuck : state !== 'all' && phone.state !== state) return false;
  const text = searched(phone);
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const RANK: Record<PhoneState, number> = { polling: 1, recent: 2, asleep: 3, never: 4 };

/** Lower comes first: what needs somebody's hand, then what can ring, then what sleeps. */
export const urgency = (phone: Phone): number => (phone.queue_stuck ? 0 : RANK[phone.state]);

export const PHONE_ORDERS = ['urgency', 'seen', 'user', 'name'] as const;
export type PhoneOrder = (typeof PHONE_ORDERS)[number];

const seenAt = (phone: Phone): number => (phone.last_seen_at ? Date.parse(phone.last_seen_at) : 0);
const byName = (a: Phone, b: Phone): number => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);

const ORDERS: Record<PhoneOrder, (a: Phone, b: Phone) => number> = {
  urgency: (a, b) => urgency(a) - urgency(b) || seenAt(b) - seenAt(a) || byName(a, b),
  seen: (a, b) => seenAt(b) - seenAt(a) || byName(a, b),
  user: (a, b) => personName(a.user).localeCompare(personName(b.user)) || byName(a, b),
  name: byName,
};

export const inOrder = (phones: readonly Phone[], order: PhoneOrder): Phone[] =>
  [...phones].sort(ORDERS[order]);

export const personName = (person: Person): string => person.display_name || person.username;

/** What a phone is called on screen, never nothing. */
export const shownName = (phone: Phone): string => deviceName(phone) || phone.device_id;

/** Everybody who has one of these, each once, by name. */
export function peopleOf(people: Iterable<Person>): Person[] {
  const known = new Map<string, Person>();
  for (const person of people) known.set(person.id, person);
  return [...known.values()].sort((a, b) => personName(a).localeCompare(personName(b)));
}
