/** Rules of the inbox as pure functions. */

/** What is said of a message. */
export const MESSAGE_STATUSES = ['queued', 'sent', 'failed', 'delivered', 'read'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/**
 * How far a message has come, lowest first. `unsent`: given up before the provider took it, which may happen all the
 * same. `failed` stands above `sent`, because a provider may take a message and lose it, and below `delivered`, because
 * who has it has it, whatever was said before.
 */
const PROGRESS = ['queued', 'unsent', 'sent', 'failed', 'delivered', 'read'] as const;
export type Progress = (typeof PROGRESS)[number];

export const statusOf = (progress: Progress): MessageStatus => (progress === 'unsent' ? 'failed' : progress);

export const hasFailed = (progress: Progress): boolean => statusOf(progress) === 'failed';

/** The customer has it, whatever becomes of other attempts. */
export const hasArrived = (progress: Progress): boolean => progress === 'delivered' || progress === 'read';

export const MESSAGE_DIRECTIONS = ['incoming', 'outgoing'] as const;
export type MessageDirection = (typeof MESSAGE_DIRECTIONS)[number];

export const PARTICIPANT_ROLES = ['customer', 'staff'] as const;
export type ParticipantRole = (typeof PARTICIPANT_ROLES)[number];

const rank = (progress: Progress): number => PROGRESS.indexOf(progress);

/** The further of both: whatever is heard in whatever order and however often, the outcome is the same. */
export const join = (one: Progress, other: Progress): Progress => (rank(one) >= rank(other) ? one : other);

/** A sender's clock may be ahead of ours: nothing stands in the future, where it would stay the newest for ever. */
export const sentAtOf = (said: number | undefined, now: number): number => Math.min(said ?? now, now);

/** Text as a search reads it: nobody looks for ё by its dots, nor for a letter by how it was put together. */
export const findable = (text: string): string =>
  text.normalize('NFC').replaceAll('ё', 'е').replaceAll('Ё', 'Е');

const LETTERS = /[\p{L}\p{N}\p{M}]+/gu;
/** Digits, Latin, Greek and Cyrillic: letters of which it is sure that the index cuts and folds them as we do. */
const SURE =
  /^[\u0300-\u0304\u0306-\u030c\p{Nd}a-z\u00e0-\u019a\u019c-\u01df\u01e2-\u024f\u1e00-\u1eff\u0370-\u037d\u0386-\u03f2\u03f4-\u0481\u048a-\u0527]+$/u;
const ACCENTED = /[\u0300-\u030c\u00e0-\u024f\u1e00-\u1eff]/;

/**
 * The words of a text as the index has them: in small letters, Latin ones without their accents, all without stress
 * marks. Words with other letters are left out.
 */
export function wordsIn(text: string): string[] {
  const words = findable(text).toLowerCase().match(LETTERS) ?? [];
  return words
    .filter((word) => SURE.test(word))
    .map((word) => (ACCENTED.test(word) ? withoutAccents(word) : word));
}

const withoutAccents = (word: string): string =>
  word
    .normalize('NFD')
    .replaceAll(/([a-z])[\u0300-\u036f]+/g, '$1')
    .normalize('NFC')
    .replaceAll(/[\u0300-\u036f]/g, '');

/** Where a message stands in its chat: by the time it was sent, among equals by its arrival. */
export interface Place {
  at: number;
  seq: number;
}

/** Whether one stands behind the other. */
export const isAfter = (one: Place, other: Place): boolean =>
  one.at === other.at ? one.seq > other.seq : one.at > other.at;

/** A place as text for a client to come back with. */
export const placeText = ({ at, seq }: Place): string => `${at}_${seq}`;

/** Null for what is no place. Times may lie before 1970. */
export function placeOf(text: string): Place | null {
  const [, at, seq] = /^(-?\d{1,15})_(\d{1,15})$/.exec(text) ?? [];
  return at === undefined || seq === undefined ? null : { at: Number(at), seq: Number(seq) };
}
