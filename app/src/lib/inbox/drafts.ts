/** What somebody wrote and has not sent yet, kept in this browser for each user and chat. */

export interface Draft {
  text: string;
  /** Replies that were to be sent and of which nobody knows whether they were: their keys make a repeat safe. */
  unsent: { key: string; text: string }[];
}

const NOTHING: Draft = { text: '', unsent: [] };

/** The part of `localStorage` that is used. */
export type DraftStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const nameOf = (user: string, chat: string): string => `trunkline.draft.${user}.${chat}`;

export function readDraft(store: DraftStore, user: string, chat: string): Draft {
  const kept = store.getItem(nameOf(user, chat));
  if (kept === null) return NOTHING;
  try {
    const value: unknown = JSON.parse(kept);
    if (typeof value !== 'object' || value === null) return NOTHING;
    const { text, unsent } = value as Record<string, unknown>;
    return {
      text: typeof text === 'string' ? text : '',
      unsent: Array.isArray(unsent) ? unsent.flatMap(unsentOf) : [],
    };
  } catch {
    return NOTHING;
  }
}

/** Keeps a part of it, the other as it is; nothing at all is not kept. A full store keeps what it has. */
export function keepDraft(store: DraftStore, user: string, chat: string, part: Partial<Draft>): void {
  const draft = { ...readDraft(store, user, chat), ...part };
  try {
    if (draft.text === '' && draft.unsent.length === 0) store.removeItem(nameOf(user, chat));
    else store.setItem(nameOf(user, chat), JSON.stringify(draft));
  } catch {
    // What is on screen is still there, only a reload would lose it.
  }
}

function unsentOf(value: unknown): Draft['unsent'] {
  if (typeof value !== 'object' || value === null) return [];
  const { key, text } = value as Record<string, unknown>;
  return typeof key === 'string' && typeof text === 'string' ? [{ key, text }] : [];
}
